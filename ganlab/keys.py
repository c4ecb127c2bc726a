"""What a command line may set, read from the option files alone.

Composing with Hydra takes a second; this answers a shell within a keystroke.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ganlab.errors import ConfigError
from ganlab.options import Options, options, shipped, user_directories

GLOBAL = b"# @package _global_"
VALUES = {
    "best.goal": ("auto", "min", "max"),
    "early_stopping.goal": ("auto", "min", "max"),
    "evaluate.extractor": ("auto", "classifier", "inception"),
    "evaluate.split": ("train", "test"),
    "evaluate.weights": ("average", "raw"),
    "dataset.on_bad": ("error", "skip"),
    "model.discriminator_weights": ("plain", "spectral", "equalised"),
    "model.generator_weights": ("plain", "spectral", "equalised"),
    "dataset.source_split": ("train", "unlabeled", "train+unlabeled"),
    "on_nan": ("stop", "skip", "rollback"),
    "progress": ("auto", "bar", "plain", "none"),
    "runtime.device": ("auto", "cpu", "cuda", "mps"),
    "runtime.memory_format": ("auto", "contiguous", "channels_last"),
    "runtime.precision": ("auto", "fp32", "bf16"),
    "runtime.resident": ("auto", "true", "false"),
}
"""What keys of few values may be; here, so that a shell need not wait for Hydra's import."""


@dataclass(frozen=True)
class Vocabulary:
    """Keys with their shipped values, mappings included, and groups with their options."""

    keys: Mapping[str, Any] = field(default_factory=dict)
    groups: Options = field(default_factory=dict)
    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """All that keys of few values may be."""


def vocabulary(words: Sequence[str]) -> Vocabulary:
    """All that can be set beside the words, which choose options and perhaps `--config-dir`."""
    groups = options(places(words))
    try:
        return Vocabulary(dict(keys(words, groups)), groups, VALUES)
    except RecursionError:  # a file goes in a circle, which composing tells of
        return Vocabulary(groups=groups, values=VALUES)


def places(words: Sequence[str]) -> list[Path]:
    """The user's own directories; none where composing would refuse them."""
    try:
        return user_directories(config_dir(words))
    except ConfigError:
        return []


def config_dir(words: Sequence[str]) -> str | None:
    """The directory that the words name, spelled with or without `=`."""
    for word, following in zip(words, [*words[1:], None], strict=False):
        name, _, value = word.partition("=")
        if name == "--config-dir":
            return value or following
    return None


def keys(words: Sequence[str], groups: Options) -> Iterator[tuple[str, Any]]:
    """Each key of the configuration that the words choose."""
    yield from flat(content(shipped() / "train.yaml"))
    for group, chosen in choices(words, groups).items():
        for option in chosen.strip("[]").split(","):
            yield from option_keys(group, option, groups.get(group, {}))


def option_keys(group: str, option: str, files: Mapping[str, Path]) -> Iterator[tuple[str, Any]]:
    """The keys that an option brings, with those of the options of its group that it builds on."""
    if option in files:
        others = {name: file for name, file in files.items() if name != option}
        for entry in defaults(files[option]):
            yield from option_keys(group, str(entry), others)
        brought = content(files[option])
        yield from flat(brought if is_global(files[option]) else {group: brought})


def is_global(file: Path) -> bool:
    """Whether an option's keys begin at the top, not below its group."""
    return GLOBAL in file.read_bytes()


def choices(words: Sequence[str], groups: Options) -> dict[str, str]:
    """The option of each group: the words win, then what stands last in `train.yaml`."""
    chosen = dict(said(words, groups))
    for group, usual in reversed([*pairs(shipped() / "train.yaml")]):
        option = chosen.setdefault(group, usual)
        if option in groups.get(group, {}):
            chosen = dict(pairs(groups[group][option])) | chosen
    return chosen


def said(words: Sequence[str], groups: Options) -> Iterator[tuple[str, str]]:
    """The choices that the words make."""
    for word in words:
        group, equals, option = word.partition("=")
        if equals and group in groups:
            yield group, option


def pairs(file: Path) -> Iterator[tuple[str, str]]:
    """The groups and options of a file's defaults list."""
    for entry in defaults(file):
        for key, option in entry.items() if isinstance(entry, dict) else ():
            yield key.removeprefix("override ").lstrip("/").partition("@")[0], str(option)


def defaults(file: Path) -> list[Any]:
    found = read(file).get("defaults")
    return found if isinstance(found, list) else []


def content(file: Path) -> dict[str, Any]:
    """What a file sets: all but what is Hydra's."""
    return {key: value for key, value in read(file).items() if key not in {"defaults", "hydra"}}


def read(file: Path) -> dict[str, Any]:
    """A file's mapping; nothing of one that cannot be read, which composing tells of."""
    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        mapping = yaml.load(file.read_text(encoding="utf-8"), loader)
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    return mapping if isinstance(mapping, dict) else {}


def flat(mapping: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """All dotted keys of a mapping, inner nodes included."""
    for key, value in mapping.items():
        yield f"{prefix}{key}", value
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{key}.")
