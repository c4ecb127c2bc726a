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


def is_policy(value: Any) -> bool:
    kinds = ("colour", "translation", "cutout")
    return isinstance(value, ListConfig) and len(value) > 0 and all(v in kinds for v in value)


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
    "*average?decay": SHARE,  # of the average, and what the model asks of it: model.average_decay
    "*average?ramp": number("a number from 1", lambda x: x >= 1),
    "*average?start": whole(0),
    "*.lr": POSITIVE,
    "*.betas": ("two numbers from 0 to below 1, such as [0.5,0.9]", is_betas),
    "*.eps": NOT_NEGATIVE,
    "*.momentum": SHARE,
    "*.alpha": SHARE,
    "optimizer.*.start": whole(0),
    "optimizer.*.rounds": optional(whole(1)),
    "optimizer.decay.end": NOT_NEGATIVE,
    "penalty.schedule.start": whole(0),
    "penalty.schedule.rounds": optional(whole(1)),
    "penalty.schedule.end": NOT_NEGATIVE,
    "optimizer.beta2.end": number("a number above 0, up to 1", lambda x: 0 < x <= 1),
    "model.latent": optional(whole(1, 2**20)),  # null is for the game to say
    "model.*_norm": TEXT,
    "model.discriminator_dropout": number("a number from 0 to below 1", lambda x: 0 <= x < 1),
    "model.standing": whole(0),
    "model.condition": whole(0, 2**16),
    "model.game.condition": whole(1, 2**16),
    "model.game.mismatched": one_of(True, False),
    "model.game.batch_size": whole(1, 2**20),
    "model.game.*turns": whole(1),
    "model.game.fakes": whole(1, 2**10),
    "model.game.accumulations": whole(1),
    "model.game.orthogonal": NOT_NEGATIVE,
    "model.game.thorough_rounds": whole(0),
    "model.game.thorough_every": whole(1),
    "model.game.unrolled_steps": (
        "a whole number from 1; without steps, use model=gan",
        whole(1)[1],
    ),
    "model.game.packing": whole(1, 2**10),
    "model.game.categories": whole(1, 2**16),
    "model.game.codes": whole(0, 2**16),
    "model.game.information_weight": NOT_NEGATIVE,
    "model.game.oversampling": whole(1, 2**10),
    "model.game.features": whole(1, 2**16),
    "model.game.code": whole(1, 2**20),
    "model.game.power": whole(1, 2),
    "model.game.pull_away": NOT_NEGATIVE,
    "model.game.least": SHARE,
    "model.game.factor": SHARE,
    "model.game.every": whole(1),
    "model.game.stable_rounds": whole(0),
    "model.game.fade_rounds": whole(1),
    "model.game.drift": NOT_NEGATIVE,
    "model.game.mixing": SHARE,
    "model.game.path_weight": NOT_NEGATIVE,
    "model.game.path_decay": SHARE,
    "model.game.path_shrink": whole(1),
    "network.*width": whole(1, 2**20),
    "network.*depth": whole(1, 1000),
    "network.*base": whole(1, 2**24),
    "network.*residual": one_of(True, False),
    "network.group": whole(2, 2**20),
    "network.*attention": whole(0, 1024),
    "network.*pool": one_of("mean", "sum"),
    "network.expansion": whole(1, 64),
    "network.discriminator.group": whole(2, 2**20),
    "loss.deviation": POSITIVE,
    "loss.squared": NOT_NEGATIVE,
    "loss.gamma": SHARE,
    "loss.rate": POSITIVE,
    "loss.margin": POSITIVE,
    "penalty.weight": NOT_NEGATIVE,
    "penalty.gamma": NOT_NEGATIVE,
    "penalty.every": whole(1),
    "penalty.spread": NOT_NEGATIVE,
    "penalty.limit": POSITIVE,
    "penalty.consistency": NOT_NEGATIVE,
    "penalty.features": NOT_NEGATIVE,
    "penalty.margin": NOT_NEGATIVE,
    "network.resolution": whole(32, 1024),
    "network.weights": optional(TEXT),
    "augment.policy": ("a list of some of colour, translation, cutout", is_policy),
    "augment.aim": number("a number between -1 and 1", lambda x: -1 < x < 1),
    "augment.every": whole(1),
    "augment.horizon": whole(1),
    "augment.batch": whole(1),
    "prior.dim": optional(whole(1, 2**20)),
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
