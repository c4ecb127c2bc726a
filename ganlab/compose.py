"""From words of the command line to one configuration that was checked."""

import copy
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn, cast

from hydra import compose as hydra_compose
from hydra import initialize_config_module
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from ganlab import schema
from ganlab.errors import ConfigError
from ganlab.nearest import did_you_mean, nearest
from ganlab.options import (
    OF_VERBS,
    Options,
    make_importable,
    options,
    shipped,
    user_directories,
)

BROKEN = (HydraException, OmegaConfBaseException, YAMLError, ValueError, OSError)
"""What Hydra raises for files and values that it cannot make a configuration of."""
SEVERAL = "metrics"
"""The group of which several options may be chosen, as in `metrics=[fid,kid]`."""
WHOLE = {"runtime": "auto", "health": "none"}
"""Groups whose options are no node: each has all keys that this shipped one has."""
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
        found = checked([parse(word) for word in words], options(places), search_path(places))
    return replace(
        found, given=[*found.given, *(["--config-dir", config_dir] if config_dir else [])]
    )


@contextmanager
def refused(where: str = "") -> Iterator[None]:
    """Inside, what no configuration can be made of raises ConfigError, which says where it is."""
    try:
        yield
    except RecursionError as error:
        raise ConfigError(f"{where}nested too deeply, or in a circle; write it plainly") from error
    except BROKEN as error:
        first = next(iter(str(error).splitlines()), type(error).__name__)
        key = getattr(error, "full_key", None)  # OmegaConf's errors have one
        raise ConfigError(f"{where}{f'{key}: ' if key else ''}{first}") from error


def checked(overrides: list[Override], groups: Options, search: list[str]) -> Composition:
    """Choose options, then set values: each is looked up in what the options made of the config."""
    chosen = [o for o in overrides if o.key_or_group in groups]
    values = [o for o in overrides if o.key_or_group not in groups]
    for override in chosen:
        refuse_unknown_option(override, groups)
        refuse_unreadable(override, groups)
    words = [str(o.input_line) for o in chosen if o.value() is not None]
    composed = hydra_compose("train", search + words, return_hydra_config=True)
    base = OmegaConf.masked_copy(composed, [str(key) for key in composed if key != "hydra"])
    refuse_strays(base, groups)
    schema.refuse_unbuildable(base)
    refuse_gaps(base)
    for override in values:
        for key in set_keys(override.key_or_group, override.value()):
            refuse_unknown_key(key, base, groups)
    words += ["++" + str(override.input_line).lstrip("+") for override in values]
    config = copy.deepcopy(base)
    for override in values:  # as Hydra would, which would compose it all again
        OmegaConf.update(config, override.key_or_group, override.value(), force_add=True)
    choices = {g: c for g, c in composed.hydra.runtime.choices.items() if g in groups and c}
    choices |= {o.key_or_group: listed(o) for o in chosen if isinstance(o.value(), list)}
    for override in values:
        schema.refuse_other_type(override.key_or_group, base, config)
    schema.refuse_out_of_range(config, [o.key_or_group for o in values])
    given = [str(override.input_line) for override in overrides]
    return Composition(config, choices, search + words, given)


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


def refuse_unknown_option(override: Override, groups: Options) -> None:
    """Raise ConfigError unless the option exists; `null` chooses no experiment."""
    group, option = override.key_or_group, cast(Any, override.value())
    names = list(groups[group])
    if option is None and group == "experiment":
        return
    several = group == SEVERAL and isinstance(option, list) and option
    if unknown := [each for each in (option if several else [option]) if each not in names]:
        option = "null" if unknown[0] is None else unknown[0]
        near = nearest(f"{option!s}", names) or names
        raise ConfigError(
            f"{group}={option!s}: no such {group}; {did_you_mean(near)} "
            f"(`ganlab list {group}` shows all)"
        )


def refuse_unreadable(override: Override, groups: Options) -> None:
    """Raise ConfigError, with the file, where a chosen option's is no mapping of keys."""
    option: Any = override.value()
    for name in option if isinstance(option, list) else [option]:
        if file := groups[override.key_or_group].get(str(name)):
            with refused(f"{file}: "):
                if isinstance(OmegaConf.load(file), ListConfig):
                    raise ValueError("it must be a mapping of keys")


def refuse_unknown_key(key: str, base: DictConfig, groups: Options) -> None:
    """Raise ConfigError, with the nearest names, for a key that nothing would read."""
    if key.startswith("hydra."):
        raise ConfigError(f"{key}: ganlab makes the run directory itself; use output= and name=")
    if key in OF_VERBS:
        raise ConfigError(f"{key}: no group of a run; `ganlab {key}` takes what it has")
    if not schema.is_known(key, base):
        names = [name for name in dict.fromkeys([*keys(base), *groups]) if "._" not in name]
        leaf = key.rpartition(".")[2]
        same_leaf = [name for name in names if name.rpartition(".")[2] == leaf]
        refuse_key(key, same_leaf or nearest(re.sub(r"\.players\.\w+", "", key), names))


def refuse_strays(config: DictConfig, groups: Options) -> None:
    """Raise ConfigError for what the user's own option files add and nothing would read.

    A node with a `_target_` is held against its target's parameters when it is built.
    """
    ours = schema.plain(OmegaConf.load(shipped() / "train.yaml"))
    sections = {key: node for key, node in ours.items() if isinstance(node, dict)}
    sections |= schema.plain(whole_options())
    sections[""] = {**ours, **groups}
    for section in sections.keys() - {*groups, "hydra"} | WHOLE.keys():
        node, known = OmegaConf.select(config, section) if section else config, sections[section]
        schema.demand(section, node, schema.KINDS[dict])
        for key in {*map(str, node)} - known.keys():
            refuse_key(f"{section}.{key}".lstrip("."), nearest(key, sorted(known)))


def refuse_gaps(config: DictConfig) -> None:
    """Raise ConfigError for what a runtime or health monitor of the user's own leaves open."""
    for key in sorted({*keys(whole_options())} - {*keys(config)}):
        group = key.partition(".")[0]
        start = f"`ganlab copy {group}/{WHOLE[group]}` for a start"
        raise ConfigError(f"{key}: a {group} option must say it; {start}")


def whole_options() -> DictConfig:
    """The groups whose options all have the same keys, with a shipped option that has them."""
    return OmegaConf.create(
        {g: OmegaConf.load(shipped() / g / f"{option}.yaml") for g, option in WHOLE.items()}
    )


def refuse_key(key: str, near: Sequence[str]) -> NoReturn:
    hint = did_you_mean(near) if near else "`ganlab show` lists all keys"
    raise ConfigError(f"{key}: no such key; {hint}")


def set_keys(key: str, value: Any) -> Iterator[str]:
    """The key that a word sets, and those inside a mapping that it gives."""
    yield key
    if isinstance(value, dict):
        for inner, child in value.items():
            yield from set_keys(f"{key}.{inner}", child)


def keys(config: DictConfig, prefix: str = "") -> Iterator[str]:
    """All dotted keys of a configuration, inner nodes included."""
    for key in map(str, config):
        yield f"{prefix}{key}"
        child = config._get_node(key)
        if isinstance(child, DictConfig) and not child._is_none():
            yield from keys(child, f"{prefix}{key}.")
