"""What a prior offers a game."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn


class Prior(nn.Module, ABC):
    """Independent noise of mean 0 and variance 1, whatever the shape of its distribution.

    A subclass says how to draw, and the mean and deviation of what it draws in closed form.
    Draws come from torch's global generator of the device.
    """

    def __init__(self, dim: int, mean: float, deviation: float):
        super().__init__()
        self.dim = dim
        self.mean = mean
        self.deviation = deviation

    def forward(self, n: int, device: torch.device | str) -> Tensor:
        """`n` standardised codes z, float32 of shape (n, dim)."""
        return (self.draw(n, device) - self.mean) / self.deviation

    @abstractmethod
    def draw(self, n: int, device: torch.device | str) -> Tensor:
        """`n` codes before standardisation, float32 of shape (n, dim)."""
