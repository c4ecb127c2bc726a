"""Whose code a run's configuration may name: a run from elsewhere is data, not a program."""

import functools
import inspect
from collections.abc import Iterable, Iterator
from typing import Any

from torch import nn, optim

from ganlab import schema
from ganlab.errors import ConfigError
from ganlab.options import named_targets, shipped

KINDS = {"torch.nn.": nn.Module, "torch.optim.": optim.Optimizer}
"""The classes of torch that are no more than what they are called."""
MODELS = "torchvision.models."


def refuse_foreign_targets(config: Any, trusted: Iterable[str]) -> None:
    """Raise ConfigError for what would let a configuration run code of its own.

    What the shipped options name is allowed, torch's modules and optimizers, torchvision's models,
    and whatever is `trusted`, by its own name or that of its module or package. A run's
    configuration is resolved: an interpolation in it was put there.
    """
    trusted = tuple(trusted)
    content = schema.unresolved(config)
    for text in texts(content):
        if "${" in text:
            raise ConfigError(f"{text!r}: a run's configuration holds values, no interpolations")
    for target in targets(content):
        if not is_named(target, trusted) and not is_own(target):
            raise ConfigError(
                f"_target_={target}: this run would run code that is not ganlab's; if you trust "
                f"it, say trust={target.rpartition('.')[0]}, or name it in an option file of your "
                "own, below ./conf or --config-dir"
            )


def is_named(target: str, trusted: tuple[str, ...]) -> bool:
    return any(target == name or target.startswith(f"{name}.") for name in trusted)


def texts(node: Any) -> Iterator[str]:
    """Every text anywhere in dicts and lists, keys included."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for key, child in node.items():
            yield from texts(key)
            yield from texts(child)
    elif isinstance(node, list):
        for child in node:
            yield from texts(child)


def targets(node: Any) -> Iterator[str]:
    """Every `_target_` anywhere in dicts and lists."""
    if isinstance(node, dict):
        yield from (str(value) for key, value in node.items() if key == "_target_")
    if isinstance(node, dict | list):
        for child in node.values() if isinstance(node, dict) else node:
            yield from targets(child)


def is_own(target: str) -> bool:
    """Whether a shipped option names a target, or torch defines it as a module or an optimizer."""
    if target in own_targets():
        return True
    if target.startswith(MODELS):
        return is_defined(schema.located(target), MODELS)
    for place, kind in KINDS.items():
        if target.startswith(place):
            found = schema.located(target)
            return inspect.isclass(found) and issubclass(found, kind) and is_defined(found, place)
    return False


def is_defined(found: Any, place: str) -> bool:
    """Whether a class or function is defined, not merely reachable, in a place."""
    is_kind = inspect.isclass(found) or inspect.isfunction(found)
    return is_kind and f"{found.__module__}.".startswith(place)


@functools.cache
def own_targets() -> set[str]:
    """What the shipped options build."""
    return named_targets([shipped()])
