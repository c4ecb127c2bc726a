"""Random numbers beside the rows of a batch, the same however many processes share it."""

import torch
from torch import Tensor

from ganlab.processes import mine, whole


def uniform(like: Tensor, *sides: int) -> Tensor:
    """Draws (N, *sides) from U[0, 1) beside the N rows of a tensor, of its device and type."""
    return mine(torch.rand(whole(len(like)), *sides, device=like.device, dtype=like.dtype))


def normal(like: Tensor, *sides: int) -> Tensor:
    """Draws (N, *sides) from N(0, 1) beside the N rows of a tensor, of its device and type."""
    return mine(torch.randn(whole(len(like)), *sides, device=like.device, dtype=like.dtype))
