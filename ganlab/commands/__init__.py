"""Commands: one file a verb, each with `EXAMPLES`, `add_arguments` and `run`.

A positional argument's name in the help says what may stand there: `RUN`, `GROUP`, `GROUP/OPTION`,
`DATASET|PATH`, `KEY=VALUE`. Completion offers it, and `KEY=VALUE` words are held against habits of
other tools. The keys are those of the configuration, or of a command's own `SETTINGS`, with
`VALUES` where they are few; or, where it says that it `COMPOSES`, both.
"""

import argparse
import importlib
from collections.abc import Iterable, Sequence
from types import ModuleType

from ganlab.keys import Vocabulary, vocabulary
from ganlab.parser import Parser

VERBS = {
    "train": "train a recipe on a dataset, in a run directory of its own",
    "tune": "search settings for the best metric, ending bad runs early",
    "resume": "continue a run exactly where its last checkpoint left it",
    "sample": "draw samples from a run",
    "evaluate": "judge samples, of a run or of a folder: how good, diverse and new",
    "study": "compare recipes fairly: search each, repeat its best with seeds",
    "compare": "compare runs: what tells them apart, and how good they are",
    "list": "list what can be chosen: datasets, models, losses, ...",
    "copy": "copy an option's file, to edit it and choose it by its new name",
    "show": "show a configuration and the origin of its values, or a run",
    "path": "print where a run is",
    "rm": "delete runs, after a question",
    "data": "check, prepare or forget what trainings read",
    "doctor": "look over this machine: versions, devices, disk, data",
    "tensorboard": "look at all runs in TensorBoard",
    "completion": "complete verbs, options and keys in bash, zsh or fish",
}


def command(verb: str) -> ModuleType:
    return importlib.import_module(f"ganlab.commands.{verb}")


def parser(verb: str) -> Parser:
    """The parser of a verb's words."""
    parser = Parser(
        f"ganlab {verb}",
        description=f"{VERBS[verb].capitalize()}.\n\nexamples:\n{indented(command(verb).EXAMPLES)}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="say only what goes wrong")
    parser.add_argument("-v", "--verbose", action="store_true", help="say more")
    command(verb).add_arguments(parser)
    return parser


def settable(verb: str, words: Sequence[str]) -> Vocabulary:
    """What a verb may set beside its words."""
    if not parser(verb).takes_settings:
        return Vocabulary()
    own = dict.fromkeys(getattr(command(verb), "SETTINGS", ()))
    values = getattr(command(verb), "VALUES", {})
    if own and not getattr(command(verb), "COMPOSES", False):
        return Vocabulary(own, values=values)
    known = vocabulary(words)
    return Vocabulary({**known.keys, **own}, known.groups, {**known.values, **values})


def indented(lines: Iterable[str]) -> str:
    return "\n".join(f"  {line}" for line in lines)
