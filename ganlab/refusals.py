"""What no configuration can be made of is refused: by its key, with the nearest that there is."""

import functools
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn, cast

from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from ganlab import schema
from ganlab.errors import ConfigError
from ganlab.nearest import did_you_mean, nearest
from ganlab.options import OF_VERBS, Options, shipped

BROKEN = (HydraException, OmegaConfBaseException, YAMLError, ValueError, OSError)
"""What Hydra raises for files and values that it cannot make a configuration of."""
SEVERAL = "metrics"
"""The group of which several options may be chosen, as in `metrics=[fid,kid]`."""
WHOLE = {"runtime": "auto", "health": "none"}
"""Groups whose options are no node: each has all keys that this shipped one has."""


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
        file = groups[override.key_or_group].get(str(name))
        if file and not file.is_relative_to(shipped()):
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
        names = [name for name in dict.fromkeys([*schema.keys(base), *groups]) if "._" not in name]
        leaf = key.rpartition(".")[2]
        same_leaf = [name for name in names if name.rpartition(".")[2] == leaf]
        refuse_key(key, same_leaf or nearest(re.sub(r"\.players\.\w+", "", key), names))


def refuse_strays(config: DictConfig, groups: Iterable[str]) -> None:
    """Raise ConfigError for what the user's own option files add and nothing would read.

    A node with a `_target_` is held against its target's parameters when it is built.
    """
    sections = {**shipped_sections(), "": shipped_sections()[""] | {*groups}}
    for section in sections.keys() - {*groups, "hydra"} | WHOLE.keys():
        node, known = OmegaConf.select(config, section) if section else config, sections[section]
        schema.demand(section, node, schema.KINDS[dict])
        for key in {*map(str, node)} - known:
            refuse_key(f"{section}.{key}".lstrip("."), nearest(key, sorted(known)))


@functools.cache
def shipped_sections() -> dict[str, frozenset[str]]:
    """The keys of every section of `train.yaml`, itself included, and of groups that are whole."""
    ours = schema.plain(OmegaConf.load(shipped() / "train.yaml"))
    nodes = {"": ours, **ours, **schema.plain(whole_options())}
    return {name: frozenset(node) for name, node in nodes.items() if isinstance(node, dict)}


def refuse_gaps(config: DictConfig) -> None:
    """Raise ConfigError for what a runtime or health monitor of the user's own leaves open."""
    for key in sorted({*schema.keys(whole_options())} - {*schema.keys(config)}):
        group = key.partition(".")[0]
        start = f"`ganlab copy {group}/{WHOLE[group]}` for a start"
        raise ConfigError(f"{key}: a {group} option must say it; {start}")


@functools.cache
def whole_options() -> DictConfig:
    """The groups whose options all have the same keys, with a shipped option that has them."""
    return OmegaConf.create(
        {g: OmegaConf.load(shipped() / g / f"{option}.yaml") for g, option in WHOLE.items()}
    )


def refuse_key(key: str, near: Sequence[str]) -> NoReturn:
    hint = did_you_mean(near) if near else "`ganlab show` lists all keys"
    raise ConfigError(f"{key}: no such key; {hint}")
