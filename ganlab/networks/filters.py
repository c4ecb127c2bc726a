"""The filter [1, 3, 3, 1], by which pictures are blurred, halved and doubled without aliases."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Blur(nn.Module):
    """The filter [1, 3, 3, 1] / 8 in both directions, zeros beyond the border, times `gain`.

    A side of (N, C, H, W) loses three places and gains twice the `padding`.
    """

    kernel: Tensor

    def __init__(self, channels: int, padding: int, gain: float = 1.0) -> None:
        super().__init__()
        self.padding = padding
        kernel = gain * both_ways([1.0, 3.0, 3.0, 1.0], channels)
        self.register_buffer("kernel", kernel, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.kernel, padding=self.padding, groups=len(self.kernel))


class Halve(nn.Module):
    """(N, C, H, W) to (N, C, H/2, W/2), blurred.

    The filter has no stride of its own: its gradient in bfloat16 would take ten times as long.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.blur = Blur(channels, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.blur(x)[..., ::2, ::2]


class Double(nn.Module):
    """(N, C, H, W) to (N, C, 2H, 2W), linear between the places, zeros beyond the border.

    Repeated pixels under the filter [1, 2, 1] / 4: together [1, 3, 3, 1] / 4, without gaps to fill.
    It computes in the type of its input.
    """

    kernel: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("kernel", both_ways([1.0, 2.0, 1.0], channels), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        kernel, groups = self.kernel.to(x.dtype), len(self.kernel)
        with torch.autocast(x.device.type, enabled=False):
            return F.conv2d(F.interpolate(x, scale_factor=2.0), kernel, padding=1, groups=groups)


def both_ways(row: list[float], channels: int) -> Tensor:
    """A filter in both directions, its sum 1, for each of some channels."""
    one = torch.tensor(row) / sum(row)
    return torch.outer(one, one).repeat(channels, 1, 1, 1)
