"""One attempt at one job of a sweep: a process of its own, whatever becomes of it."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from ganlab import checkpoints, lock
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
        return subprocess.Popen(
            [sys.executable, "-m", "ganlab.sweep.child", str(os.getpid()), *command(job)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **environment},
            start_new_session=True,  # Ctrl-C reaches it once, from its sweep
        )


def command(job: Job) -> list[str]:
    """The words that take up the job where it stands; a run that cannot go on makes room."""
    directory = job.run.path
    if checkpoints.manifest(job.run.checkpoints):
        return ["resume", str(directory), *job.more]
    if directory.exists():
        shutil.rmtree(directory)
    return ["train", *job.words, *job.more, "--directory", str(directory)]


def end(*children: subprocess.Popen) -> None:
    """Ask processes to save and leave, and wait until they have; on Ctrl-C they leave at once."""
    for child in children:
        child.send_signal(signal.SIGINT)
    try:
        for child in children:
            child.wait()
    except KeyboardInterrupt:
        end(*children)


def attempt(config: Any) -> int:
    """What a launcher of Hydra's runs, anywhere: the exit code of one attempt at `config.job`."""
    job = Sweep(Path(config.sweep)).jobs[config.job]
    while (child := begin(job)) is None:
        time.sleep(AGAIN_S)
    try:
        return child.wait()
    except BaseException:
        end(child)
        raise
