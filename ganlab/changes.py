"""What a run's configuration may become on resume."""

from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Any

from omegaconf import OmegaConf

from ganlab import schema
from ganlab.compose import compose, listed, parse
from ganlab.differences import differences
from ganlab.errors import ConfigError
from ganlab.keys import flat
from ganlab.options import chosen, options, user_directories
from ganlab.refusals import refuse_unknown_key, refuse_unknown_option, refused
from ganlab.runs import Run

FREE = (
    "rounds",
    "*_every",
    "keep",
    "best.*",
    "metrics",
    "metrics.*",
    "health",
    "health.*",
    "evaluate.*",
    "early_stopping.*",
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
ELSEWHERE = ("runtime", "runtime.*")
"""These say where it is computed: they may change, and the run is then no longer exact."""
JUDGED = ("metrics", "metrics.*", "evaluate.*", "dataset.root", "dataset.path", "*offline")
"""These say how samples are judged."""


@dataclass(frozen=True)
class Changed:
    """A run's configuration and choices with changes, and those that make it another run."""

    config: Any
    choices: dict[str, str]
    grave: list[str]


def changed(config: Any, words: list[str], run: Run, config_dir: str | None = None) -> Changed:
    """Change a run's configuration as the words say.

    Raises ConfigError for what makes it another run, each as old -> new, unless
    `resume.allow_changes` is set.
    """
    before, choices = schema.plain(config), dict(run.facts()["choices"])
    with refused():
        overrides = [parse(word) for word in words]
        for override in overrides:
            change(config, choices, override, config_dir)
        follow(config, choices, {o.key_or_group: o.value() for o in overrides}, config_dir)
        schema.refuse_out_of_range(config)
    others = differences(run.facts()["choices"], choices)
    replaced = tuple(f"{line.partition(':')[0]}." for line in others)
    within = differences(before, schema.plain(config))
    lines = [*others, *(line for line in within if not line.startswith(replaced))]
    grave = [line for line in lines if not is_among(line, FREE + ELSEWHERE)]
    refuse_grave(grave, config)
    return Changed(config, choices, grave)


def judged_by(config: Any, words: list[str], run: Run, config_dir: str | None) -> Any:
    """A run's configuration, to judge it as the words say. Raises ConfigError for other words."""
    choices = dict(run.facts()["choices"])
    with refused():
        for override in map(parse, words):
            change(config, choices, override, config_dir)
            if not is_among(override.key_or_group, JUDGED):
                key = override.key_or_group
                raise ConfigError(
                    f"{key}=: what was trained stays as it is; metrics=, samples= and the like "
                    "say how it is judged"
                )
        schema.refuse_out_of_range(config)
    return config


def refuse_grave(changes: list[str], config: Any) -> None:
    """Raise ConfigError for changes of what is learnt, unless the configuration allows them."""
    if changes and not config.resume.allow_changes:
        raise ConfigError(
            "this would be another run:\n  " + "\n  ".join(changes) + "\n"
            "resume.allow_changes=true resumes it all the same, and `ganlab train init_from=` "
            "starts a new one from here"
        )


def change(config: Any, choices: dict[str, str], override: Any, config_dir: str | None) -> None:
    """Set one key, or put another option in the place of a group's."""
    key, groups = override.key_or_group, options(user_directories(config_dir))
    if key in groups:
        refuse_unknown_option(override, groups)
        choices[key] = listed(override)
        option = compose([f"{key}={choices[key]}"], config_dir).config
        config[key] = OmegaConf.create(schema.unresolved(option[key]))
        return
    refuse_unknown_key(key, config, groups)
    before = config.copy()
    OmegaConf.update(config, key, override.value(), force_add=True)
    schema.refuse_other_type(key, before, config)


def follow(
    config: Any, choices: dict[str, str], changes: dict[str, Any], config_dir: str | None
) -> None:
    """Let keys whose options say no more than `${KEY}` follow one that was set."""
    values = {key: value for key, value in changes.items() if key not in choices}
    if not values:
        return
    groups = options(user_directories(config_dir))
    try:
        composed = compose(chosen(choices, groups), config_dir).config
    except ConfigError:  # an option of the user's that is not at hand
        return
    written = dict(flat(schema.unresolved(composed)))
    followers = {key: text[2:-1] for key, text in written.items() if str(text).startswith("${")}
    while following := {k: values[to] for k, to in followers.items() if to in values.keys() - {k}}:
        for key in following:
            del followers[key]
        values |= {key: value for key, value in following.items() if key not in changes}
    for key in values.keys() - changes.keys():
        OmegaConf.update(config, key, values[key])


def is_among(line: str, patterns: tuple[str, ...]) -> bool:
    key = line.partition(":")[0]
    return any(fnmatch(key, pattern) for pattern in patterns)
