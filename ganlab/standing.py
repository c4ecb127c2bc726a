"""Batch statistics that are measured anew before a generator is sampled from."""

import copy
from typing import Any

import torch

from ganlab.average import with_modules
from ganlab.engine import mix, seed_devices
from ganlab.processes import alone
from ganlab.rules import BATCH_NORM
from ganlab.sampling import CHUNK, forked


@torch.no_grad()
def standing(game: Any, batches: int) -> Any:
    """The same game; its generator normalises by the mean statistics of so many batches of samples.

    An averaged generator never computed with its own weights while it trained, so the moving
    statistics beside them are another's. Brock et al. 2019, arXiv:1809.11096, section 4.
    """
    if not batches or not any(isinstance(part, BATCH_NORM) for part in game.generator.modules()):
        return game
    generator = copy.deepcopy(game.generator)
    for norm in (part for part in generator.modules() if isinstance(part, BATCH_NORM)):
        norm.reset_running_stats()
        norm.momentum = None  # torch then takes the plain mean
        norm.train()
    settled = with_modules(game, {"generator": generator})
    with alone(), forked():
        seed_devices(mix("standing"))
        for _ in range(batches):
            settled.sample(CHUNK)
    generator.eval()
    return settled
