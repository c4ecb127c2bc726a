"""The command line: a verb picks a command; nothing heavy is imported before the verb is known."""

import errno
import functools
import os
import sys
from typing import NoReturn

from ganlab import console, interrupts
from ganlab.commands import VERBS, command, indented, parser, settable
from ganlab.errors import ConfigError, GanlabError, OutputError
from ganlab.nearest import nearest

EXAMPLES = (
    "ganlab train dataset=digits rounds=200",
    "ganlab train model=wgan_gp dataset=mnist",
    "ganlab sample last n=64 seed=3",
)


def main() -> NoReturn:
    """Run one command and exit with its code: 0, or the code of the error that it ended with."""
    console.prepare()
    code: int | str | None = 0
    try:
        try:
            code = dispatch(sys.argv[1:])
        except SystemExit as leaving:  # of argparse, which has said something
            code = leaving.code
        sys.stdout.flush()
    except BrokenPipeError:  # of `| head`: the reader has had enough, which is no failure
        console.silence(sys.stdout)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        console.silence(sys.stdout)
        code = refuse(OutputError(f"what was to be said cannot be written ({error.strerror})"))
    sys.exit(code)


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
    except (Exception, KeyboardInterrupt) as error:
        if isinstance(error, KeyboardInterrupt) or interrupts.came():
            console.say(interrupts.SAID, sys.stderr)
            return interrupts.exit_code()
        if isinstance(error, GanlabError):
            return refuse(error)
        raise


def run(verb: str, words: list[str]) -> int:
    """Import the verb's command, parse its words, run it."""
    from ganlab import habits

    if verb not in VERBS:
        guess = next((word for word in words if word in VERBS), "train")
        rest = [verb, *(word for word in words if word != guess)]
        habits.refuse_missing_verb(rest, parser(guess), functools.partial(settable, guess))
        raise ConfigError(f"{verb!r} is no verb; {verb_hint(verb)}")
    habits.refuse(words, parser(verb), functools.partial(settable, verb))
    arguments = parser(verb).parse_intermixed_args(words)
    console.listen(arguments.quiet, arguments.verbose)
    return command(verb).run(arguments) or 0


def refuse(error: GanlabError) -> int:
    """Say what is wrong on standard error; with GANLAB_DEBUG=1 show where it was found."""
    if os.environ.get("GANLAB_DEBUG") == "1":
        raise error
    console.say(console.legible(f"ganlab: {error}"), sys.stderr)
    return error.exit_code


def overview() -> str:
    """The verbs, one line each, and examples to copy."""
    verbs = indented(f"{verb:12} {summary}" for verb, summary in VERBS.items())
    return (
        f"usage: ganlab VERB [words]\n\n{verbs}\n\nexamples:\n{indented(EXAMPLES)}\n\n"
        "`ganlab VERB --help` tells more of a verb, `ganlab --version` the versions."
    )


def verb_hint(verb: str) -> str:
    """The verb that a word may stand for, or all of them."""
    if verb == "version":
        return "did you mean `ganlab --version`?"
    near = nearest(verb, VERBS)
    return f"did you mean `ganlab {near[0]}`?" if near else f"the verbs are {', '.join(VERBS)}"


def versions() -> str:
    from importlib.metadata import version

    return "  ".join(f"{name} {version(name)}" for name in ("ganlab", "torch", "hydra-core"))
