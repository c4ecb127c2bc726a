"""`ganlab list`: what can be chosen, read from the first line of each option's file."""

import argparse
from pathlib import Path

from ganlab.columns import folded
from ganlab.commands.arguments import add_config_dir
from ganlab.errors import ConfigError
from ganlab.options import all_options, user_directories

EXAMPLES = ("ganlab list", "ganlab list model", "ganlab list dataset --config-dir my")

WIDEST = 24
"""Columns that names get; descriptions after longer ones begin farther right."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("group", nargs="?", metavar="GROUP", help="one group in place of all")
    add_config_dir(parser)


def run(arguments: argparse.Namespace) -> None:
    groups = all_options(user_directories(arguments.config_dir))
    if arguments.group and arguments.group not in groups:
        raise ConfigError(f"{arguments.group}: no such group; the groups are {', '.join(groups)}")
    for group in [arguments.group] if arguments.group else groups:
        print(group)
        width = min(max(map(len, groups[group])), WIDEST)
        for name, file in groups[group].items():
            print("\n".join(folded(f"  {name:{width}}  ", description(file))))


def description(file: Path) -> str:
    """The first comment of an option's file that is not a directive of Hydra's."""
    with open(file, encoding="utf-8") as lines:
        comments = (line[1:].strip() for line in lines if line.startswith("#"))
        return next((c for c in comments if not c.startswith("@")), "")
