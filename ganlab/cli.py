"""The command line: a verb picks a command; nothing heavy is imported before the verb is known."""

import argparse
import importlib
import os
import sys
from collections.abc import Iterable, Sequence
from typing import NoReturn

from ganlab import console
from ganlab.errors import GanlabError

VERBS = {
    "train": "train a recipe on a dataset, in a run directory of its own",
    "resume": "continue a run exactly where its last checkpoint left it",
    "sample": "draw samples from a run",
    "list": "list what can be chosen: datasets, models, losses, ...",
    "show": "show a configuration and the origin of its values, or a run",
    "tensorboard": "look at all runs in TensorBoard",
}

EXAMPLES = (
    "ganlab train dataset=digits rounds=200",
    "ganlab train model=wgan_gp dataset=mnist",
    "ganlab sample last n=64 seed=3",
)


def main(words: Sequence[str] | None = None) -> NoReturn:
    """Run one command and exit with its code: 0, or the code of the error that it ended with."""
    sys.exit(dispatch(list(sys.argv[1:] if words is None else words)))


def dispatch(words: list[str]) -> int:
    """The exit code of the command that the words ask for."""
    if not words or words[0] in {"-h", "--help", "help"}:
        print(overview())
        return 0
    if words[0] == "--version":
        print(versions())
        return 0
    try:
        return run(words[0], words[1:])
    except GanlabError as error:
        return refuse(error)
    except KeyboardInterrupt:
        print("ganlab: interrupted", file=sys.stderr)
        return 130


def run(verb: str, words: list[str]) -> int:
    """Import the verb's command, parse its words, run it."""
    if verb not in VERBS:
        print(f"ganlab: {verb!r} is no verb{suggestion(verb)}", file=sys.stderr)
        return 2
    command = importlib.import_module(f"ganlab.commands.{verb}")
    parser = argparse.ArgumentParser(
        f"ganlab {verb}",
        description=f"{VERBS[verb].capitalize()}.\n\nexamples:\n{indented(command.EXAMPLES)}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="say only what goes wrong")
    parser.add_argument("-v", "--verbose", action="store_true", help="say more")
    command.add_arguments(parser)
    arguments = parser.parse_intermixed_args(words)
    console.listen(arguments.quiet, arguments.verbose)
    return command.run(arguments) or 0


def refuse(error: GanlabError) -> int:
    """Say what is wrong on standard error; with GANLAB_DEBUG=1 show where it was found."""
    if os.environ.get("GANLAB_DEBUG") == "1":
        raise error
    print(f"ganlab: {error}", file=sys.stderr)
    return error.exit_code


def overview() -> str:
    """The verbs, one line each, and examples to copy."""
    verbs = indented(f"{verb:12} {summary}" for verb, summary in VERBS.items())
    return (
        f"usage: ganlab VERB [words]\n\n{verbs}\n\nexamples:\n{indented(EXAMPLES)}\n\n"
        "`ganlab VERB --help` tells more of a verb, `ganlab --version` the versions."
    )


def indented(lines: Iterable[str]) -> str:
    return "\n".join(f"  {line}" for line in lines)


def suggestion(verb: str) -> str:
    import difflib

    near = difflib.get_close_matches(verb, VERBS, n=1)
    return f"; did you mean `ganlab {near[0]}`?" if near else f"; the verbs are {', '.join(VERBS)}"


def versions() -> str:
    from importlib.metadata import version

    return "  ".join(f"{name} {version(name)}" for name in ("ganlab", "torch", "hydra-core"))
