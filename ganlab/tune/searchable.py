"""What may be searched, by which metric, and what else a search may be told."""

import logging
import math
from collections.abc import Sequence
from typing import Any

from ganlab import schema
from ganlab.columns import counted
from ganlab.compose import compose
from ganlab.differences import differences
from ganlab.errors import ConfigError
from ganlab.evaluations import named
from ganlab.sweep.spaces import Choice, Space
from ganlab.sweep.variations import FIXED, Variation, settled

LEAST = {"trials": 1, "jobs": 1, "prune_after": 1, "prune_factor": 2, "search_seed": 0}
"""The settings of a search that are numbers, and the least that each may be."""
USUAL = {"trials": 20, "slots": 1, "prune_factor": 3, "search_seed": 0}
UNSEARCHABLE = FIXED | {"name": "trials are told apart by their numbers"}
"""Keys that no search may choose, and why."""
ALIKE = ("dataset", "metrics", "evaluate", "rounds", "evaluate_every")
"""What trials must have in common for their numbers to be compared."""
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
    """Raise ConfigError where nothing is to be chosen, or what no search may choose."""
    if not searched:
        raise ConfigError(
            "nothing to search; give a key several values, such as batch_size=32,64, or an "
            "interval, such as 'optimizer.lr=tag(log,interval(1e-5,1e-2))'"
        )
    for key in searched.keys() & UNSEARCHABLE.keys():
        raise ConfigError(f"{key} cannot be searched: {UNSEARCHABLE[key]}")


def composed(fixed: list[str], searched: dict[str, Space], config_dir: str | None) -> Any:
    """The configuration of the first corner of a search, once all of them were composed.

    Raises ConfigError for what no run could be made of, and for trials that cannot be compared.
    """
    first, *others = corners(fixed, searched)
    config = compose(first.words, config_dir).config
    usual = judged(config)
    for other in others:
        if found := differences(usual, judged(compose(other.words, config_dir).config)):
            key = next(key for key in searched if first.varied[key] != other.varied[key])
            lines = "\n  ".join(found)
            raise ConfigError(
                f"{key}={first.varied[key]} and {key}={other.varied[key]} cannot be compared, "
                f"since they differ in\n  {lines}\n"
                "all trials need the same data, metrics, protocol and rounds"
            )
    return config


def judged(config: Any) -> dict[str, Any]:
    """By what and when the trials of a configuration are judged.

    Flips are left out: what samples are held against is the same without.
    """
    every = schema.plain(config)
    every["dataset"].pop("flip", None)
    return {key: every[key] for key in ALIKE}


def corners(fixed: list[str], searched: dict[str, Space]) -> list[Variation]:
    """Jobs that try each choice and both ends of each interval once, beside the first of others."""
    ends = {key: edges(each) for key, each in searched.items()}
    first = {key: values[0] for key, values in ends.items()}
    others = [first | {key: value} for key, values in ends.items() for value in values[1:]]
    return [
        Variation([*fixed, *(f"{k}={v}" for k, v in chosen.items())], chosen)
        for chosen in [first, *others]
    ]


def begun_from(searched: dict[str, Space], output: str) -> dict[str, Space]:
    """The spaces, with the paths of the runs that `init_from` names now: `last` is soon another."""
    found = dict(searched)
    if isinstance(choice := found.get("init_from"), Choice):
        words = settled([f"init_from={value}" for value in choice.values], output)
        found["init_from"] = Choice([word.partition("=")[2] for word in words])
    return found


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
