"""How wide the residual networks of SAGAN and BigGAN are at each resolution."""

from ganlab.errors import ConfigError
from ganlab.networks.layers import picture

GENERATOR = {
    2: (4, 4, 4),
    3: (4, 4, 4, 4),
    4: (16, 16, 8, 4, 2),
    5: (16, 16, 8, 4, 2, 1),
    6: (16, 16, 8, 8, 4, 2, 1),
    7: (16, 16, 8, 8, 4, 2, 1, 1),
}
"""Multiples of the width, from the coarsest feature map on, by the number of doublings.

Brock 2019, arXiv 1809.11096, tables 4 to 9, for 128 to 512 pixels (5 to 7 doublings of 4); its
released code for 32 and 64 pixels; 16 and 28 pixels as 32.
"""

DISCRIMINATOR = {
    2: (4, 4, 4),
    3: (4, 4, 4, 4),
    4: (1, 2, 4, 8, 16),
    5: (1, 2, 4, 8, 16, 16),
    6: (1, 2, 4, 8, 8, 16, 16),
    7: (1, 1, 2, 4, 8, 8, 16, 16),
}
"""The same for the discriminator, from the finest feature map on."""

FLAT = 3
"""Up to so many doublings all maps are equally wide, and the discriminator halves once less."""


def pyramid(shape: tuple[int, int, int], network: str) -> tuple[int, int, int]:
    """(channels, size of the coarsest feature map, number of doublings) of a square picture.

    Raises ConfigError for shapes that these networks do not reach.
    """
    channels, coarsest, doublings = picture(shape, network, least=4)
    if doublings not in GENERATOR:
        raise ConfigError(
            f"dataset.resolution={shape[1]}: network={network} doubles {coarsest} pixels at most "
            f"{max(GENERATOR)} times; use {coarsest * 2 ** max(GENERATOR)} or less"
        )
    return channels, coarsest, doublings
