"""What a run's configuration may become on resume."""

from fnmatch import fnmatch
from typing import Any

from omegaconf import OmegaConf

from ganlab import schema
from ganlab.compose import compose, parse, refuse_unknown_key, refuse_unknown_option
from ganlab.errors import ConfigError
from ganlab.options import options
from ganlab.runs import Run

FREE = (
    "rounds",
    "*_every",
    "keep",
    "best.*",
    "progress",
    "name",
    "tags",
    "offline",
    "on_nan",
    "resume.*",
    "preempt.*",
    "slurm.*",
    "debug.*",
    "dataset.root",
    "dataset.path",
    "dataset.offline",
)
"""Nothing of these changes a bit of what is learnt."""
ELSEWHERE = ("runtime.*",)
"""These say where it is computed: they may change, and the run is then no longer exact."""


def changed(config: Any, words: list[str], run: Run) -> tuple[Any, list[str]]:
    """The configuration with the words' changes, and those which make the run another one.

    Raises ConfigError for them, each as old -> new, unless `resume.allow_changes` is set.
    """
    before = schema.plain(config)
    for override in map(parse, words):
        change(config, override, run)
    schema.refuse_out_of_range(config)
    found = schema.differences(before, schema.plain(config))
    grave = [line for line in found if not is_among(line, FREE + ELSEWHERE)]
    refuse_grave(grave, config)
    return config, grave


def refuse_grave(changes: list[str], config: Any) -> None:
    """Raise ConfigError for changes of what is learnt, unless the configuration allows them."""
    if changes and not config.resume.allow_changes:
        raise ConfigError(
            "this would be another run:\n  " + "\n  ".join(changes) + "\n"
            "resume.allow_changes=true resumes it all the same, and `ganlab train init_from=` "
            "starts a new one from here"
        )


def change(config: Any, override: Any, run: Run) -> None:
    """Set one key, or put another option in the place of a group's."""
    key, groups = override.key_or_group, options([])
    if key in groups:
        refuse_unknown_option(override, groups)
        choices = {**run.facts()["choices"], key: override.value()}
        config[key] = compose([f"{g}={c}" for g, c in choices.items()]).config[key]
        return
    refuse_unknown_key(key, config, groups)
    before = config.copy()
    OmegaConf.update(config, key, override.value(), force_add=True)
    schema.refuse_other_type(key, before, config)


def is_among(line: str, patterns: tuple[str, ...]) -> bool:
    key = line.partition(":")[0]
    return any(fnmatch(key, pattern) for pattern in patterns)
