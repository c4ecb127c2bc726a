"""One attempt at one job of a sweep: a process of its own, whatever becomes of it."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from ganlab import lock
from ganlab.sweep.sweeps import Job, Sweep

AGAIN_S = 1.0


def begin(job: Job, **environment: str) -> subprocess.Popen | None:
    """Start what is left to do of a job; None while an earlier attempt at it still goes on.

    What is said goes to the job's log, whose lock the process keeps as long as it lives.
    """
    job.log.parent.mkdir(exist_ok=True)
    with open(job.log, "ab") as log:
        if not lock.acquire(log.fileno()):
            return None
        words = command(job)
        log.write(f"$ ganlab {shlex.join(words)}\n".encode())
        log.flush()
        return subprocess.Popen(
            [*child(), *words],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **environment},
            start_new_session=True,  # Ctrl-C reaches it once, from its sweep
        )


def child() -> list[str]:
    """The command that is `ganlab` as a child of this process.

    It finds modules where this process does: what lies in the working directory shadows nothing.
    """
    safe = [] if sys.path[0] in {"", os.getcwd()} else ["-P"]
    return [sys.executable, *safe, "-m", "ganlab.sweep.child", str(os.getpid())]


def command(job: Job) -> list[str]:
    """The words that take up the job where it stands.

    A directory in which nothing was ever saved or logged makes room; any other is for `resume` to
    go on with, or to say why it cannot.
    """
    run = job.run
    if run.path.is_symlink() or run.metrics_file.exists() or any(run.checkpoints.glob("*.pt")):
        return ["resume", str(run.path), *job.more]
    if run.path.exists():
        shutil.rmtree(run.path)
    return ["train", *job.words, *job.more, "--directory", str(run.path)]


def end(*children: subprocess.Popen) -> None:
    """Ask processes to save and leave, and wait until they have; on Ctrl-C they leave at once.

    On Windows, which has no such signal for them, they leave at their last checkpoint.
    """
    for each in children:
        each.send_signal(signal.SIGTERM if sys.platform == "win32" else signal.SIGINT)
    try:
        for each in children:
            each.wait()
    except KeyboardInterrupt:
        end(*children)


def attempt(config: Any) -> int:
    """What a launcher of Hydra's runs, anywhere: the exit code of one attempt at `config.job`."""
    job = Sweep(Path(config.sweep)).jobs[config.job]
    while (begun := begin(job)) is None:
        time.sleep(AGAIN_S)
    try:
        return begun.wait()
    except BaseException:
        end(begun)
        raise
