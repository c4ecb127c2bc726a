"""The changes of colour in ADA (Karras et al. 2020, arXiv:2006.06676, appendix B)."""

import functools
import math

import torch
from torch import Tensor

from ganlab.draws import normal, uniform

BRIGHTNESS = 0.2
CONTRAST = 0.5
SATURATION = 1.0
"""Standard deviations: of the shift of pictures in [-1, 1], and of logarithms to base 2."""


def recoloured(x: Tensor, p: Tensor) -> Tensor:
    """Pictures (N, C, H, W), each kind of change applied to a share `p` of them.

    In this order: brightness is shifted, contrast scaled, luma inverted every other time, hue
    turned by any angle, saturation scaled. The last two are of three channels only; grey pictures
    stay grey.
    """
    shift, gain, luma, chroma, angle = draws(x, p)
    grey = gain * luma
    if x.shape[1] != 3:
        return (grey * (x.flatten(1) + shift)).view(x.shape)
    greys, colours, turn = parts(x.device, x.dtype)
    turned = angle.cos()[..., None] * colours + angle.sin()[..., None] * turn
    mixed = grey[..., None] * greys + (gain * chroma)[..., None] * turned
    offset = (grey * shift)[..., None].expand(-1, 3, 1)
    return torch.baddbmm(offset, mixed, x.flatten(2)).view(x.shape)


def draws(x: Tensor, p: Tensor) -> tuple[Tensor, ...]:
    """Shift, gain, sign of the luma, gain of the chroma and angle of the hue, each (N, 1).

    What a change leaves alone has shift 0, gain and sign 1 and angle 0.
    """
    bell, even = normal(x, 3), uniform(x, 2)
    on = (uniform(x, 5) < p).split(1, 1)
    shift = BRIGHTNESS * bell[:, :1] * on[0]
    gain = torch.exp2(CONTRAST * bell[:, 1:2] * on[1])
    luma = 1 - 2 * (2 * even[:, :1]).floor() * on[2]
    angle = math.pi * (2 * even[:, 1:] - 1) * on[3]
    chroma = torch.exp2(SATURATION * bell[:, 2:] * on[4])
    return shift, gain, luma, chroma, angle


@functools.cache
def parts(device: torch.device, dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
    """What takes a colour to its grey, to what is left, and to this turned by a right angle.

    The greys are the axis (1, 1, 1) / sqrt 3 of the turn.
    """
    greys = torch.full((3, 3), 1 / 3, device=device, dtype=dtype)
    colours = torch.eye(3, device=device, dtype=dtype) - greys
    cyclic = torch.eye(3, device=device, dtype=dtype).roll(1, 0)
    return greys, colours, (cyclic - cyclic.T) / math.sqrt(3)
