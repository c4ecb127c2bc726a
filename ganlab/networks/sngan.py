"""The generator of SNGAN (Miyato 2018, arXiv 1802.05957, table 4)."""

from typing import ClassVar

from ganlab.networks import resnet


class Generator(resnet.Generator):
    """The residual generator, twice as wide as the discriminator of the same `width`."""

    name: ClassVar[str] = "sngan"

    def __init__(self, latent: int, shape: tuple[int, int, int], width: int, norm: str) -> None:
        super().__init__(latent, shape, 2 * width, norm)
