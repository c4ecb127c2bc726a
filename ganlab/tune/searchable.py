"""What may be searched, by which metric, and what else a search may be told."""

import logging
import math
from collections.abc import Sequence
from typing import Any

from ganlab.columns import counted
from ganlab.errors import ConfigError
from ganlab.evaluations import named
from ganlab.sweep.spaces import Choice, Space
from ganlab.sweep.variations import FIXED, Variation

LEAST = {"trials": 1, "jobs": 1, "prune_after": 1, "prune_factor": 2, "search_seed": 0}
"""The settings of a search that are numbers, and the least that each may be."""
USUAL = {"trials": 20, "slots": 1, "prune_factor": 3, "search_seed": 0}
OTHER_PROTOCOL = "numbers of other data or another protocol cannot be compared"
OTHER_LENGTH = "trials are compared after as many rounds"
UNSEARCHABLE = FIXED | {
    "name": "trials are told apart by their numbers",
    "dataset": OTHER_PROTOCOL,
    "metrics": OTHER_PROTOCOL,
    "evaluate": OTHER_PROTOCOL,
    "rounds": OTHER_LENGTH,
    "evaluate_every": OTHER_LENGTH,
}
"""Keys that no search may choose, what is below them included, and why."""
SEARCHABLE = {"dataset.flip"}
"""Keys below those that may be searched, since what samples are held against stays."""
log = logging.getLogger("ganlab")


def parted(words: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """The search's own settings, and the words for its trials."""
    own = {k: v for k, _, v in (word.partition("=") for word in words) if k in {*LEAST, "by"}}
    return own, [word for word in words if word.partition("=")[0] not in own]


def numbers(own: dict[str, str]) -> dict[str, Any]:
    """The settings that are numbers, as `sweep.json` has them; None for `prune_after=null`.

    Raises ConfigError for what is no such number.
    """
    found: dict[str, Any] = {}
    for key, value in own.items():
        if key == "prune_after" and value == "null":
            found[key] = None
        elif key in LEAST and value.isdecimal() and int(value) >= LEAST[key]:
            found["slots" if key == "jobs" else key] = int(value)
        elif key in LEAST:
            raise ConfigError(f"{key}={value}: write a whole number of at least {LEAST[key]}")
    return found


def refuse_unsearchable(searched: dict[str, Space]) -> None:
    """Raise ConfigError where nothing is to be chosen, or what makes trials incomparable."""
    if not searched:
        raise ConfigError(
            "nothing to search; give a key several values, such as batch_size=32,64, or an "
            "interval, such as 'optimizer.lr=tag(log,interval(1e-5,1e-2))'"
        )
    for key in searched.keys() - SEARCHABLE:
        for place, why in UNSEARCHABLE.items():
            if key == place or key.startswith(f"{place}."):
                raise ConfigError(f"{key} cannot be searched: {why}")


def corners(fixed: list[str], searched: dict[str, Space]) -> list[Variation]:
    """Jobs that try each choice and both ends of each interval once, beside the first of others."""
    ends = {key: edges(each) for key, each in searched.items()}
    first = {key: values[0] for key, values in ends.items()}
    others = [first | {key: value} for key, values in ends.items() for value in values[1:]]
    return [
        Variation([*fixed, *(f"{k}={v}" for k, v in chosen.items())], chosen)
        for chosen in [first, *others]
    ]


def edges(space: Space) -> list[str]:
    if isinstance(space, Choice):
        return space.values
    return [space.written(space.low), space.written(space.high)]


def monitored(config: Any, by: str | None) -> tuple[str, str]:
    """The metric that is searched for the best of, by its full name, and whether `min` or `max` is.

    Unless it is named: that of `best.by`, `fid`, or the first number of the only metric there is.
    Builds what the first trial plays with. Raises ConfigError where there is no such metric.
    """
    from ganlab.build import build
    from ganlab.observers.progress import preparing

    experiment = build(config, preparing())
    judge, best = experiment.judge, experiment.best
    if by is None and best and best.is_metric:
        return best.name, "max" if best.sign < 0 else "min"
    full = named(by or "fid", judge.goals, judge.extractor_name)
    if by is None and full is None and len(judge.metrics) == 1:
        full = next(iter(judge.goals), None)
    if full is None:
        names = "\n  ".join(judge.goals) or "none: choose some with metrics="
        wish = f"by={by}: no such metric" if by else "say by which metric, with by="
        raise ConfigError(f"{wish}; there are\n  {names}")
    return full, judge.goals[full]


def tell_unprunable(after: int, every: int, rounds: int) -> None:
    """Say so where no evaluation comes early enough for a trial to be pruned."""
    if math.ceil(after / every) * every >= rounds:
        log.warning(
            f"no trial will be pruned: prune_after={after} and evaluate_every={every} leave no "
            f"evaluation before the last of {counted(rounds, 'round')}; "
            f"evaluate_every={max(rounds // 10, 1)} would"
        )
