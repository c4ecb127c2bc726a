"""The networks of StyleGAN2 (Karras 2020, arXiv 1912.04958, figures 2 and 7)."""

from itertools import chain, pairwise
from typing import ClassVar

import torch
from torch import Tensor, nn

from ganlab.networks.deviation import Deviation
from ganlab.networks.layers import Head, picture
from ganlab.networks.stylegan2_layers import Convolution, Down, Leaky, dense, normalised
from ganlab.networks.stylegan2_styled import Coloured, Level, Styled
from ganlab.networks.weights import equalised
from ganlab.processes import Sum, count

MAPPING_RATE = 0.01
"""By which the mapping learns slower than the rest."""
W_DECAY = 0.995
"""What the moving mean of w keeps in each batch."""


def levels(shape: tuple[int, int, int], width: int, base: int) -> dict[int, int]:
    """Channels by the size of each level in pixels, the coarsest first: base / size up to width.

    Raises ConfigError for shapes that doubling cannot reach.
    """
    _, coarsest, doublings = picture(shape, "stylegan2", least=4, fewest=1)
    sizes = [coarsest * 2**level for level in range(doublings + 1)]
    return {size: max(1, min(width, base // size)) for size in sizes}


class Generator(nn.Module):
    """z (N, latent) to w (N, style_width); a w for each layer to pictures (N, C, H, W), unbounded.

    Every level adds its picture to that of the level below, doubled. The last `condition`
    dimensions of z are a label's embedding, brought to unit mean square by themselves (arXiv
    2006.06676). The moving mean `w_average` of w is a buffer.
    """

    pictures_only: ClassVar[bool] = True

    w_average: Tensor

    def __init__(
        self,
        latent: int,
        shape: tuple[int, int, int],
        width: int,
        base: int,
        style_width: int,
        mapping_depth: int,
        condition: int,
    ) -> None:
        super().__init__()
        (coarsest, widest), *finer = levels(shape, width, base).items()
        self.parts = [latent - condition, condition] if condition else [latent]
        depths = pairwise([latent, *[style_width] * mapping_depth])
        dense_layers = ((dense(*sides, MAPPING_RATE), Leaky()) for sides in depths)
        self.mapped = nn.Sequential(*chain.from_iterable(dense_layers))
        self.register_buffer("w_average", torch.zeros(style_width))
        self.constant = nn.Parameter(torch.randn(1, widest, coarsest, coarsest))
        self.styled = Styled(widest, widest, coarsest, style_width, up=False)
        self.coloured = Coloured(widest, shape[0], style_width)
        self.levels = nn.ModuleList()
        for size, outputs in finer:
            self.levels.append(Level(widest, outputs, size, shape[0], style_width))
            widest = outputs

    def forward(self, z: Tensor) -> Tensor:
        return self.synthesis(self.per_layer(self.mapping(z)))

    def mapping(self, z: Tensor) -> Tensor:
        """z (N, latent) to w (N, style_width), float32; in training their mean is followed."""
        w = self.mapped(torch.cat([normalised(part) for part in z.split(self.parts, 1)], 1))
        if self.training:
            self.follow(w)
        return w

    @torch.no_grad()
    def follow(self, w: Tensor) -> None:
        """Move the mean of w towards that of the whole batch."""
        self.w_average.lerp_(Sum.apply(w.mean(0)) / count(), 1 - W_DECAY)

    def truncated(self, w: Tensor, psi: float) -> Tensor:
        """w (N, style_width) at the share `psi` of its way from the mean: 0 is the mean, 1 is w.

        Karras et al. 2019, arXiv:1812.04948, appendix B.
        """
        return torch.lerp(self.w_average, w, psi)

    def per_layer(self, w: Tensor) -> Tensor:
        """The same w (N, style_width) for each layer: (N, layers, style_width).

        A level's picture and the first convolution of the next level share theirs.
        """
        return w.unsqueeze(1).expand(-1, 2 * len(self.levels) + 2, -1)

    def synthesis(self, w: Tensor) -> Tensor:
        """One w for each layer (N, layers, style_width) to pictures (N, C, H, W), float32."""
        styles = w.unbind(1)
        x = self.styled(self.constant.expand(len(w), -1, -1, -1), styles[0])
        picture = self.coloured(x, styles[1])
        for k, level in enumerate(self.levels):
            x, picture = level(x, picture, styles[2 * k + 1 : 2 * k + 4])
        return picture


class Discriminator(nn.Module):
    """Pictures (N, C, H, W) to (N, outputs); the coarsest level sees how much a batch differs."""

    def __init__(
        self,
        shape: tuple[int, int, int],
        outputs: int,
        width: int,
        base: int,
        group: int,
        residual: bool,
    ) -> None:
        super().__init__()
        (coarsest, widest), *finer = levels(shape, width, base).items()
        widths = [widest, *(channels for _, channels in finer)][::-1]
        self.features = nn.Sequential(
            Convolution(shape[0], widths[0], 1),
            *(Down(narrow, wide, residual) for narrow, wide in pairwise(widths)),
            Deviation(group),
            Convolution(widest + 1, widest, 3),
            nn.Flatten(),
            dense(widest * coarsest**2, widest),
            Leaky(),
        )
        self.head = equalised(Head(widest, outputs), gain=1.0)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x))
