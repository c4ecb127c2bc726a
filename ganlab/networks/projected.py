"""The discriminator of Projected GAN (Sauer et al. 2021, arXiv:2111.01007)."""

import torch
from torch import Tensor, nn

from ganlab.errors import ConfigError
from ganlab.networks.layers import NORMS_2D, Head, normalisation
from ganlab.networks.projections import Projection


class Discriminator(nn.Module):
    """Four small discriminators, each of one frozen map of pictures (N, C, H, W).

    To (N, L): their logits of the same places each (section 4.1), L four times these. Where other
    than one output is wanted, to (N, outputs): means over places and discriminators. Pictures
    smaller than `resolution` are enlarged; `weights` are a path to torchvision's efficientnet_b0,
    or None for what the cache has, else for random features. Raises ConfigError for other data than
    pictures.
    """

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
        if len(shape) != 3:
            raise ConfigError(
                f"network=projected judges pictures, and the data have shape {shape}; "
                "use network=mlp"
            )
        self.projection = Projection(shape, width, resolution, weights)
        spare = max(0, (self.projection.side // 32).bit_length() - 3)  # halvings from 8 places on
        sizes = zip(self.projection.widths, range(3 + spare, spare - 1, -1), strict=True)
        scales = [Scale(inputs, width, times, norm) for inputs, times in sizes]
        self.scales = nn.ModuleList(scales)
        self.head = Heads([scale.channels for scale in scales], outputs)
        self.outputs = outputs

    def prepare(self) -> None:
        """Load the frozen features, before training. Raises ConfigError where they are missing."""
        self.projection.prepare()

    def features(self, x: Tensor) -> Tensor:
        """(N, F): the means over all places of what the four see before their last layers."""
        return torch.cat([seen.mean((2, 3)) for seen in self.seen(x)], 1)

    def forward(self, x: Tensor) -> Tensor:
        return (
            self.head.everywhere(self.seen(x)) if self.outputs == 1 else self.head(self.features(x))
        )

    def seen(self, x: Tensor) -> list[Tensor]:
        """What each of the four sees before its last layer: (N, channels, h, w)."""
        maps = self.projection(x)
        return [scale(each) for scale, each in zip(self.scales, maps, strict=True)]


class Scale(nn.Sequential):
    """A small discriminator of a map, but for its last layer: some halvings, and a layer more.

    Channels double with each layer up to four times the `width`.
    """

    def __init__(self, inputs: int, width: int, halvings: int, norm: str) -> None:
        normalise = normalisation(NORMS_2D, norm)
        layers: list[nn.Module] = []
        for kernel, stride in [*[(4, 2)] * halvings, (3, 1)]:
            wider = min(2 * inputs, 4 * width)
            layers += [
                nn.Conv2d(inputs, wider, kernel, stride, 1, bias=norm == "none"),
                normalise(wider),
                nn.LeakyReLU(0.2),
            ]
            inputs = wider
        super().__init__(*layers)
        self.channels = inputs


class Heads(nn.Module):
    """The last layers of several discriminators, each of its own features.

    Of all features (N, F), those of each side by side, they give the mean (N, outputs).
    """

    def __init__(self, widths: list[int], outputs: int) -> None:
        super().__init__()
        self.widths, self.in_features = widths, sum(widths)
        self.layers = nn.ModuleList(Head(width, outputs) for width in widths)

    def forward(self, features: Tensor) -> Tensor:
        parts = zip(self.layers, features.split(self.widths, 1), strict=True)
        return torch.stack([layer(part) for layer, part in parts]).mean(0)

    def everywhere(self, maps: list[Tensor]) -> Tensor:
        """(N, L): what each says of each place of its map (N, width, h, w)."""
        parts = zip(self.layers, maps, strict=True)
        return torch.cat([layer(part.flatten(2).mT).flatten(1) for layer, part in parts], 1)
