"""What the keys of a configuration may be: a pattern of keys, and what holds for their values."""

import re
from typing import Any

from omegaconf import ListConfig

from ganlab.keys import VALUES
from ganlab.predicates import (
    NOT_NEGATIVE,
    POSITIVE,
    SHARE,
    TEXT,
    WORD,
    Predicate,
    is_number,
    number,
    one_of,
    optional,
    whole,
)


def is_betas(value: Any) -> bool:
    return (
        isinstance(value, ListConfig)
        and len(value) == 2
        and all(is_number(beta) and 0 <= beta < 1 for beta in value)
    )


TYPED = {"runtime.device", "runtime.resident", "dataset.source_split"}
"""Keys that take more than the texts listed for a shell."""

COUNTS = ("logs", "patience", "periods", "probes", "recent", "times")
LEVELS = (
    *("accuracy", "amplitude", "correlation", "factor", "high"),
    *("kept", "low", "most", "size", "vanished"),
)
"""What an alarm counts, and what it holds against a level."""

RANGES: dict[str, Predicate] = {
    **{key: one_of(*texts) for key, texts in VALUES.items() if key not in TYPED},
    "health.every": optional(whole(1)),
    "health.samples": whole(2, 2**12),
    "health.memory": whole(1),
    "health.calm": whole(1),
    **{f"health.alarms.*.{name}": whole(1) for name in COUNTS},
    **{f"health.alarms.*.{name}": NOT_NEGATIVE for name in LEVELS},
    "version": whole(1),
    "rounds": whole(1),
    "batch_size": whole(1, 2**20),
    "seed": whole(0, 2**63 - 1),
    "name": optional(WORD),
    "tags": ("a list of texts", lambda value: isinstance(value, ListConfig)),
    "output": TEXT,
    "init_from": optional(WORD),
    "*offline": one_of(True, False, 1, 0),  # as an environment says it
    "*_every": whole(1),
    "keep": whole(1),
    "best.by": optional(TEXT),
    "early_stopping.by": optional(TEXT),
    "early_stopping.patience": whole(1),
    "evaluate.samples": whole(2, 10**8),
    "evaluate.real_samples": optional(whole(2)),
    "evaluate.inception": optional(TEXT),
    "evaluate.seed": whole(0, 2**63 - 1),
    "resume.allow_changes": one_of(True, False),
    "preempt.grace_s": POSITIVE,
    "slurm.requeue": one_of(True, False),
    "debug.inject_nan": optional(
        (
            "ROUND:PLAYER/LOSS or ROUND:PLAYER/gradient, such as 7:generator/loss",
            lambda value: isinstance(value, str) and re.fullmatch(r"\d+:\w+/\w+", value),
        )
    ),
    "average.decay": SHARE,
    "average.ramp": number("a number from 1", lambda x: x >= 1),
    "*.lr": POSITIVE,
    "*.betas": ("two numbers from 0 to below 1, such as [0.5,0.9]", is_betas),
    "*.eps": NOT_NEGATIVE,
    "*.momentum": SHARE,
    "*.alpha": SHARE,
    "optimizer.decay.start": whole(0),
    "optimizer.decay.rounds": optional(whole(1)),
    "optimizer.decay.end": NOT_NEGATIVE,
    "model.latent": whole(1, 2**20),
    "model.*_norm": TEXT,
    "model.game.*turns": whole(1),
    "model.game.thorough_rounds": whole(0),
    "model.game.thorough_every": whole(1),
    "network.*width": whole(1, 2**20),
    "network.*depth": whole(1, 1000),
    "loss.deviation": POSITIVE,
    "penalty.weight": NOT_NEGATIVE,
    "penalty.gamma": NOT_NEGATIVE,
    "penalty.spread": NOT_NEGATIVE,
    "penalty.limit": POSITIVE,
    "prior.dim": whole(1, 2**20),
    "prior.trials": whole(1, 2**24),  # float32 counts no further
    "prior.probability": number("a number between 0 and 1", lambda x: 0 < x < 1),
    "prior.rate": number("a positive number up to 1000000", lambda x: 0 < x <= 1e6),
    "prior.concentration": number("a number from 0.05 to 1000", lambda x: 0.05 <= x <= 1000),
    "dataset.resolution": whole(4, 1024),
    "dataset.channels": optional(one_of(1, 3)),
    "dataset.path": optional(TEXT),
    "dataset.root": TEXT,
    "dataset.source_split": TEXT,
    "dataset.held_out": number("a number from 0 to below 1", lambda x: 0 <= x < 1),
    "dataset.modes": whole(1, 2**16),
    "dataset.side": whole(1, 2**8),
    "dataset.radius": POSITIVE,
    "dataset.step": POSITIVE,
    "dataset.deviation": POSITIVE,
    "metrics.*.k": whole(1, 1000),
    "metrics.*.cells": whole(2, 2000),
    "metrics.*.projections": whole(1, 2**16),
    "metrics.*.samples": whole(2),
    "metrics.memorisation.samples": whole(100),
    "metrics.*.subset*": whole(1),
    "metrics.*.subset_size": whole(2),
    "runtime.device": (
        "auto, cpu, cuda, cuda:0, cuda:1, ... or mps",
        lambda value: (
            isinstance(value, str) and re.fullmatch(r"auto|cpu|mps|cuda(:[0-9]{1,4})?", value)
        ),
    ),
    "runtime.fastest.*.precision": one_of("fp32", "bf16"),
    "runtime.fastest.*.memory_format": one_of("contiguous", "channels_last"),
    "runtime.resident": one_of("auto", True, False),
    "runtime.threads": optional(whole(1, 4096)),
}
