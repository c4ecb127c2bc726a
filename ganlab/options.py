"""Where options lie: the shipped configuration, then the user's own directories."""

import functools
import os
import re
import sys
from pathlib import Path
from typing import Any

import yaml

from ganlab.errors import ConfigError

Options = dict[str, dict[str, Path]]
"""The file of every option, by group and name."""
OF_VERBS = {"study"}
"""Groups whose options a verb of the same name takes, and not `ganlab train`."""


def shipped() -> Path:
    """The configuration that comes with ganlab, beside the code or inside its package."""
    inside = Path(__file__).parent / "conf"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "conf"


def user_directories(config_dir: str | None) -> list[Path]:
    """`config_dir` and `./conf`, where they are. Raises ConfigError for shipped names in them."""
    if config_dir and not os.path.isdir(config_dir):
        raise ConfigError(f"--config-dir={config_dir}: no such directory")
    here = Path("conf")
    own = [here] if here.is_dir() and here.resolve() != shipped().resolve() else []
    places = [Path(config_dir)] if config_dir else []
    for place in [*places, *own]:
        for file in place.rglob("*.yaml"):
            if (shipped() / file.relative_to(place)).exists():
                raise ConfigError(f"{file} has the name of a shipped option; rename it")
    return [*places, *own]


def make_importable(directories: list[Path]) -> None:
    """Let the user's YAML name the user's own modules: those beside each directory."""
    for directory in directories:
        parent = str(directory.resolve().parent)
        if parent not in sys.path:
            sys.path.append(parent)


def stamps(directories: list[Path]) -> tuple[tuple[Path, int], ...]:
    """The user's option files and when they were changed."""
    files = (file for place in directories for file in sorted(place.rglob("*.yaml")))
    return tuple((f.absolute(), f.stat().st_mtime_ns) for f in files if f.is_file())


def options(directories: list[Path]) -> Options:
    """The file of every option that `ganlab train` takes, by group and name."""
    return {g: found for g, found in all_options(directories).items() if g not in OF_VERBS}


def all_options(directories: list[Path]) -> Options:
    """The file of every option, by group and name."""
    found: Options = {}
    for place in [shipped(), *directories]:
        for file in sorted(place.glob("*/*.yaml")):
            found.setdefault(file.parent.name, {})[file.stem] = file
    return found


@functools.cache
def contents(group: str) -> dict[str, Any]:
    """What the shipped files of a group say, by option, as they are written."""
    files = options([])[group]
    return {name: yaml.safe_load(file.read_text("utf-8")) for name, file in files.items()}


def chosen(choices: dict[str, str], groups: Options) -> list[str]:
    """The words that choose what a run says it has chosen.

    Raises ConfigError for what is no option at hand: a run from elsewhere may say anything.
    """
    for group, option in choices.items():
        if not all(each in groups.get(group, {}) for each in str(option).strip("[]").split(",")):
            raise ConfigError(f"{group}={option}: the run has chosen it, and it is not at hand")
    return [f"{group}={option}" for group, option in choices.items()]


def named_targets(directories: list[Path]) -> set[str]:
    """Every `_target_` that the user's own option files name."""
    files = (file for directory in directories for file in directory.rglob("*.yaml"))
    return {t for file in files for t in re.findall(r"_target_: *(\S+)", file.read_text("utf-8"))}
