"""`ganlab show`: a configuration with the origin of its values, or what a run says of itself."""

import argparse
import os
import re
from typing import TYPE_CHECKING, Any

from ganlab.columns import wrapped
from ganlab.commands.arguments import add_config_dir, add_output

if TYPE_CHECKING:
    from ganlab.runs import Run

UNSHOWN = {"id", "status", "host", "pid", "heartbeat", "session"}
"""Facts that the path or the status tells, or that mean nothing once a run has ended."""
TOLD = ("started", "command")
"""What of a sweep's facts is shown: its jobs are many."""
UNMEASURED = {"round", "time", "images_per_second"}

EXAMPLES = (
    "ganlab show model=wgan_gp",
    "ganlab show experiment=wgan_gp_ring optimizer.lr=1e-3",
    "ganlab show last",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "words", nargs="*", metavar="RUN | KEY=VALUE", help="a run, or words as for `ganlab train`"
    )
    add_config_dir(parser)
    add_output(parser)


def run(arguments: argparse.Namespace) -> None:
    words = arguments.words
    if len(words) == 1 and ("=" not in words[0] or os.path.isdir(words[0])):
        print(account(words[0], arguments.output))
        return
    from ganlab.compose import compose
    from ganlab.origins import annotated

    print(annotated(compose(words, arguments.config_dir)))


def account(reference: str, output: str) -> str:
    """What a run or sweep is: how far it came, what it shows for it, and its facts."""
    from ganlab.runs import Run
    from ganlab.sweep.sweeps import run_or_sweep

    run = run_or_sweep(reference, output)
    if not isinstance(run, Run):
        known = {key: readable(value) for key, value in run.facts().items() if key in TOLD}
        return wrapped({"path": run.path, "jobs": run.told(), **known})
    facts = run.facts()
    *_, last = {}, *run.metrics()
    newest = max(run.samples.glob("[0-9]*[0-9].png"), default=None)
    known = {key: readable(value) for key, value in facts.items() if key not in UNSHOWN}
    lines = {"path": run.path, "status": status(run, facts), "rounds": progress(run, last)}
    lines |= {"samples": newest, **losses(last), **judged(run), **known}
    return wrapped({key: value for key, value in lines.items() if value not in (None, "")})


def status(run: "Run", facts: dict[str, Any]) -> str:
    """The status, and the process of a run that goes on."""
    from ganlab import lock

    if facts["status"] != "running":
        return facts["status"]
    if lock.is_free(run.path):
        return "killed (its process is gone); `ganlab resume` continues it"
    seen = readable(facts.get("heartbeat"))
    return f"running, pid {facts.get('pid')} on {facts.get('host')}, seen {seen}"


def progress(run: "Run", last: dict[str, Any]) -> str:
    """How many rounds were logged of how many, and how fast."""
    from ganlab.keys import read

    speed = last.get("images_per_second")
    told = f", {speed:,.0f} img/s" if isinstance(speed, float) else ""
    return f"{last.get('round', 0)} of {read(run.config_file).get('rounds', '?')}{told}"


def losses(last: dict[str, Any]) -> dict[str, str]:
    """What was last measured of each player."""
    lines: dict[str, str] = {}
    for name, value in last.items():
        player, _, measure = name.partition("/")
        if name not in UNMEASURED:
            known = [lines[player]] if player in lines else []
            lines[player] = ", ".join([*known, f"{measure or 'value'} {brief(value)}"])
    return lines


def judged(run: "Run") -> dict[str, str]:
    """What was found when its samples were last judged."""
    lines = {}
    for entry in run.evaluations()[-1:]:
        numbers = ", ".join(f"{name} {brief(value)}" for name, value in entry.metrics.items())
        lines["judged"] = f"after round {entry.round}: {numbers or 'nothing could be measured'}"
    return lines


def brief(value: object) -> object:
    return f"{value:.3g}" if isinstance(value, float) else value


def readable(fact: object) -> str:
    """A fact in one line, times to the second; nothing for what is unknown."""
    if isinstance(fact, dict):
        known = {key: readable(value) for key, value in fact.items()}
        return ", ".join(f"{key} {value}" for key, value in known.items() if value)
    if isinstance(fact, list):
        return " ".join(map(str, fact))
    if isinstance(fact, bool):
        return "yes" if fact else "no"
    return "" if fact is None else re.sub(r"^(\S{10})T(\S{8})\.\d+$", r"\1 \2", str(fact))
