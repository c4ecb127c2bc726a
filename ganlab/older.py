"""Runs of an older ganlab: what their configurations lack is filled in from what is shipped."""

from typing import Any

from omegaconf import DictConfig

from ganlab.compose import compose
from ganlab.errors import ConfigError
from ganlab.options import chosen, options, user_directories


def complete(config: Any, saved: Any, choices: dict[str, str], config_dir: str | None) -> list[str]:
    """Add the keys that were lost, as they were `saved`, and those that the options have by now.

    Says which of the latter, with their values. Raises ConfigError for a run of a newer ganlab,
    whose keys would not be understood.
    """
    fill(config, saved, "")
    try:
        words = chosen(choices, options(user_directories(config_dir)))
        composed = compose(words, config_dir)
    except ConfigError:  # an option of the user's that is not at hand: the run has all its keys
        return []
    shipped = composed.config
    if not isinstance(config.version, int) or config.version > shipped.version:
        raise ConfigError(f"version={config.version}: this run is of a newer ganlab; update yours")
    groups = {g: o for g, o in composed.choices.items() if g in shipped and g not in config}
    config.update({group: shipped[group] for group in groups})
    return [f"{group}={option}" for group, option in groups.items()] + fill(config, shipped, "")


def fill(node: Any, shipped: Any, prefix: str) -> list[str]:
    """Add what is missing in a node that builds the same thing, and in those below it."""
    if node.get("_target_") != shipped.get("_target_"):
        return []
    added = []
    for key in map(str, shipped):
        if key not in node:
            node[key] = shipped[key]
            is_node = isinstance(shipped[key], DictConfig)
            added.append(f"{prefix}{key}" if is_node else f"{prefix}{key}={shipped[key]}")
        elif isinstance(shipped[key], DictConfig):
            if not isinstance(node[key], DictConfig):
                raise ConfigError(f"{prefix}{key}: the run's config.yaml is damaged, this has keys")
            added += fill(node[key], shipped[key], f"{prefix}{key}.")
    return added
