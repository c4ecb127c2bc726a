"""What may stand in a configuration: known keys, their types, their ranges."""

import functools
import inspect
import logging
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatch
from typing import Any

from hydra.utils import get_object
from omegaconf import DictConfig, ListConfig, OmegaConf

from ganlab.differences import shown
from ganlab.errors import ConfigError
from ganlab.predicates import LEGIBLE, TEXT, Predicate, is_number, is_whole, one_of
from ganlab.ranges import RANGES

NETWORKS = ("network.generator", "network.discriminator")
GROUPS = ("dataset", "loss", "penalty", "augment", "prior", "optimizer")
PARTS = (*GROUPS, *NETWORKS, "optimizer.decay", "model.game")
"""The nodes that are built: each names what it builds."""
FAMILIES = ("health.alarms", "metrics")
"""The nodes of which every child is built."""
logging.getLogger("hydra.utils").setLevel(logging.CRITICAL)  # it logs what it also raises


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
        for predicate in ranges(key):
            demand(key, value, predicate)


@functools.cache
def ranges(key: str) -> list[Predicate]:
    """What must hold for a key's value."""
    return [predicate for pattern, predicate in RANGES.items() if fnmatch(key, pattern)]


def refuse_unbuildable(config: DictConfig) -> None:
    """Raise ConfigError unless every part is a mapping that names what it builds."""
    for key in (*PARTS, *(key for family in FAMILIES for key in within(config, family))):
        node = OmegaConf.select(config, key)
        if not isinstance(node, DictConfig) or not isinstance(node.get("_target_"), str):
            raise ConfigError(
                f"{key}._target_: nothing says what {key} is; see the shipped options of "
                f"{key.partition('.')[0]} with `ganlab list`, and `ganlab copy` for a start"
            )


def within(config: DictConfig, family: str) -> list[str]:
    """The keys right below one whose every child is a part. Raises ConfigError for no mapping."""
    node = OmegaConf.select(config, family)
    demand(family, node, KINDS[dict])
    return [f"{family}.{name}" for name in node]


def refuse_other_type(key: str, base: DictConfig, config: DictConfig) -> None:
    """Hold a key that was set against the type of its shipped value. Raises ConfigError."""
    if fnmatch(key, "optimizer.players.*") and key.count(".") == 2:
        demand(key, OmegaConf.select(config, key), KINDS[dict])
    shipped = OmegaConf.select(base, key)
    if shipped is None or ranges(key):
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
    one player (`optimizer.players.generator.lr`) is known if the key that it refines is. A list has
    its places for keys: `optimizer.betas.0`.
    """
    parent, _, leaf = key.rpartition(".")
    if fnmatch(key, "optimizer.players.*.*"):
        return is_known(f"optimizer.{leaf}", base)
    if fnmatch(key, "optimizer.players.*"):
        return True
    node = OmegaConf.select(base, parent) if parent else base
    if isinstance(node, ListConfig):
        return leaf.isdecimal() and int(leaf) < len(node)
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
