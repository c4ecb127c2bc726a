"""Constraints on the weights of any network, computed anew from the parameters in each pass."""

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations, parametrize

from ganlab.errors import ConfigError

WEIGHTED = (
    *(nn.Linear, nn.Embedding, nn.Conv1d, nn.Conv2d, nn.Conv3d),
    *(nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d),
)
Layer = Any


def constrain(module: nn.Module, kind: str) -> nn.Module:
    """The same module, the weight of each of its layers `plain`, `spectral` or `equalised`.

    Layers that are equalised by themselves are so no further, but may be spectral on top of it.
    Raises ConfigError for another kind.
    """
    if kind not in KINDS:
        raise ConfigError(f"weights={kind}: they are {', '.join(KINDS)}")
    for layer in module.modules():
        if isinstance(layer, WEIGHTED) and (kind == "spectral" or not is_constrained(layer)):
            KINDS[kind](layer)
    return module


def is_constrained(layer: Layer) -> bool:
    return parametrize.is_parametrized(layer, "weight")


def plain(layer: Layer) -> Layer:
    """The layer as it is."""
    return layer


def spectral(layer: Layer) -> Layer:
    """Divide a layer's weight, seen as (outputs, rest), by its greatest singular value.

    That is estimated by one step of the power iteration in each pass while training, in full
    precision whatever the pass is in; the vectors are buffers. A layer that starts at zero, whose
    norm nothing can be divided by, stays plain.
    Miyato et al. 2018, Spectral Normalization for GANs, arXiv:1802.05957, algorithm 1.
    """
    done = is_constrained(layer) and isinstance(layer.parametrizations.weight[-1], Spectral)
    if done or layer.weight.is_meta or not layer.weight.any():  # meta: to be counted only
        return layer
    parametrizations.spectral_norm(layer)
    layer.parametrizations.weight[-1].__class__ = Spectral
    return layer


class Spectral(parametrizations._SpectralNorm):
    """torch's, out of reach of autocast, which would leave it three digits."""

    def forward(self, weight: Tensor) -> Tensor:
        with torch.autocast(weight.device.type, enabled=False):
            return super().forward(weight)


def equalised(layer: Layer, gain: float = math.sqrt(2), rate: float = 1.0) -> Layer:
    """Draw a layer's weight from N(0, 1 / rate^2); each pass scales it by `rate` He's constant.

    That constant is gain / sqrt(inputs of a unit). An optimizer that takes steps of one size then
    moves all layers alike, and those of a smaller `rate` (its bias too) that much less.
    Karras et al. 2018, Progressive Growing of GANs, arXiv:1710.10196, section 4.1.
    """
    nn.init.normal_(layer.weight, 0.0, 1 / rate)
    transposed = isinstance(layer, nn.ConvTranspose1d | nn.ConvTranspose2d | nn.ConvTranspose3d)
    inputs = layer.weight[0] if not transposed else layer.weight[:, 0]
    parametrize.register_parametrization(
        layer, "weight", Scaled(rate * gain / math.sqrt(inputs.numel())), unsafe=True
    )
    if getattr(layer, "bias", None) is not None:
        nn.init.zeros_(layer.bias)
        if rate != 1:
            parametrize.register_parametrization(layer, "bias", Scaled(rate), unsafe=True)
    return layer


class Scaled(nn.Module):
    """A parameter times a constant."""

    def __init__(self, scale: float) -> None:
        super().__init__()
        self.scale = scale

    def forward(self, parameter: Tensor) -> Tensor:
        return parameter * self.scale


KINDS = {"plain": plain, "spectral": spectral, "equalised": equalised}
