"""`ganlab copy`: an option's file, to edit and to choose by its new name."""

import argparse
import logging
import os
import shlex
from pathlib import Path

from ganlab.commands.arguments import add_config_dir
from ganlab.errors import ConfigError, OutputError
from ganlab.nearest import hint
from ganlab.options import OF_VERBS, all_options, shipped, user_directories

EXAMPLES = (
    "ganlab copy model/wgan_gp",
    "ganlab copy model/wgan_gp ./my/model/mine.yaml",
    "ganlab copy dataset/mnist conf/dataset/mnist_flipped.yaml",
)
log = logging.getLogger("ganlab")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("option", metavar="GROUP/OPTION", help="as `ganlab list` names them")
    parser.add_argument(
        "target",
        nargs="?",
        metavar="TARGET",
        help="a new file DIR/GROUP/NAME.yaml (conf/GROUP/my_OPTION.yaml); options in ./conf are "
        "found by themselves, those elsewhere with --config-dir DIR",
    )
    add_config_dir(parser)


def run(arguments: argparse.Namespace) -> None:
    group, name = named(arguments.option)
    source = original(group, name, arguments.config_dir)
    target = Path(arguments.target or f"conf/{group}/my_{name}.yaml")
    refuse_target(target, group)
    duplicate(source, target)
    print(target)
    log.info(f"edit it, then\n  {next_command(target)}")


def named(option: str) -> tuple[str, str]:
    """Group and name of an option."""
    group, slash, name = option.removesuffix(".yaml").partition("/")
    if not (group and slash and name):
        raise ConfigError(f"{option}: write GROUP/OPTION, such as model/wgan_gp")
    return group, name


def original(group: str, name: str, config_dir: str | None) -> Path:
    """The file of an option. Raises ConfigError, with the nearest names, where there is none."""
    groups = all_options(user_directories(config_dir))
    if group not in groups:
        raise ConfigError(f"{group}/{name}: no such group; {hint(group, groups)}")
    if name not in groups[group]:
        raise ConfigError(f"{group}/{name}: no such {group}; {hint(name, groups[group])}")
    return groups[group][name]


def refuse_target(target: Path, group: str) -> None:
    """Raise ConfigError for a file that could not be chosen as an option of the group."""
    home, name = target.absolute().parent, target.stem
    if target.suffix != ".yaml":
        raise ConfigError(f"{target}: write a file, such as {target / group / 'mine.yaml'}")
    if home.name != group:
        right = target.parent / group / target.name
        raise ConfigError(f"{target}: an option of {group} is found in {group}/; write {right}")
    if (shipped() / group / target.name).exists():
        right = target.with_name(f"my_{name}.yaml")
        raise ConfigError(f"{target}: {group}={name} is shipped already; write {right}")
    if os.path.lexists(target):
        raise ConfigError(f"{target} exists and is not overwritten; choose another name")


def duplicate(source: Path, target: Path) -> None:
    """Copy into a new file, whose directories are made. Raises OutputError."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with open(target, "xb") as file:
            file.write(source.read_bytes())
    except OSError as error:
        raise OutputError(f"{error.filename} cannot be written ({error.strerror})") from error


def next_command(target: Path) -> str:
    """The command that takes the new option."""
    home = target.absolute().parent
    place = home.parent if target.is_absolute() else Path(os.path.relpath(home.parent))
    choice = ["train", f"{home.name}={target.stem}"]
    words = ["ganlab", *([home.name, target.stem] if home.name in OF_VERBS else choice)]
    is_found = home.parent == Path("conf").absolute()
    return shlex.join(words if is_found else [*words, "--config-dir", str(place)])
