"""What may stand in a configuration: known keys, their types, their ranges."""

import inspect
import logging
import re
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatch
from typing import Any

from hydra.utils import get_object
from omegaconf import DictConfig, ListConfig, OmegaConf

from ganlab.differences import shown
from ganlab.errors import ConfigError
from ganlab.keys import VALUES
from ganlab.predicates import (
    LEGIBLE,
    NOT_NEGATIVE,
    POSITIVE,
    SHARE,
    TEXT,
    WORD,
    Predicate,
    is_number,
    is_whole,
    number,
    one_of,
    optional,
    whole,
)
from ganlab.thresholds import THRESHOLDS

NETWORKS = ("network.generator", "network.discriminator")
GROUPS = ("dataset", "loss", "penalty", "prior", "optimizer")
PARTS = (*GROUPS, *NETWORKS, "optimizer.decay", "model.game")
"""The nodes that are built: each names what it builds."""
logging.getLogger("hydra.utils").setLevel(logging.CRITICAL)  # it logs what it also raises


def is_betas(value: Any) -> bool:
    return (
        isinstance(value, ListConfig)
        and len(value) == 2
        and all(is_number(beta) and 0 <= beta < 1 for beta in value)
    )


TYPED = {"runtime.device", "runtime.resident", "dataset.source_split"}
"""Keys that take more than the texts listed for a shell."""

RANGES: dict[str, Predicate] = {
    **{key: one_of(*texts) for key, texts in VALUES.items() if key not in TYPED},
    **THRESHOLDS,
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

KINDS: dict[type, Predicate] = {
    bool: one_of(True, False),
    int: ("a whole number", is_whole),
    float: ("a finite number", is_number),
    str: TEXT,
    list: ("a list", lambda value: isinstance(value, ListConfig)),
    dict: ("a mapping of keys", lambda value: isinstance(value, DictConfig)),
}


def refuse_out_of_range(config: DictConfig, first: Sequence[str] = ()) -> None:
    """Hold every key of a configuration against `RANGES`. Raises ConfigError.

    The keys in `first`, those that were set, are blamed before those that are made of them.
    """
    for key, value in sorted(nodes(config), key=lambda node: node[0] not in first):
        demand(key, key, LEGIBLE)
        if not isinstance(value, DictConfig):
            demand(key, value, LEGIBLE)
        for pattern, predicate in RANGES.items():
            if fnmatch(key, pattern):
                demand(key, value, predicate)


def refuse_unbuildable(config: DictConfig) -> None:
    """Raise ConfigError unless every part is a mapping that names what it builds."""
    alarms = OmegaConf.select(config, "health.alarms")
    demand("health.alarms", alarms, KINDS[dict])
    for key in (*PARTS, *(f"health.alarms.{name}" for name in alarms)):
        node = OmegaConf.select(config, key)
        if not isinstance(node, DictConfig) or not isinstance(node.get("_target_"), str):
            raise ConfigError(
                f"{key}._target_: nothing says what {key} is; see the shipped options of "
                f"{key.partition('.')[0]} with `ganlab list`, and `ganlab copy` for a start"
            )


def refuse_other_type(key: str, base: DictConfig, config: DictConfig) -> None:
    """Hold a key that was set against the type of its shipped value. Raises ConfigError."""
    if fnmatch(key, "optimizer.players.*") and key.count(".") == 2:
        demand(key, OmegaConf.select(config, key), KINDS[dict])
    shipped = OmegaConf.select(base, key)
    if shipped is None or any(fnmatch(key, pattern) for pattern in RANGES):
        return
    containers: dict[Any, type] = {DictConfig: dict, ListConfig: list}
    plain = containers.get(type(shipped), type(shipped))
    demand(key, OmegaConf.select(config, key), KINDS[plain])


def demand(key: str, value: Any, predicate: Predicate) -> None:
    words, holds = predicate
    if not holds(value):
        raise ConfigError(f"{key}={shown(value)}: {key} must be {words}")


def nodes(config: DictConfig, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """All (dotted key, value) pairs, interpolations resolved; a list counts as one value."""
    for name in config:
        key, value = f"{prefix}{name!s}", config[name]
        yield key, value
        if isinstance(value, DictConfig):
            yield from nodes(value, f"{key}.")


def is_known(key: str, base: DictConfig) -> bool:
    """Is the key in the configuration, or an optional parameter of the target its node builds?

    What a target demands beyond its YAML comes from the code and cannot be set. A refinement of
    one player (`optimizer.players.generator.lr`) is known if the key that it refines is.
    """
    parent, _, leaf = key.rpartition(".")
    if fnmatch(key, "optimizer.players.*.*"):
        return is_known(f"optimizer.{leaf}", base)
    if fnmatch(key, "optimizer.players.*"):
        return True
    node = OmegaConf.select(base, parent) if parent else base
    if not isinstance(node, DictConfig):
        return False
    if leaf in node or "_target_" not in node:
        return leaf in node
    parameter = parameters(located(node._target_)).get(leaf)
    return parameter is not None and parameter.default is not parameter.empty


def located(target: str) -> Callable:
    """What a `_target_` names. Raises ConfigError where nothing is."""
    try:
        return get_object(target)
    except ImportError as error:
        first, *more = str(error).splitlines()
        raise ConfigError(f"_target_={target}: {' '.join([first, *more[:1]])}") from error


def parameters(target: Callable) -> dict[str, inspect.Parameter]:
    """What a target takes by name, also what it passes on to its base class."""
    signature = inspect.signature(target).parameters.values()
    named = {p.name: p for p in signature if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    passes_on = any(p.kind is p.VAR_KEYWORD for p in signature)
    if passes_on and inspect.isclass(target):
        named = parameters(target.__mro__[1]) | named
    return named


def plain(node: Any) -> Any:
    """A node as dicts and lists, interpolations resolved."""
    return OmegaConf.to_container(node, resolve=True)


def unresolved(node: Any) -> Any:
    """A node as dicts and lists, interpolations as they are written."""
    return OmegaConf.to_container(node, resolve=False)
