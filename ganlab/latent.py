"""Paths between noise vectors."""

import torch
from torch import Tensor

FLAT = 1e-6
"""The sine of an angle below which two directions span no plane to turn in."""


def linear(start: Tensor, end: Tensor, shares: Tensor) -> Tensor:
    """Straight paths (P, S, D) from `start` to `end` (P, D), at `shares` (S,) of the way."""
    t = shares[:, None]
    return (1 - t) * start[:, None] + t * end[:, None]


def spherical(start: Tensor, end: Tensor, shares: Tensor) -> Tensor:
    """Paths (P, S, D) at constant speed along the circle through `start` and `end` (P, D).

    Between vectors of one norm it is kept, where a straight path would pass through noise that the
    prior hardly ever draws. Equal and opposite directions, which name no circle, are joined by a
    straight path. White 2016, Sampling Generative Networks, arXiv:1609.04468, section 2.1.
    """
    a, b = (torch.nn.functional.normalize(z.double()) for z in (start, end))
    # Unlike the arc cosine of their product, exact for small angles too.
    angle = 2 * torch.atan2((a - b).norm(dim=1), (a + b).norm(dim=1))[:, None, None]
    t = shares.double()[:, None]
    circle = ((1 - t) * angle).sin() * start[:, None] + (t * angle).sin() * end[:, None]
    turned = (circle / angle.sin()).to(start.dtype)
    return torch.where(angle.sin() > FLAT, turned, linear(start, end, shares))
