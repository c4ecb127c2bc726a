"""Layers that several networks share."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from ganlab import processes
from ganlab.errors import ConfigError


def instance_norm(channels: int) -> nn.Module:
    return nn.InstanceNorm2d(channels, affine=True)


def layer_norm_2d(channels: int) -> nn.Module:
    """Layer normalisation of a picture: over channels, height and width of each sample."""
    return nn.GroupNorm(1, channels)


def no_norm(channels: int) -> nn.Module:
    return nn.Identity()


Norms = dict[str, Callable[[int], nn.Module]]

NORMS_1D: Norms = {"none": no_norm, "batch": nn.BatchNorm1d, "layer": nn.LayerNorm}
NORMS_2D: Norms = {
    "none": no_norm,
    "batch": nn.BatchNorm2d,
    "layer": layer_norm_2d,
    "instance": instance_norm,
}


def normalisation(norms: Norms, name: str) -> Callable[[int], nn.Module]:
    """The layer of that name, to be called with the number of channels. Raises ConfigError."""
    if name not in norms:
        raise ConfigError(
            f"norm={name}: this network knows {', '.join(norms)}; choose one of them with "
            "model.generator_norm and model.discriminator_norm"
        )
    return norms[name]


def dropped(share: float) -> list[nn.Module]:
    """Dropout of a share of the units; no layer at all where nothing is dropped."""
    return [Dropout(share)] if share else []


class Dropout(nn.Dropout):
    """Dropout, in several processes of this one's rows of what the whole batch draws."""

    def forward(self, x: Tensor) -> Tensor:
        if not (self.training and processes.together()):
            return super().forward(x)
        # Joined, and not made anew: the order in memory is the order of the draws.
        kept = super().forward(torch.cat([torch.ones_like(x)] * processes.count()))
        return x * processes.mine(kept)


class Head(nn.Linear):
    """The last linear layer; in float32, since differences of scores are what is learnt."""

    def forward(self, features: Tensor) -> Tensor:
        with torch.autocast(features.device.type, enabled=False):
            return super().forward(features.to(self.weight.dtype))


def picture(
    shape: tuple[int, ...], network: str, least: int, fewest: int = 2
) -> tuple[int, int, int]:
    """(channels, size at the coarsest level, number of doublings) of a square picture.

    The coarsest level is `least` to 2 least - 1 pixels wide: 32 = 4 * 2^3, 28 = 7 * 2^2.
    Raises ConfigError for shapes that `fewest` doublings or more cannot reach.
    """
    if len(shape) != 3:
        raise ConfigError(
            f"network={network} draws pictures, and the data have shape {shape}; use network=mlp"
        )
    channels, height, width = shape
    doublings = 0
    while height % 2 ** (doublings + 1) == 0 and height // 2 ** (doublings + 1) >= least:
        doublings += 1
    coarsest = height // 2**doublings
    if height != width or doublings < fewest or coarsest >= 2 * least:
        raise ConfigError(
            f"network={network} cannot draw {height}x{width} pictures: dataset.resolution must be "
            f"{least} to {2 * least - 1} times a power of two from {2**fewest} (16, 28, 32, ...)"
        )
    return channels, coarsest, doublings
