"""Which parts cannot play together, and which should not."""

import copy
import logging
import math
import os
from collections.abc import Collection, Iterator
from typing import Any

import torch
from torch import nn

from ganlab import processes
from ganlab.errors import ConfigError
from ganlab.games.game import Game
from ganlab.misfits import chosen

BATCH_NORM = nn.modules.batchnorm._BatchNorm
log = logging.getLogger("ganlab")


def refuse_unplayable(config: Any, spec: Any, game: Game, averaged: Game) -> None:
    """Raise ConfigError for sizes that do not fit what was built; warn of doubtful parts."""
    refuse_batch(config.batch_size, spec, game)
    refuse_shape(averaged, spec.shape)
    for warning in doubts(config, game):
        log.warning(f"warning: {warning}")


def refuse_size(game: Game, batch_size: int, device: str) -> None:
    """Raise ConfigError for a game that needs more memory than the device has.

    Each parameter is there five times in float32: itself, gradient, two moments, average. Of a
    batch, what the linear layers keep for their gradients is counted, the least that is needed.
    """
    weights = 5 * 4 * sum(parameter.numel() for parameter in game.parameters())
    layers = (module for module in game.modules() if isinstance(module, nn.Linear))
    batch = 2 * batch_size * sum(layer.in_features for layer in layers)  # bf16 takes two bytes
    there = memory(device)
    if weights + batch > there:
        sizes = (f"{p} {sum(t.numel() for t in game.movable(p)):,}" for p in game.players)
        raise ConfigError(
            f"network: {' and '.join(sizes)} parameters, with gradients, moments and average, and "
            f"a batch of {batch_size} take {(weights + batch) / 1e9:,.0f} GB or more, and {device} "
            f"has {there / 1e9:,.0f} GB; use a smaller "
            + ("network.width" if weights > batch else "batch_size")
        )


def memory(device: str) -> float:
    """The bytes of memory that a device has; without end where nothing tells."""
    if device.startswith("cuda"):
        return torch.cuda.mem_get_info(device)[1]
    if not hasattr(os, "sysconf"):
        return math.inf
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def refuse_batch(size: int, spec: Any, game: Game) -> None:
    """More samples than there are, or one sample where batches are normalised."""
    if spec.count is not None and size > spec.count:
        raise ConfigError(
            f"batch_size={size}: {spec.name} has {spec.count} samples; "
            f"use batch_size={spec.count} or less"
        )
    if size % processes.count():
        raise ConfigError(
            f"batch_size={size}: it is shared by {processes.count()} processes; use a multiple"
        )
    if size // processes.count() % game.multiple:
        raise ConfigError(
            f"batch_size={size}: samples are judged {game.multiple} at a time, in each process; "
            f"use a multiple of {game.multiple * processes.count()}"
        )
    if size == 1 and has_batch_norm(game):
        raise ConfigError(
            "batch_size=1: batch normalisation needs two samples or more; use batch_size=2, or "
            "model.generator_norm=none model.discriminator_norm=none"
        )


def refuse_unknown_measure(
    name: str, game: Game, batches: Iterator, metrics: Collection[str]
) -> None:
    """A measure to rank checkpoints by that no turn has; a copy of the game plays a round."""
    turns = copy.deepcopy(game).round(1, batches)
    found = {f"{t.player}/{m}" for t in turns for m in (*t.losses, *t.measures, "gradient_norm")}
    if name not in found:
        measures = "\n  ".join([*sorted(found), *metrics])
        raise ConfigError(f"best.by={name}: no such measure or metric; there are\n  {measures}")


@torch.no_grad()
def refuse_shape(averaged: Game, shape: tuple[int, ...]) -> None:
    """Samples of another shape than the data; two are drawn to see."""
    drawn = tuple(averaged.sample(2).shape[1:])
    if drawn != shape:
        raise ConfigError(
            f"network: the generator draws {drawn} and the data have {shape}; change "
            "dataset.resolution, dataset.channels or network"
        )


def doubts(config: Any, game: Game) -> list[str]:
    """What can be played but rarely should."""
    found, parts = [], chosen(config)
    penalty = parts["penalty"]
    if penalty.made.slopes and has_batch_norm(game.get_submodule("discriminator")):
        found.append(
            f"penalty={penalty.name} takes the gradient of each sample, and batch normalisation "
            "mixes samples; model.discriminator_norm=none keeps them apart"
        )
    if parts["augment"].name == "ada" and not getattr(parts["loss"].made, "decides", True):
        found.append(
            f"augment=ada follows the sign of real logits, which says nothing with loss="
            f"{parts['loss'].name}; use augment=diffaugment, or loss=non_saturating"
        )
    dropout = config.model.discriminator_dropout
    if dropout and "dropout" not in parts["discriminator"].parameters:
        found.append(
            f"model.discriminator_dropout={dropout}: this network's discriminator has none"
        )
    found += game.doubts(config.rounds)
    if penalty.name == "none" and parts["loss"].name == "wasserstein":
        found.append("loss=wasserstein needs a critic that is kept Lipschitz; use penalty=gradient")
    return found


def has_batch_norm(module: nn.Module) -> bool:
    return any(isinstance(part, BATCH_NORM) for part in module.modules())
