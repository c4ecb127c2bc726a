"""Runs of an older ganlab: what their configurations lack is filled in from what is shipped."""

from typing import Any

from omegaconf import DictConfig

from ganlab.compose import compose
from ganlab.errors import ConfigError


def complete(config: Any, choices: dict[str, str], config_dir: str | None) -> list[str]:
    """Add the keys that the chosen options have by now; says which, with their values.

    Raises ConfigError for a run of a newer ganlab, whose keys would not be understood.
    """
    try:
        words = [f"{group}={option}" for group, option in choices.items()]
        shipped = compose(words, config_dir).config
    except ConfigError:  # an option of the user's that is not at hand: the run has all its keys
        return []
    if config.get("version", 1) > shipped.version:
        raise ConfigError(f"version={config.version}: this run is of a newer ganlab; update yours")
    return fill(config, shipped, "")


def fill(node: Any, shipped: Any, prefix: str) -> list[str]:
    """Add what is missing in a node that builds the same thing, and in those below it."""
    if node.get("_target_") != shipped.get("_target_"):
        return []
    added = []
    for key in map(str, shipped):
        if key not in node:
            node[key] = shipped[key]
            added.append(f"{prefix}{key}={shipped[key]}")
        elif isinstance(node[key], DictConfig) and isinstance(shipped[key], DictConfig):
            added += fill(node[key], shipped[key], f"{prefix}{key}.")
    return added
