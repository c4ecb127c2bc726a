"""Runs of an older ganlab: what their configurations lack is filled in from what is shipped."""

from typing import Any

from omegaconf import DictConfig

from ganlab.compose import compose
from ganlab.errors import ConfigError


def complete(config: Any, saved: Any, choices: dict[str, str], config_dir: str | None) -> list[str]:
    """Add the keys that were lost, as they were `saved`, and those that the options have by now.

    Says which of the latter, with their values. Raises ConfigError for a run of a newer ganlab,
    whose keys would not be understood.
    """
    fill(config, saved, "")
    try:
        words = [f"{group}={option}" for group, option in choices.items()]
        shipped = compose(words, config_dir).config
    except ConfigError:  # an option of the user's that is not at hand: the run has all its keys
        return []
    if not isinstance(config.version, int) or config.version > shipped.version:
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
        elif isinstance(shipped[key], DictConfig):
            if not isinstance(node[key], DictConfig):
                raise ConfigError(f"{prefix}{key}: the run's config.yaml is damaged, this has keys")
            added += fill(node[key], shipped[key], f"{prefix}{key}.")
    return added
