"""Moving pictures, differentiably as often as is asked for."""

import functools
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample, linear

LOBES = 3
BILINEAR, REFLECTION = 0, 2  # as torch's kernels number them


def warped(x: Tensor, places: Tensor) -> Tensor:
    """Pictures (N, C, H, W) whose points come from elsewhere in them, by matrices (N, 3, 3).

    These take (x, y, 1) to where it comes from, pictures reaching from -1 to 1. Beyond its edge a
    picture goes on as its mirror image. One that stays where it is stays as it is.
    """
    down, across = (finer(side, x.device, x.dtype) for side in x.shape[2:])
    fine = linear(linear(x, across).mT, down).mT
    grid = affine_grid(places[:, :2], list(x.shape), align_corners=False)
    still = (places == torch.eye(3, device=x.device, dtype=x.dtype)).flatten(1).all(1)
    return x.where(still[:, None, None, None], Sample.apply(fine, grid))


@functools.cache
def finer(side: int, device: torch.device, dtype: torch.dtype) -> Tensor:
    """(2 side + 1, side): from a row of pixels to all pixels and the edges between and beside them.

    Interpolating between these leaves more of what is fine than between pixels. The edges are those
    of Lanczos' filter of three lobes (Duchon 1979).
    """
    matrix = torch.zeros(2 * side + 1, side, dtype=torch.float64)
    matrix[1::2] = torch.eye(side)
    away = torch.arange(LOBES) + 0.5
    weights = torch.sinc(away) * torch.sinc(away / LOBES)
    for weight, step in zip(weights / (2 * weights.sum()), range(LOBES), strict=True):
        for edge in range(side + 1):
            matrix[2 * edge, mirrored(edge + step, side)] += weight
            matrix[2 * edge, mirrored(edge - 1 - step, side)] += weight
    return matrix.to(device, dtype)


def mirrored(index: int, side: int) -> int:
    """The pixel of a row that is mirrored at an index beyond its ends."""
    index %= 2 * side
    return min(index, 2 * side - 1 - index)


class Sample(torch.autograd.Function):
    """`grid_sample` at shares of the way between the outermost values of `x`, mirrored at these.

    Unlike torch's, its derivative by `x` is differentiable.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, grid: Tensor) -> Tensor:
        ctx.save_for_backward(grid)
        ctx.shape = x.shape
        return grid_sample(x, grid, padding_mode="reflection", align_corners=True)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return Spread.apply(gradient, *ctx.saved_tensors, ctx.shape), None


class Spread(torch.autograd.Function):
    """The transpose of `Sample`."""

    @staticmethod
    def forward(ctx: Any, samples: Tensor, grid: Tensor, shape: torch.Size) -> Tensor:
        ctx.save_for_backward(grid)
        blank = samples.new_empty(shape)  # only its shape counts for the derivative by the pictures
        wanted = [True, False]
        return torch.ops.aten.grid_sampler_2d_backward(
            samples, blank, grid, BILINEAR, REFLECTION, True, wanted
        )[0]

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        return Sample.apply(gradient, *ctx.saved_tensors), None, None
