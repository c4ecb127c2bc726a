"""What became of a sweep's jobs, in words."""

import datetime
import shlex

from ganlab.sweeps import Job, Sweep

SHOWN = 3
"""How many lines of a log tell why a job failed."""


def line(job: Job, of: int) -> str:
    """One line on a job that has ended, and the end of its log where that was not well."""
    varied = " ".join(f"{key}={value}" for key, value in job.varied.items())
    told = f"job {job.number + 1} of {of}  {varied}  {job.state()}{took(job)}"
    return told if job.state() == "done" else "\n  ".join([told, *reason(job), str(job.log)])


def took(job: Job) -> str:
    """How long a job's run has played, if it is known."""
    told = job.run.told()
    try:
        started, ended = (datetime.datetime.fromisoformat(told[k]) for k in ("started", "ended"))
    except (LookupError, TypeError, ValueError):
        return ""
    return f" after {(ended - started).total_seconds():.1f} s"


def reason(job: Job) -> list[str]:
    """The last lines that a job said."""
    try:
        lines = job.log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    return lines[-SHOWN:]


def closing(sweep: Sweep) -> str:
    """The table of the jobs, where everything is, and the next commands."""
    path = shlex.quote(str(sweep.path))
    commands = [f"compare {path}", f"tensorboard {path}"]
    if any(job.state() != "done" for job in sweep.jobs):
        commands.insert(0, f"resume {path}")
    following = "\n         ".join(f"ganlab {command}" for command in commands)
    return f"sweep    {sweep.path}\nnext     {following}"
