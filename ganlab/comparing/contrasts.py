"""Which settings tell runs apart."""

import json
import shlex
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from ganlab.hparams import LEFT_OUT, flat

ALSO_LEFT_OUT = {*LEFT_OUT, "rounds", "experiment"}
"""Rounds have a column of their own, and an experiment is what it chooses."""
SEED = "seed"
Settings = Mapping[str, Any]


def settings(config: dict[str, Any], choices: dict[str, Any]) -> dict[str, Any]:
    """The chosen options of a run, then all dotted settings that its numbers may depend on.

    A choice that is no word is none.
    """
    chosen = {group: option for group, option in choices.items() if isinstance(option, str)}
    front = {group: chosen[group] for group in ("model", "dataset") if group in chosen}
    return kept(flat(config, front | chosen))


def kept(found: Settings) -> dict[str, Any]:
    return {name: value for name, value in found.items() if name not in ALSO_LEFT_OUT}


def given(words: Iterable[str], known: Collection[str]) -> set[str]:
    """The settings of those that are known which words such as `optimizer.lr=1e-4` give.

    A group's word gives the choice alone, not what comes with it.
    """
    keys = {word.partition("=")[0].lstrip("+~") for word in words if "=" in word}
    nodes = tuple(f"{key}." for key in keys.difference(known))
    return {name for name in known if name in keys or name.startswith(nodes)}


def words(command: object) -> list[str]:
    """The words of a command; nothing for what is none."""
    try:
        return shlex.split(str(command or ""))
    except ValueError:
        return []


def differing(runs: Sequence[Settings], partly: Sequence[Settings] = ()) -> list[str]:
    """The settings that are not the same in all runs, those missing in one included.

    Of runs that are `partly` known, what is not known is taken to be as in the others.
    """
    every = [*runs, *partly]
    names = dict.fromkeys(name for run in every for name in run)
    found = []
    for name in names:
        values = [*(run.get(name) for run in runs), *(p[name] for p in partly if name in p)]
        if any(value != values[0] for value in values):
            found.append(name)
    return found


def telling(
    runs: Sequence[Settings], given: Collection[str], partly: Sequence[Settings] = ()
) -> list[str]:
    """Those of the settings that differ which must be known to know all of them.

    These are the ones `given` on command lines, and each that still differs between two runs which
    are alike in those before it: what a recipe brings with it is explained by its name. A seed
    explains nothing, though no two runs share it.
    """
    names = differing(runs, partly)
    chosen = [name for name in names if name in given]
    for name in names:
        if name not in chosen and not explained(name, chosen, runs or partly):
            chosen.append(name)
    return [name for name in names if name in chosen]


def explained(name: str, by: Sequence[str], runs: Sequence[Settings]) -> bool:
    """Whether runs that are alike in some settings, but for their seed, are alike in one more."""
    names = [each for each in by if each != SEED]
    known: dict[tuple, Any] = {}
    for run in runs:
        key = tuple(run.get(each) for each in names)
        if known.setdefault(key, run.get(name)) != run.get(name):
            return False
    return True


def value(word: str) -> Any:
    """What a word such as `1e-4` stands for: a number, a truth value, or itself."""
    try:
        found = json.loads(word)
    except ValueError:
        return word
    return found if isinstance(found, bool | int | float) else word
