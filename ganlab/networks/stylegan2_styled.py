"""What styles modulate in StyleGAN2's generator (Karras 2020, arXiv 1912.04958, section 2)."""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganlab.networks.filters import Blur, Double
from ganlab.networks.stylegan2_layers import GAIN, SLOPE, dense
from ganlab.processes import mine, whole


class Noise(nn.Module):
    """One learned strength of noise N(0, 1) at each place, the same in all channels.

    In evaluation the noise is always the same: a sample then depends on its w alone.
    """

    constant: Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        self.strength = nn.Parameter(torch.zeros(()))
        self.register_buffer("constant", torch.randn(1, 1, size, size))

    def forward(self, n: int) -> Tensor:
        """(n, 1, size, size), or (1, 1, size, size) for all in evaluation."""
        if not self.training:
            return self.strength * self.constant
        sides = self.constant.shape[1:]
        return self.strength * mine(torch.randn(whole(n), *sides, device=self.constant.device))


class Styled(nn.Module):
    """A 3x3 convolution whose inputs a style scales, and whose outputs have unit variance again.

    Scaling inputs and outputs (equations 1 and 3) in place of each sample's weights costs one
    convolution for the whole batch. Noise, bias and a leaky ReLU follow; their gain is taken into
    them, to spare a pass. With `up` the resolution doubles before the filter.
    """

    def __init__(self, inputs: int, outputs: int, size: int, style_width: int, up: bool) -> None:
        super().__init__()
        self.style = style(style_width, inputs)
        self.weight = nn.Parameter(torch.randn(outputs, inputs, 3, 3))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.noise = Noise(size)
        self.filter = Blur(outputs, padding=1, gain=4.0) if up else None

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        """(N, inputs, ...) and w (N, style_width) to (N, outputs, size, size)."""
        scale = self.style(w)
        x = self.convolved(x * scale.to(x.dtype)[:, :, None, None])
        factor = GAIN * demodulation(self.weight, scale)[:, :, None, None]
        bias = GAIN * self.bias[:, None, None]
        x = torch.addcmul(bias.to(x.dtype), x, factor.to(x.dtype))
        x = x + (GAIN * self.noise(len(x))).to(x.dtype)
        return F.leaky_relu(x, SLOPE)

    def convolved(self, x: Tensor) -> Tensor:
        if self.filter is None:
            return F.conv2d(x, self.weight, padding=1)
        return self.filter(F.conv_transpose2d(x, self.weight.transpose(0, 1), stride=2))


class Coloured(nn.Module):
    """(N, inputs, H, W) to pictures (N, channels, H, W), float32: 1x1, scaled by a style alone."""

    def __init__(self, inputs: int, channels: int, style_width: int) -> None:
        super().__init__()
        self.style = style(style_width, inputs)
        self.weight = nn.Parameter(torch.randn(channels, inputs))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.gain = 1 / math.sqrt(inputs)

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        weights = (self.weight * (self.gain * self.style(w))[:, None, :]).to(x.dtype)
        return contracted(weights, x) + self.bias[:, None, None]


class Level(nn.Module):
    """Doubles the resolution, by styles of two convolutions and of the picture that is added."""

    def __init__(
        self, inputs: int, outputs: int, size: int, channels: int, style_width: int
    ) -> None:
        super().__init__()
        self.coarse = Styled(inputs, outputs, size, style_width, up=True)
        self.fine = Styled(outputs, outputs, size, style_width, up=False)
        self.coloured = Coloured(outputs, channels, style_width)
        self.doubled = Double(channels)

    def forward(
        self, x: Tensor, picture: Tensor, styles: Sequence[Tensor]
    ) -> tuple[Tensor, Tensor]:
        x = self.fine(self.coarse(x, styles[0]), styles[1])
        return x, self.doubled(picture) + self.coloured(x, styles[2])


def contracted(weights: Tensor, x: Tensor) -> Tensor:
    """Each sample's own 1x1 convolution, weights (N, outputs, inputs), of x (N, inputs, H, W).

    As a product of matrices that leaves the gradient in the memory format of x.
    """
    if x.is_contiguous(memory_format=torch.channels_last):
        rows = x.permute(0, 2, 3, 1).flatten(1, 2)
        mixed = torch.bmm(rows, weights.transpose(1, 2)).transpose(1, 2)
    else:
        mixed = torch.bmm(weights, x.flatten(2))
    return mixed.unflatten(2, x.shape[2:])


def style(style_width: int, inputs: int) -> nn.Linear:
    """From w to one factor for each channel, around 1."""
    layer = dense(style_width, inputs)
    nn.init.ones_(layer.bias)
    return layer


def demodulation(weight: Tensor, scale: Tensor) -> Tensor:
    """Factors (N, outputs) that keep unit variance where inputs are scaled by (N, inputs).

    Equation 3, of weights (outputs, inputs, k, k); in full precision.
    """
    with torch.autocast(weight.device.type, enabled=False):
        return (scale.square() @ weight.square().sum((2, 3)).T + 1e-8).rsqrt()
