"""Who starts a sweep's jobs: ganlab itself, some at a time, or a launcher of Hydra's."""

import logging
import os
import subprocess
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from hydra import initialize_config_module
from hydra._internal.callbacks import Callbacks
from hydra._internal.hydra import Hydra
from hydra.core.global_hydra import GlobalHydra
from hydra.core.plugins import Plugins
from hydra.types import HydraContext, RunMode
from omegaconf import DictConfig

from ganlab.compose import quoted
from ganlab.refusals import refused
from ganlab.sweep.attempts import attempt, begin, end
from ganlab.sweep.sweeps import Job, Sweep

LOOKED_S = 0.05
GPUS = Path("/proc/driver/nvidia/gpus")
log = logging.getLogger("ganlab")
Tell = Callable[[Job, int], None]


def play(jobs: Sequence[Job], at_once: int, tell: Tell) -> None:
    """Attempt all jobs, so many at a time; `tell` hears of each that has ended, and its exit code.

    Cores and GPUs are divided among them. Ctrl-C ends those that play, saved, and raises.
    """
    waiting, playing = deque(jobs), dict[int, tuple[Job, subprocess.Popen]]()
    at_once = min(at_once, len(jobs))
    try:
        while waiting or playing:
            for slot in range(at_once):
                if slot in playing and playing[slot][1].poll() is not None:
                    ended, process = playing.pop(slot)
                    tell(ended, process.returncode)
                if slot not in playing and waiting:
                    job = waiting.popleft()
                    if child := begin(job, **share(slot, at_once)):
                        playing[slot] = job, child
                    else:
                        waiting.append(job)
            time.sleep(LOOKED_S)
    except BaseException:
        end(*(child for _, child in playing.values()))
        raise


def share(slot: int, slots: int) -> dict[str, str]:
    """The environment in which one of several jobs takes its share of the machine."""
    chosen = {}
    if slots > 1 and "OMP_NUM_THREADS" not in os.environ:
        chosen["OMP_NUM_THREADS"] = str(max(cores() // slots, 1))
    if slots > 1 and (found := gpus()):
        chosen["CUDA_VISIBLE_DEVICES"] = found[slot % len(found)]
    return chosen


def cores() -> int:
    """How many cores this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # Linux has it
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def gpus() -> list[str]:
    """The GPUs that this process may use, as CUDA names them."""
    if (visible := os.environ.get("CUDA_VISIBLE_DEVICES")) is not None:
        return [name for name in visible.split(",") if name]
    return [str(n) for n, _ in enumerate(GPUS.iterdir())] if GPUS.is_dir() else []


def refuse_launcher(words: Sequence[str]) -> None:
    """Raise ConfigError for a launcher that is not there, or does not take its settings."""
    with initialize_config_module("ganlab.conf", version_base="1.3"):
        composed(words)


def launch(sweep: Sweep, jobs: Sequence[Job], words: Sequence[str], tell: Tell) -> None:
    """Have a launcher of Hydra's, which the words choose and set, attempt the jobs.

    `tell` hears of all of them in the end. What goes wrong with the launcher is only told, since
    the jobs' own directories show what became of them.
    """
    place = quoted(str(sweep.path.resolve()))
    with initialize_config_module("ganlab.conf", version_base="1.3"):
        hydra, config = composed([*words, f"hydra.sweep.dir={place}"])
        context = HydraContext(hydra.config_loader, Callbacks())
        launcher = Plugins.instance().instantiate_launcher(
            hydra_context=context, task_function=attempt, config=config
        )
        try:
            ends = launcher.launch([[f"sweep={place}", f"job={job.number}"] for job in jobs], 0)
            for job, ended in zip(jobs, ends, strict=True):
                tell(job, ended.return_value)  # raises what was raised in the job
        except Exception as error:
            log.error(f"{words[0]} gave up: {type(error).__name__}: {error}")


def composed(words: Sequence[str]) -> tuple[Hydra, DictConfig]:
    """Hydra, and what it makes of the words for a launcher. Raises ConfigError where it cannot."""
    hydra = GlobalHydra.instance().hydra
    assert hydra is not None
    with refused():
        return hydra, hydra.compose_config(
            "sweep", list(words), run_mode=RunMode.MULTIRUN, from_shell=False
        )
