"""From words of the command line to one configuration that was checked."""

import copy
import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hydra import compose as hydra_compose
from hydra import initialize_config_module
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf

from ganlab import schema
from ganlab.errors import ConfigError
from ganlab.options import Options, make_importable, options, stamps, user_directories
from ganlab.refusals import (
    refuse_gaps,
    refuse_strays,
    refuse_unknown_key,
    refuse_unknown_option,
    refuse_unreadable,
    refused,
)

LONGEST = 4096
"""A word of more characters would be read for seconds."""


@dataclass(frozen=True)
class Composition:
    """A checked configuration and the option chosen of each group.

    `words` are those that Hydra composes it from, `given` those of the command line.
    """

    config: DictConfig
    choices: dict[str, str]
    words: list[str]
    given: list[str]


def compose(words: Sequence[str], config_dir: str | None = None) -> Composition:
    """Compose `conf/train.yaml` with the words; the user's own options come from `config_dir`.

    Raises ConfigError for what is unknown, of a wrong type or out of range.
    """
    places = user_directories(config_dir)
    make_importable(places)
    with refused(), initialize_config_module("ganlab.conf", version_base="1.3"):
        found = checked([parse(word) for word in words], options(places), places)
    return replace(
        found, given=[*found.given, *(["--config-dir", config_dir] if config_dir else [])]
    )


def checked(overrides: list[Override], groups: Options, places: list[Path]) -> Composition:
    """Choose options, then set values: each is looked up in what the options made of the config."""
    chosen = [o for o in overrides if o.key_or_group in groups]
    values = [o for o in overrides if o.key_or_group not in groups]
    for override in chosen:
        refuse_unknown_option(override, groups)
        refuse_unreadable(override, groups)
    words = search_path(places)
    words += [str(o.input_line) for o in chosen if o.value() is not None]
    base, choices = made(tuple(words), frozenset(groups), stamps(places))
    for override in values:
        for key in schema.set_keys(override.key_or_group, override.value()):
            refuse_unknown_key(key, base, groups)
    words += ["++" + str(override.input_line).lstrip("+") for override in values]
    config = copy.deepcopy(base)
    for override in values:  # as Hydra would, which would compose it all again
        OmegaConf.update(config, override.key_or_group, override.value(), force_add=True)
    choices = choices | {o.key_or_group: listed(o) for o in chosen if isinstance(o.value(), list)}
    for override in values:
        schema.refuse_other_type(override.key_or_group, base, config)
    schema.refuse_out_of_range(config, [o.key_or_group for o in values])
    given = [str(override.input_line) for override in overrides]
    return Composition(config, choices, words, given)


@functools.lru_cache(maxsize=64)
def made(
    words: tuple[str, ...], groups: frozenset[str], files: tuple[tuple[Path, int], ...]
) -> tuple[DictConfig, dict[str, str]]:
    """What options make of `conf/train.yaml`, and which were chosen; neither is to be changed.

    It is kept, since sweeps and studies set values of the same options again and again; `files`
    are the user's, with the times when they changed, so that nothing stale is given.
    """
    composed = hydra_compose("train", list(words), return_hydra_config=True)
    base = OmegaConf.masked_copy(composed, [str(key) for key in composed if key != "hydra"])
    refuse_strays(base, groups)
    schema.refuse_unbuildable(base)
    refuse_gaps(base)
    return base, {g: c for g, c in composed.hydra.runtime.choices.items() if g in groups and c}


def listed(override: Override) -> str:
    """The option that a word chooses, as it is written; several of them in brackets."""
    option = override.value()
    return f"[{','.join(map(str, option))}]" if isinstance(option, list) else str(option)


def parse(word: str) -> Override:
    """Read `key=value`, of one value."""
    override = read(word)
    if override.is_sweep_override():
        raise ConfigError(
            f"{word!r} is several values, and one run takes one; `ganlab train -m` makes a run of "
            "each, and a text is quoted"
        )
    return override


def read(word: str) -> Override:
    """Read `key=value`; a value that Hydra's grammar cannot read is taken literally."""
    key, equals, value = word.partition("=")
    if len(word) > LONGEST:
        raise ConfigError(f"{word[:40]}...: {len(word)} characters; a word has {LONGEST} or less")
    if not equals or not key:
        raise ConfigError(f"{word!r} is not a setting; write key=value, such as rounds=1000")
    try:
        override = OverridesParser.create().parse_override(word)
    except HydraException:
        try:
            override = OverridesParser.create().parse_override(f"{key}={quoted(value)}")
        except HydraException:
            raise ConfigError(f"{word!r}: {key!r} is no name of a key") from None
    if override.package is not None:
        raise ConfigError(f"{word!r}: a key has no package; write {override.key_or_group}=...")
    if override.is_delete():
        raise ConfigError(f"{word!r}: nothing can be removed; choose the option `none`, or null")
    return override


def quoted(text: str) -> str:
    """A text as a value in Hydra's grammar."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def search_path(places: list[Path]) -> list[str]:
    """Where else options are found, as an override of Hydra's."""
    listed = ",".join(f'"file://{place.resolve()}"' for place in places)
    return [f"hydra.searchpath=[{listed}]"] if places else []
