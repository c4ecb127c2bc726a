"""What became of a sweep's jobs, in words."""

import datetime
import logging
import shlex
import shutil
import sys
from dataclasses import replace

from ganlab import keys
from ganlab.comparing import tables
from ganlab.comparing.cells import ranked
from ganlab.comparing.comparison import compare
from ganlab.evaluations import named
from ganlab.references import below
from ganlab.sweep.sweeps import FINAL, Job, Sweep

log = logging.getLogger("ganlab")


def tell(job: Job, of: int, code: int) -> None:
    """Say what became of an attempt at a job, and warn, with the reason, where it was not well."""
    varied = " ".join(f"{key}={value}" for key, value in job.varied.items())
    front, state = f"job {job.number + 1} of {of}  {varied}  ", job.state()
    if state == "done" and not code:
        log.info(f"{front}{state}{took(job)}")
        return
    became = f"{state}, and goes on no further" if state == "done" else f"{state}{took(job)}"
    log.warning("\n  ".join([front + became, *trouble(job)]))


def trouble(job: Job) -> list[str]:
    """What a job said of its failure, and where all of it is."""
    return [job.reason(), str(job.log)]


def took(job: Job) -> str:
    """How long the last session of a job's run was, if it is known."""
    told = job.run.told()
    try:
        began, ended = (datetime.datetime.fromisoformat(told[k]) for k in ("session", "ended"))
    except (LookupError, TypeError, ValueError):
        return ""
    return f" after {(ended - began).total_seconds():.1f} s"


def table(sweep: Sweep) -> str:
    """The jobs with state, time and the metric that they are watched by, the best first."""
    compared = compare(below(str(sweep.path)))
    configs = (keys.read(job.run.config_file) for job in sweep.jobs)
    wishes = dict.fromkeys(str(dict(config.get("best") or {}).get("by")) for config in configs)
    chosen = [name for wish in wishes if (name := named(wish, compared.metrics, None))]
    metric = next(iter([*chosen, *compared.metrics]), None)
    shown = ranked(replace(compared, metrics=[metric] if metric else []), metric or "start")
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    return tables.text(shown, width, metric)


def closing(sweep: Sweep) -> str:
    """The table of the jobs, where everything is, and the next commands."""
    path = shlex.quote(str(sweep.path))
    commands = [f"compare {path}", f"tensorboard {path}"]
    if any(job.state() not in FINAL for job in sweep.jobs):
        commands.insert(0, f"resume {path}")
    following = "\n         ".join(f"ganlab {command}" for command in commands)
    return f"\n{table(sweep)}\n\nsweep    {sweep.path}\nnext     {following}"
