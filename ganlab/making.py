"""From a node of the configuration to what it names."""

import functools
from collections.abc import Callable
from typing import Any

from hydra.utils import instantiate
from omegaconf import DictConfig

from ganlab.errors import ConfigError
from ganlab.schema import located, parameters, plain


def make(node: Any, key: str) -> Any:
    """Instantiate a node, or with `_partial_` bind it; `key` is what messages call it.

    Raises ConfigError for keys that its target does not take and values that it refuses.
    """
    node = plain(node) if isinstance(node, DictConfig) else node
    settings = {name: value for name, value in node.items() if not name.startswith("_")}
    target = located(node["_target_"])
    takes = parameters(target)
    for name in settings.keys() - takes.keys():
        raise ConfigError(f"{key}.{name}: no such key; {node['_target_']} takes {', '.join(takes)}")
    settings = instantiate(settings, _convert_="all")
    if node.get("_partial_"):
        return functools.partial(target, **settings)
    return attempt(key, target, **settings)


def attempt(key: str, target: Callable, *parts: Any, **settings: Any) -> Any:
    """Build, and blame the key's values where they are refused. Raises ConfigError."""
    try:
        return target(*parts, **settings)
    except (TypeError, ValueError, ArithmeticError) as error:
        raise ConfigError(f"{key}: {error}") from error
