"""A study: recipes that are compared under one budget, each over a space of its own.

Its YAML, which Hydra composes, has `words` for all runs, `datasets` and `recipes` with theirs, and
says how many `runs` search each recipe's space and with which `seeds` the best is run again.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from ganlab.compose import read, search_path
from ganlab.differences import shown
from ganlab.errors import ConfigError
from ganlab.nearest import hint
from ganlab.options import all_options, make_importable, shipped, user_directories
from ganlab.refusals import refused
from ganlab.sweep import spaces
from ganlab.sweep.spaces import Interval, Space
from ganlab.sweep.variations import Variation, written

Words = dict[str, str]
"""Values in Hydra's grammar, by their keys; of several such, the later win."""


@dataclass(frozen=True)
class Study:
    """What is compared: every recipe on every dataset. `search_seed` is that of the draws."""

    runs: int
    seeds: list[str]
    search_seed: int
    words: Words
    datasets: dict[str, Words]
    recipes: dict[str, Words]

    def entrants(self, config_dir: str | None) -> "list[Entrant]":
        """Each recipe on each dataset."""
        return [
            entrant(self, dataset, recipe, config_dir)
            for dataset in self.datasets
            for recipe in self.recipes
        ]

    @property
    def total(self) -> int:
        """How many runs there are at most: the search's, and the best ones' with every seed."""
        return (self.runs + len(self.seeds)) * len(self.datasets) * len(self.recipes)


@dataclass(frozen=True)
class Entrant:
    """A recipe on a dataset: its words of one value, and the space of every other key."""

    dataset: str
    recipe: str
    search_seed: int
    fixed: list[str]
    spaces: dict[str, Space]

    def drawn(self, number: int) -> Variation:
        """Its configuration of a number; a larger budget draws the same ones first.

        Each value depends on `search_seed`, the recipe, the number and the key alone.
        """
        values = {key: space.draw(self.random(number, key)) for key, space in self.spaces.items()}
        values["seed"] = str(self.random(number, "seed").integers(2**31))
        words = [*self.fixed, *(f"{key}={value}" for key, value in values.items())]
        return Variation(words, {"dataset": self.dataset, "recipe": self.recipe, **values})

    def random(self, *words: object) -> np.random.Generator:
        """The random numbers that belong to some words."""
        told = repr((self.search_seed, self.recipe, *words)).encode()
        return np.random.default_rng(int.from_bytes(hashlib.sha256(told).digest()))

    def again(self, words: Sequence[str], seed: str) -> Variation:
        """A configuration, which has no seed of its own, with one."""
        varied = {"dataset": self.dataset, "recipe": self.recipe, "seed": seed}
        return Variation([*words, f"seed={seed}"], varied)

    def extremes(self) -> Iterator[list[str]]:
        """Words in which every choice, and both ends of every interval, are once."""
        ends = {key: extreme(space) for key, space in self.spaces.items()}
        for n in range(max(map(len, ends.values()), default=1)):
            yield [*self.fixed, *(f"{key}={each[n % len(each)]}" for key, each in ends.items())]


def extreme(space: Space) -> list[str]:
    if isinstance(space, Interval):
        return [space.written(end) for end in (space.low, space.high)]
    return space.values


def entrant(study: Study, dataset: str, recipe: str, config_dir: str | None) -> Entrant:
    """Raises ConfigError for words that cannot be read."""
    merged = {**study.words, **study.datasets[dataset], **study.recipes[recipe]}
    fixed, found = spaces.parted([f"{key}={value}" for key, value in merged.items()], config_dir)
    return Entrant(dataset, recipe, study.search_seed, fixed, found)


def find(name: str, config_dir: str | None) -> Path | None:
    """The file of a study, by its path or by the name that `ganlab list study` shows."""
    if name.endswith(".yaml") and Path(name).is_file():
        return Path(name)
    return all_options(user_directories(config_dir))["study"].get(name)


def unknown(name: str, config_dir: str | None) -> ConfigError:
    """The refusal, with the nearest names, of a name that is no study's."""
    known = all_options(user_directories(config_dir))["study"]
    return ConfigError(
        f"{name}: no such study, nor the file or the directory of one; {hint(name, known)}"
    )


def load(file: Path, config_dir: str | None) -> Study:
    """The study that a file describes. Raises ConfigError, with the file, where it is none."""
    places = [*user_directories(config_dir), shipped()]
    make_importable(places[:-1])
    with refused(f"{file}: "):
        with initialize_config_dir(str(file.resolve().parent), version_base="1.3"):
            composed = compose(file.stem, search_path(places))
        mapping = OmegaConf.to_container(composed, resolve=True)
    try:
        return understood(mapping)
    except ConfigError as error:
        raise ConfigError(f"{file}: {error}") from error


def understood(told: Any) -> Study:
    """The study that a mapping tells of. Raises ConfigError for what is missing or unknown."""
    keys = Study.__dataclass_fields__.keys()
    refuse_no_mapping("study", told)
    if strange := [key for key in told if key not in keys]:
        raise ConfigError(f"{strange[0]}: no such key; {hint(str(strange[0]), keys)}")
    if missing := [key for key in keys if key not in told]:
        raise ConfigError(f"{missing[0]} is missing; a study has {', '.join(keys)}")
    for key in ("words", "datasets", "recipes"):
        refuse_no_mapping(key, told[key])
    if not told["datasets"] or not told["recipes"]:
        raise ConfigError("datasets and recipes: name one of each at least")
    parts = {
        key: {str(name): words(f"{key}.{name}", each) for name, each in told[key].items()}
        for key in ("datasets", "recipes")
    }
    return Study(
        count("runs", told["runs"], 1),
        seeds(text(told["seeds"]).strip("[]")),
        count("search_seed", told["search_seed"], 0),
        words("words", told["words"]),
        **parts,
    )


def words(where: str, told: Any) -> Words:
    """The words of one mapping, as Hydra's grammar has them."""
    refuse_no_mapping(where, told)
    for key, value in told.items():
        if key == "seed":
            raise ConfigError(f"{where}.seed: a study chooses the seeds of its runs; see seeds")
        if isinstance(value, dict):
            raise ConfigError(f"{where}.{key}: write each key in one line, with its dots")
    return {str(key): text(value) for key, value in told.items()}


def refuse_no_mapping(where: str, told: Any) -> None:
    if not isinstance(told, dict):
        raise ConfigError(f"{where}: it must be a mapping of keys, and is {shown(told)}")


def text(value: Any) -> str:
    """A YAML value in Hydra's grammar."""
    return f"[{','.join(map(text, value))}]" if isinstance(value, list) else str(shown(value))


def count(key: str, value: Any, least: int) -> int:
    """Raises ConfigError for no whole number, or one that is too small."""
    if not str(value).isdecimal() or int(value) < least:
        raise ConfigError(f"{key}={value}: {key} must be a whole number from {least}")
    return int(value)


def seeds(told: str) -> list[str]:
    """Seeds such as `range(5)` or `1,2,3`. Raises ConfigError for less than two."""
    found = written(read(f"seed={told}"), {})
    if len(set(found)) < 2 or not all(seed.isdecimal() for seed in found):
        raise ConfigError(f"seeds={told}: two whole numbers or more, such as 1,2,3 or 'range(5)'")
    return list(dict.fromkeys(found))


def wishes(words: Sequence[str]) -> Words:
    """The values of a command's words, by their keys. Raises ConfigError for what is no setting."""
    return {read(word).key_or_group: word.partition("=")[2] for word in words}


def changed(study: Study, wish: Mapping[str, str]) -> Study:
    """The study with what a command line says: of its own keys, or words for all its runs.

    Raises ConfigError for recipes and datasets that it does not have.
    """
    own = {key: wish[key] for key in Study.__dataclass_fields__ if key in wish}
    common = {key: value for key, value in wish.items() if key not in own}
    told = asdict(study) | own
    for key in ("datasets", "recipes"):
        if key in own:
            told[key] = chosen(key, own[key], getattr(study, key))
        told[key] = {name: {**each, **common} for name, each in told[key].items()}
    return understood(told)


def chosen(key: str, wish: str, known: Mapping[str, Words]) -> dict[str, Words]:
    """Those of a study's recipes or datasets that are named, separated by commas."""
    names = [name for name in wish.strip("[]").split(",") if name]
    for name in names:
        if name not in known:
            raise ConfigError(f"{key}={wish}: the study has no {name}; {hint(name, known)}")
    return {name: known[name] for name in names}
