"""Layers of both players of StyleGAN2 (Karras 2020, arXiv 1912.04958, appendix B)."""

import math

import torch.nn.functional as F
from torch import Tensor, nn

from ganlab.networks.filters import Blur, Halve
from ganlab.networks.layers import Head
from ganlab.networks.weights import equalised

GAIN = math.sqrt(2)
"""Keeps the second moment of what passes a leaky ReLU."""
SLOPE = 0.2


def dense(inputs: int, outputs: int, rate: float = 1.0) -> nn.Linear:
    """A fully connected layer of equalised rate, in float32: what follows is scaled by it."""
    return equalised(Head(inputs, outputs), gain=1.0, rate=rate)


def normalised(x: Tensor) -> Tensor:
    """Each row (N, D) at a mean square of 1."""
    return x * (x.square().mean(1, keepdim=True) + 1e-8).rsqrt()


class Leaky(nn.Module):
    """A leaky ReLU that keeps the second moment."""

    def forward(self, x: Tensor) -> Tensor:
        return GAIN * F.leaky_relu(x, SLOPE)


class Convolution(nn.Conv2d):
    """A convolution of equalised rate and a leaky ReLU, times `gain`."""

    bias: Tensor

    def __init__(
        self, inputs: int, outputs: int, size: int, stride: int = 1, gain: float = GAIN
    ) -> None:
        super().__init__(inputs, outputs, size, stride, padding=size // 2 if stride == 1 else 0)
        self.gain = gain
        equalised(self, gain)

    def forward(self, x: Tensor) -> Tensor:
        return F.leaky_relu(self._conv_forward(x, self.weight, self.gain * self.bias), SLOPE)


class Down(nn.Module):
    """Two convolutions, the second at half the resolution, and a shortcut where `residual`.

    A sum of two has twice the variance of either: each is scaled by the root of a half.
    """

    def __init__(self, inputs: int, outputs: int, residual: bool) -> None:
        super().__init__()
        share = math.sqrt(0.5) if residual else 1.0
        self.inner = Convolution(inputs, inputs, 3)
        self.filter = Blur(inputs, padding=2)
        self.outer = Convolution(inputs, outputs, 3, stride=2, gain=GAIN * share)
        self.shortcut = (
            nn.Sequential(
                Halve(inputs),
                equalised(nn.Conv2d(inputs, outputs, 1, bias=False), gain=share),
            )
            if residual
            else None
        )

    def forward(self, x: Tensor) -> Tensor:
        h = self.outer(self.filter(self.inner(x)))
        return h if self.shortcut is None else h + self.shortcut(x)
