"""The discriminator of Projected GAN (Sauer et al. 2021, arXiv:2111.01007)."""

from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from ganlab.errors import ConfigError
from ganlab.networks.layers import NORMS_2D, Head, normalisation
from ganlab.networks.projections import Projection


class Discriminator(nn.Module):
    """Pictures (N, C, H, W) to (N, L): four small discriminators, each of one frozen map.

    All give logits of the same places (section 4.1): L is four times these. `weights` are a path
    to torchvision's efficientnet_b0, null for what the cache has, or else random features;
    pictures that are smaller are enlarged to `resolution`. Raises ConfigError for other data than
    pictures of one or three channels, and where more than one output is wanted.
    """

    local: ClassVar[bool] = True
    """It says real or fake of many places, and nothing else: it has no `head`."""

    def __init__(
        self,
        shape: tuple[int, ...],
        outputs: int,
        width: int,
        norm: str,
        resolution: int,
        weights: str | None,
    ) -> None:
        super().__init__()
        refuse(shape, outputs)
        self.projection = Projection(shape, width, resolution, weights)
        spare = max(0, (self.projection.side // 32).bit_length() - 3)  # halvings from 8 places on
        depths = (3 + spare, 2 + spare, 1 + spare, spare)
        self.scales = nn.ModuleList(
            Scale(channels, 4 * width, halvings, norm)
            for channels, halvings in zip(self.projection.widths, depths, strict=True)
        )

    def prepare(self) -> None:
        """Load the frozen features, before training. Raises ConfigError where they are missing."""
        self.projection.prepare()

    def features(self, x: Tensor) -> Tensor:
        """(N, F): what the four see before their last layers, means over all places."""
        return torch.cat([seen.mean(1) for seen in self.seen(x)], 1)

    def forward(self, x: Tensor) -> Tensor:
        each = zip(self.scales, self.seen(x), strict=True)
        return torch.cat([scale.head(seen).squeeze(2) for scale, seen in each], 1)

    def seen(self, x: Tensor) -> list[Tensor]:
        """What each of the four sees before its last layer: (N, places, channels)."""
        maps = zip(self.scales, self.projection(x), strict=True)
        return [scale.layers(each).flatten(2).mT for scale, each in maps]


class Scale(nn.Module):
    """A small discriminator of a map (N, inputs, H, W): some halvings, a layer more, and logits."""

    def __init__(self, inputs: int, most: int, halvings: int, norm: str) -> None:
        super().__init__()
        normalise = normalisation(NORMS_2D, norm)
        layers: list[Any] = []
        for kernel, stride in [*[(4, 2)] * halvings, (3, 1)]:
            wider = min(2 * inputs, most)
            bias = norm == "none"
            convolution = nn.Conv2d(inputs, wider, kernel, stride, 1, bias=bias)
            layers += [convolution, normalise(wider), nn.LeakyReLU(0.2)]
            inputs = wider
        self.layers = nn.Sequential(*layers)
        self.head = Head(inputs, 1)


def refuse(shape: tuple[int, ...], outputs: int) -> None:
    """Raise ConfigError for what these discriminators cannot judge, or tell."""
    if len(shape) != 3:
        raise ConfigError(
            f"network=projected judges pictures, and the data have shape {shape}; use network=mlp"
        )
    if shape[0] not in (1, 3):
        raise ConfigError(
            f"network=projected sees pictures of one or three channels, and here {shape[0]} "
            "are judged together; use network=dcgan"
        )
    if outputs != 1:
        raise ConfigError(
            f"network=projected tells real from fake, and this model asks its discriminator for "
            f"{outputs} numbers; use network=dcgan"
        )
