"""Whose code a run's configuration may name: a run from elsewhere is data, not a program."""

import inspect
from collections.abc import Iterable, Iterator
from typing import Any

from ganlab import schema
from ganlab.errors import ConfigError

ROOMS = ("games", "networks", "losses", "penalties", "priors", "datasets", "optimizers")
OWN = (*(f"ganlab.{room}." for room in ROOMS), "torch.nn.", "torch.optim.", "torchvision.models.")


def refuse_foreign_targets(config: Any, trusted: Iterable[str]) -> None:
    """Raise ConfigError for a `_target_` with which a configuration might run code of its own.

    The rooms' classes and torch's are allowed, and whatever is `trusted`, by its own name or that
    of its module or package.
    """
    trusted = tuple(trusted)
    for target in targets(schema.plain(config)):
        if not is_named(target, trusted) and not is_own(target):
            raise ConfigError(
                f"_target_={target}: this run would run code that is not ganlab's; if you trust "
                f"it, say trust={target.rpartition('.')[0]}, or name it in an option file of your "
                "own, below ./conf or --config-dir"
            )


def is_named(target: str, trusted: tuple[str, ...]) -> bool:
    return any(target == name or target.startswith(f"{name}.") for name in trusted)


def targets(node: Any) -> Iterator[str]:
    """Every `_target_` anywhere in dicts and lists."""
    if isinstance(node, dict):
        yield from (str(value) for key, value in node.items() if key == "_target_")
    if isinstance(node, dict | list):
        for child in node.values() if isinstance(node, dict) else node:
            yield from targets(child)


def is_own(target: str) -> bool:
    """Whether a target is defined, not merely reachable, in a place of `OWN`."""
    if not target.startswith(OWN):
        return False
    found = schema.located(target)
    is_kind = inspect.isclass(found) or inspect.isfunction(found)
    return is_kind and f"{found.__module__}.".startswith(OWN)
