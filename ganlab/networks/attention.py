"""Self-attention over the places of a picture (Zhang 2019, arXiv 1805.08318, section 3)."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Attention(nn.Module):
    """x plus `scale` times what each place reads from the others: (N, C, H, W) to the same.

    The scale is learnt from 0, where the layer is the identity (eq. 3). Queries and keys have C/8
    channels, values C/2; keys and values are max-pooled, which leaves a quarter of the places to
    read from, as released.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        narrow, half = max(width // 8, 1), max(width // 2, 1)
        self.query = nn.Conv2d(width, narrow, 1, bias=False)
        self.key = nn.Conv2d(width, narrow, 1, bias=False)
        self.value = nn.Conv2d(width, half, 1, bias=False)
        self.output = nn.Conv2d(half, width, 1, bias=False)
        self.scale = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        # Not torch's fused attention: it cannot be differentiated twice, as gradient penalties do.
        query = self.query(x).flatten(2)
        key, value = (
            F.max_pool2d(layer(x), 2, ceil_mode=True).flatten(2) for layer in (self.key, self.value)
        )
        weights = (query.mT @ key).softmax(2)
        read = (value @ weights.mT).unflatten(2, x.shape[2:])
        return x + self.scale * self.output(read)


def attending(sizes: Sequence[int], widths: Sequence[int], most: int) -> list[nn.Module]:
    """What follows each of a row of blocks, given the size and width of their feature maps.

    Attention follows the first of the largest feature maps that are at most `most` pixels wide.
    """
    size = max((size for size in sizes if size <= most), default=0)
    place = sizes.index(size) if size else -1
    return [Attention(w) if k == place else nn.Identity() for k, w in enumerate(widths)]
