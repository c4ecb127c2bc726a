"""Real processes for tests: started, waited for, killed."""

import os
import subprocess
import sys
import time
from pathlib import Path

from ganlab import checkpoints, runs

TINY = [
    "model=wgan_gp",
    "network=mlp",
    "network.width=8",
    "batch_size=8",
    "dataset.resolution=16",
    "metrics=none",
]
ENDLESS = [*TINY, "rounds=1000000", "checkpoint_every=1000000"]

SLOW_REPLACE = """
import os, sys, time
replace = os.replace
def slow(source, target):
    if str(target).endswith({suffix!r}) and os.path.exists("armed"):
        open("writing", "w").close()
        for _ in range(600):  # in naps: a signal that another thread took would not end one long
            time.sleep(0.1)
    replace(source, target)
os.replace = slow
from ganlab.cli import main
main()
"""


def environment(**more):
    """That of this process, with as many threads: else the bits would differ."""
    return {**os.environ, "OMP_NUM_THREADS": "1", **more}


def ganlab(*words, **more):
    """A command that ran to its end in a process of its own."""
    command = [sys.executable, "-m", "ganlab", *words]
    more = {"env": environment(), **more}
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, **more)


def start(*words, program=("-m", "ganlab"), **more):
    return subprocess.Popen(
        [sys.executable, *program, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **{"env": environment(), **more},
    )


def start_that_writes_slowly(suffix, *words):
    """A process that, once the file `armed` exists, takes a minute to replace such a file."""
    return start(*words, program=("-c", SLOW_REPLACE.format(suffix=suffix)))


def wait_for(condition, seconds=60):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError("it did not happen in time")


def wait_for_a_round(process):
    for line in process.stdout:
        if line.startswith("round"):
            return
    raise AssertionError("the run said nothing of a round")


def wait_for_file(name):
    return wait_for(Path(name).exists)


def saved_rounds(run):
    return sorted(entry["round"] for entry in checkpoints.manifest(run.checkpoints).values())


def last():
    return runs.find("last", "outputs")


def digest(run):
    """All that is learnt: players, averages, optimizers, and where the data stand."""
    state = checkpoints.load(run.checkpoints, print)
    return checkpoints.digest({key: state[key] for key in state if key != "config"})
