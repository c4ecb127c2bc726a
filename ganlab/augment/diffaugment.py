"""Differentiable augmentation of all samples (Zhao et al. 2020, arXiv:2006.10738)."""

import torch
from torch import Tensor

from ganlab.augment.augment import Augment
from ganlab.draws import uniform

TRANSLATION = 1 / 8
CUTOUT = 1 / 2
"""Shares of a picture's sides (appendix B)."""


class DiffAugment(Augment):
    """Changes every picture by the kinds that `policy` names, in that order.

    Pictures lie in [-1, 1]; what is moved in or cut out is 0.
    """

    def __init__(self, policy: list[str]) -> None:
        super().__init__()
        self.policy = policy

    def change(self, x: Tensor) -> Tensor:
        for kind in self.policy:
            x = KINDS[kind](x)
        return x


def colour(x: Tensor) -> Tensor:
    """Brightness moved by up to .5, then saturation times 0 to 2, then contrast times .5 to 1.5."""
    brightness, saturation, contrast = uniform(x, 3).view(-1, 3, 1, 1, 1).unbind(1)
    x = x + (brightness - 0.5)
    x = torch.lerp(x.mean(1, keepdim=True), x, 2 * saturation)
    return torch.lerp(x.mean((1, 2, 3), keepdim=True), x, contrast + 0.5)


def translation(x: Tensor) -> Tensor:
    """Moved by whole pixels, up to an eighth of a side in each direction."""
    for axis, draw in zip((2, 3), uniform(x, 2).unbind(1), strict=True):
        side = x.shape[axis]
        most = round(TRANSLATION * side)
        shift = (draw * (2 * most + 1)).floor().long() - most
        source = along(axis, torch.arange(side, device=x.device) - shift[:, None])
        there = (source >= 0) & (source < side)
        x = x.gather(axis, source.clamp(0, side - 1).expand_as(x)) * there
    return x


def cutout(x: Tensor) -> Tensor:
    """Without a rectangle of half its sides, whose middle is anywhere in the picture."""
    cut = torch.ones((), dtype=torch.bool, device=x.device)
    for axis, draw in zip((2, 3), uniform(x, 2).unbind(1), strict=True):
        side = x.shape[axis]
        length = round(CUTOUT * side)
        first = (draw * (side + 1 - length % 2)).floor() - length // 2
        from_there = torch.arange(side, device=x.device) - first[:, None]
        cut = cut & along(axis, (from_there >= 0) & (from_there < length))
    return x.masked_fill(cut, 0.0)


def along(axis: int, rows: Tensor) -> Tensor:
    """(N, side) as (N, 1, side, 1) or (N, 1, 1, side)."""
    return rows[:, None, :, None] if axis == 2 else rows[:, None, None, :]


KINDS = {"colour": colour, "translation": translation, "cutout": cutout}
