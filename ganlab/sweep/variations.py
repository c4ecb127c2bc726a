"""From the words of a sweep to the words of its jobs, in Hydra's grammar."""

import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from hydra.core.override_parser.types import Override
from omegaconf import DictConfig

from ganlab import runs
from ganlab.compose import compose, quoted, read
from ganlab.errors import ConfigError
from ganlab.options import Options, options, user_directories
from ganlab.refusals import refused

LAUNCHER = ("hydra/launcher=", "hydra.launcher.")
FIXED = {"output": "a sweep has one place", "progress": "jobs are not looked at while they run"}
"""Keys that cannot vary, and why."""
PARTS = ("experiment", "model", "network", "loss", "penalty", "prior", "augment", "dataset")
"""Groups that say what plays with what."""


@dataclass(frozen=True)
class Variation:
    """The words of one job, and those settings that the sweep varies."""

    words: list[str]
    varied: dict[str, str]


def variations(words: Sequence[str], config_dir: str | None) -> list[Variation]:
    """Every combination of values, as in `seed=1,2`, `seed=range(3)` and `model=glob(*)`.

    The last key varies fastest. Raises ConfigError for what no run could be made of; each value is
    tried in one combination.
    """
    groups = options(user_directories(config_dir))
    values = {o.key_or_group: written(o, groups) for o in map(read, words)}
    swept = [key for key, each in values.items() if len(each) > 1]
    for key in FIXED.keys() & swept:
        raise ConfigError(f"{key} cannot vary: {FIXED[key]}")
    found = []
    for combination in itertools.product(*values.values()):
        chosen = dict(zip(values, combination, strict=True))
        varied = {key: chosen[key] for key in swept}
        found.append(Variation([f"{k}={v}" for k, v in chosen.items()], varied))
    refuse_impossible(found, config_dir)
    return found


def refuse_impossible(found: list[Variation], config_dir: str | None) -> None:
    """Compose jobs until every word, and every choice of parts, was in one that can play."""
    known: set[str] = set()
    played: set[frozenset[str]] = set()
    for variation in found:
        parts = frozenset(filter(chooses_a_part, variation.words))
        if parts in played and known.issuperset(variation.words):
            continue
        refuse_unplayable(compose(variation.words, config_dir).config, variation)
        known.update(variation.words)
        played.add(parts)


def chooses_a_part(word: str) -> bool:
    """Whether a word chooses what plays with what, and sets no mere number."""
    return word.partition("=")[0].lstrip("+~") in PARTS


def refuse_unplayable(config: DictConfig, variation: Variation) -> None:
    """Raise ConfigError for a job whose parts do not fit, as far as its data are known by now."""
    from ganlab import misfits
    from ganlab.making import make

    dataset = make(config.dataset, "dataset")
    if dataset.prepared:
        try:
            misfits.refuse_misfits(config, dataset.spec)
        except ConfigError as error:
            which = " ".join(f"{k}={v}" for k, v in variation.varied.items() if k in PARTS)
            raise ConfigError(f"{which}: {error}" if which else str(error)) from error


def written(override: Override, groups: Options) -> list[str]:
    """The values of a word, as they are written. Raises ConfigError for endlessly many."""
    if not override.is_sweep_override():
        return [override.get_value_element_as_str()]
    if not override.is_discrete_sweep():
        raise ConfigError(
            f"{override.input_line}: an interval has endlessly many values; name some, or search "
            "it with `ganlab tune`"
        )
    override.config_loader = cast(Any, AtHand(groups))
    with refused(f"{override.input_line}: "):
        found = list(override.sweep_string_iterator())
    if not found:
        near = ", ".join(groups.get(override.key_or_group, {}))
        raise ConfigError(f"{override.input_line}: no value{f' among {near}' if near else ''}")
    return found


def settled(words: Sequence[str], output: str) -> list[str]:
    """The words, with the path of the run that `init_from` names now: it is one for all jobs.

    Raises ConfigError where there is no such run.
    """
    return [*map(functools.partial(settled_word, output=output), words)]


def settled_word(word: str, output: str) -> str:
    key, _, _ = word.partition("=")
    source = read(word).value() if key == "init_from" else None
    if source is None:
        return word
    return f"init_from={quoted(str(runs.find(str(source), output).path.resolve()))}"


@dataclass(frozen=True)
class AtHand:
    """What Hydra asks for the options that a `glob` may mean."""

    groups: Options

    def get_group_options(self, group: str, results_filter: Any = None) -> list[str]:
        return list(self.groups.get(group, {}))


def parted(words: Sequence[str]) -> tuple[list[str], list[str], str | None]:
    """The words for the jobs, those for Hydra's launcher, and the value of `jobs`."""
    launcher = [word for word in words if word.startswith(LAUNCHER)]
    jobs = [word.removeprefix("jobs=") for word in words if word.startswith("jobs=")]
    rest = [w for w in words if w not in launcher and not w.startswith("jobs=")]
    return rest, launcher, jobs[-1] if jobs else None
