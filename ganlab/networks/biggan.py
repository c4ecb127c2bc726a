"""The networks of BigGAN (Brock 2019, arXiv 1809.11096, appendix B)."""

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from ganlab.errors import ConfigError
from ganlab.networks import sagan


def orthogonal(module: nn.Module) -> None:
    """Orthogonal weights, seen as (outputs, rest), and biases 0 (section 3)."""
    if isinstance(module, nn.Conv2d | nn.Linear):
        nn.init.orthogonal_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


class Generator(sagan.Generator):
    """z (N, latent) to pictures (N, C, H, W) in [-1, 1].

    The last `condition` dimensions of z are the embedding of a label. The others are split into one
    chunk more than there are blocks: the first chunk feeds the first layer, each of the others,
    joined with the embedding, the norms of one block. Where they do not divide, the first chunks
    are one longer. Raises ConfigError if they do not suffice.
    """

    name: ClassVar[str] = "biggan"
    initialise = staticmethod(orthogonal)

    def codes(self, z: Tensor) -> Sequence[Tensor]:
        noise, label = z[:, : self.noise], z[:, self.noise :]
        if self.noise <= self.doublings:
            raise ConfigError(
                f"model.latent={self.noise}: network={self.name} splits the noise into "
                f"{self.doublings + 1} chunks; use {self.doublings + 1} dimensions or more"
            )
        first, *chunks = noise.tensor_split(self.doublings + 1, dim=1)
        return [first, *(torch.cat([chunk, label], dim=1) for chunk in chunks)]


class Discriminator(sagan.Discriminator):
    """Pictures (N, C, H, W) to (N, outputs); `features` are summed over all places."""

    name: ClassVar[str] = "biggan"
    initialise = staticmethod(orthogonal)
