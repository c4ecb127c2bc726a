"""The moves of ADA (Karras et al. 2020, arXiv:2006.06676, appendix B)."""

import functools
import math

import torch
from torch import Tensor

from ganlab.draws import normal, uniform

PIXELS = 1 / 8
"""The share of a side by which pictures are moved, at most, by whole pixels."""
MOVE = 1 / 8
SCALE = 0.2
"""Standard deviations: of a move by any length, in sides, and of logarithms to base 2."""


def places(x: Tensor, p: Tensor) -> Tensor:
    """Where the points of moved pictures (N, C, H, W) come from: (N, 3, 3), by (x, y, 1).

    Picture and source reach from -1 to 1. Each kind of move befalls a share `p` of the pictures, in
    this order: mirrored, turned by right angles, moved by whole pixels, scaled, turned, stretched
    and turned (either turn or both), moved by any length. Each is as likely as what undoes it, so
    what is drawn is the way back.
    """
    height, width = x.shape[2:]
    bell, even = normal(x, 4), uniform(x, 6)
    on = (uniform(x, 8) < chances(p)).unbind(1)
    mirror, quarter, across, down, first, second = even.unbind(1)
    scale, stretch, *moves = bell.unbind(1)
    across, down = (
        (PIXELS * side * (2 * draw - 1)).round() * (2 / side) * on[2]
        for draw, side in ((across, width), (down, height))
    )
    scale, stretch = (torch.exp2(SCALE * scale * on[3]), torch.exp2(SCALE * stretch * on[5]))
    aspect = width / height
    steps = (
        scaled(1 - 2 * (2 * mirror).floor() * on[0], torch.ones_like(mirror)),
        turned((4 * quarter).floor() * (math.pi / 2) * on[1], aspect),
        shifted(across, down),
        scaled(scale, scale),
        turned(math.pi * (2 * first - 1) * on[4], aspect),
        scaled(stretch, 1 / stretch),
        turned(math.pi * (2 * second - 1) * on[6], aspect),
        shifted(*(2 * MOVE * move * on[7] for move in moves)),
    )
    return functools.reduce(torch.matmul, steps)


def chances(p: Tensor) -> Tensor:
    """How likely each of the eight kinds is; that of a turn, so that either has a chance of `p`."""
    turn = 1 - (1 - p.clamp(max=1)).sqrt()
    return torch.stack([p, p, p, p, turn, p, turn, p])


def shifted(x: Tensor, y: Tensor) -> Tensor:
    zero, one = torch.zeros_like(x), torch.ones_like(x)
    return matrices((one, zero, x), (zero, one, y))


def scaled(x: Tensor, y: Tensor) -> Tensor:
    zero = torch.zeros_like(x)
    return matrices((x, zero, zero), (zero, y, zero))


def turned(angle: Tensor, aspect: float) -> Tensor:
    """By an angle, in pictures that are `aspect` times as wide as high."""
    zero, cosine, sine = torch.zeros_like(angle), angle.cos(), angle.sin()
    return matrices((cosine, -sine / aspect, zero), (sine * aspect, cosine, zero))


def matrices(first: tuple[Tensor, ...], second: tuple[Tensor, ...]) -> Tensor:
    """(N, 3, 3) with these rows of entries (N,), and 0 0 1."""
    zero = torch.zeros_like(first[0])
    entries = torch.stack([*first, *second, zero, zero, torch.ones_like(zero)], 1)
    return entries.view(-1, 3, 3)
