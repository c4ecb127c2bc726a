"""Orthogonal regularisation: the filters of a layer shall not resemble each other."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.conv import _ConvNd
from torch.nn.utils import parametrize


def gram_penalty(module: nn.Module) -> Tensor:
    """|W W^T * (1 - I)|^2 (Frobenius), summed over the weights W (filters, rest) of all layers.

    A scalar: 0 where the filters of each layer are orthogonal, whatever their lengths. Embeddings
    are no filters. Under a constraint such as spectral normalisation, W is the parameter that it
    starts from. Brock et al. 2019, arXiv 1809.11096, equation 3; the released code adds half the
    gradient of this.
    """
    layers = [part for part in module.modules() if isinstance(part, nn.Linear | _ConvNd)]
    with torch.autocast(next(module.parameters()).device.type, enabled=False):
        return torch.stack([resemblance(filters(layer)) for layer in layers]).sum()


def filters(layer: Any) -> Tensor:
    """The parameter behind a layer's weight as a matrix (filters, rest)."""
    constrained = parametrize.is_parametrized(layer, "weight")
    weight = layer.parametrizations.weight.original if constrained else layer.weight
    return weight.movedim(int(getattr(layer, "transposed", False)), 0).flatten(1)


def resemblance(w: Tensor) -> Tensor:
    """The squares of all inner products of two different rows, summed."""
    # W W^T and W^T W have one norm; the smaller spares a first layer gigabytes.
    gram = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
    return gram.square().sum() - w.square().sum(1).square().sum()
