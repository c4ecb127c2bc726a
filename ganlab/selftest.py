"""The promise of an exact resume, tried on this machine with a run in miniature."""

import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ganlab import checkpoints, runs
from ganlab.errors import GanlabError
from ganlab.runs import Run

TINY = (
    *("model=wgan_gp", "network=mlp", "network.width=16", "prior.dim=8"),
    *("dataset=digits", "dataset.resolution=16", "batch_size=16", "runtime.threads=1"),
    *("rounds=150", "checkpoint_every=10", "log_every=50", "sample_every=150", "progress=plain"),
    "metrics=none",
)
KILLED_AFTER = 20
PATIENCE_S = 120.0

log = logging.getLogger("ganlab")


class Failed(Exception):
    """A step that did not do what it should."""


def selftest() -> bool:
    """Train, kill, resume, compare, sample; a line a step, and whether all went well."""
    with tempfile.TemporaryDirectory(prefix="ganlab-", ignore_cleanup_errors=True) as home:
        patient = Patient(Path(home))
        try:
            steps = [
                ("start two equal runs, kill one", patient.kill),
                ("train the other to its end", patient.finish),
                ("resume the killed one", patient.resume),
                ("compare their weights", patient.compare),
                ("sample", patient.sample),
            ]
            return all(step(name, take) for name, take in steps)
        finally:
            patient.release()


def step(name: str, take: Callable[[], str]) -> bool:
    """Take a step, and say how it went and how long it took."""
    start = time.monotonic()
    try:
        outcome, detail = "ok", take()
    except (Failed, GanlabError, OSError, subprocess.SubprocessError) as error:
        outcome, detail = "FAILED", str(error)
    print(f"{name:32}{outcome:8}{time.monotonic() - start:4.1f} s  {detail}", flush=True)
    return outcome == "ok"


class Patient:
    """The runs of one test, below a temporary directory."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.started: list[subprocess.Popen] = []

    def kill(self) -> str:
        """Kill a run in its middle, once it has saved."""
        self.whole = self.start("train", *TINY, "output=whole")
        killed = self.start("train", *TINY, "output=killed")
        deadline = time.monotonic() + PATIENCE_S
        while self.saved() < KILLED_AFTER:
            if killed.poll() is not None or time.monotonic() > deadline:
                raise Failed(f"it could not be killed in its middle: {self.said(killed)}")
            time.sleep(0.01)
        killed.kill()
        if killed.wait(PATIENCE_S) == 0:
            raise Failed("it had ended before it was killed")
        return f"after round {self.saved()}"

    def finish(self) -> str:
        """Wait for the run that nobody disturbs."""
        self.wait(self.whole)
        return ""

    def resume(self) -> str:
        self.wait(self.start("resume", str(self.run("killed").path)))
        return ""

    def compare(self) -> str:
        """Hold the two runs' last states against each other, bit for bit."""
        one, other = (self.state(output) for output in ("whole", "killed"))
        for part in ("game", "average", "optimizers"):
            if checkpoints.digest(one[part]) != checkpoints.digest(other[part]):
                raise Failed(f"the {part} of the resumed run differs")
        return f"the same bits after round {one['round']}"

    def sample(self) -> str:
        import numpy as np

        words = ("n=4", "format=npz", "out=samples.npz")
        self.wait(self.start("sample", str(self.run("killed").path), *words))
        return "x".join(map(str, np.load(self.home / "samples.npz")["images"].shape))

    def start(self, *words: str) -> subprocess.Popen:
        """A child process of the command line; what it says goes into a file."""
        surroundings = {
            "GANLAB_CACHE": str(self.home / "cache"),
            "GANLAB_OFFLINE": "true",
            "CUBLAS_WORKSPACE_CONFIG": ":4096:8",  # the same bits each time on CUDA
        }
        with open(self.home / f"{len(self.started)}.txt", "w") as file:
            child = subprocess.Popen(
                [sys.executable, "-m", "ganlab", *words],
                cwd=self.home,
                env={**os.environ, **surroundings},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        self.started.append(child)
        return child

    def wait(self, child: subprocess.Popen) -> None:
        """Wait for a child's good end. Raises `Failed`, or TimeoutExpired."""
        if child.wait(PATIENCE_S) != 0:
            raise Failed(f"exit code {child.returncode}: {self.said(child)}")

    def said(self, child: subprocess.Popen) -> str:
        """The last lines that a child said."""
        text = (self.home / f"{self.started.index(child)}.txt").read_text(errors="replace")
        return "\n  ".join(["", *text.splitlines()[-5:]])

    def run(self, output: str) -> Run:
        return runs.everything(str(self.home / output))[-1]

    def state(self, output: str) -> dict[str, Any]:
        return checkpoints.load(self.run(output).checkpoints, log.warning)

    def saved(self) -> int:
        """The round of the killed run's newest checkpoint; 0 before there is any."""
        found = runs.everything(str(self.home / "killed"))
        entries = checkpoints.manifest(found[-1].checkpoints) if found else {}
        return max((entry["round"] for entry in entries.values()), default=0)

    def release(self) -> None:
        """End what still runs."""
        for child in self.started:
            child.kill()
            child.wait()
