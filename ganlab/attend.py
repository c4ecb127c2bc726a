"""Attending a run: train it, and turn what stopped it into a message and an exit code."""

import logging
import shlex

import torch

from ganlab import checkpoints, processes, session
from ganlab.account import parameter_counts
from ganlab.build import Experiment
from ganlab.errors import CheckpointError, GanlabError
from ganlab.runs import Run
from ganlab.signals import Interrupted

log = logging.getLogger("ganlab")


def attend(run: Run, experiment: Experiment, done: int = 0, consumed: int = 0) -> int:
    """The exit code of training the run to its end, or to what stopped it."""
    resume = f"ganlab resume {shlex.quote(str(run.path))}"
    try:
        session.train(run, experiment, done, consumed)
    except Interrupted as stop:
        log.warning(f"{stop}: saved; continue with\n  {resume}")
        return stop.exit_code
    except FloatingPointError as error:
        rate = f"optimizer.lr={experiment.config.optimizer.lr / 2:g} resume.allow_changes=true"
        log.error(
            f"diverged: {error}\n{go_on(run, f'{resume} on_nan=rollback')}\nor with a lower rate:"
            f"\n  {resume} {rate}"
        )
        return 1
    except GanlabError as error:
        log.error(f"failed: {error}\n{go_on(run, resume)}")
        return error.exit_code
    except Exception as error:
        log.error(f"failed: {reason(run, experiment, error)}\n{go_on(run, resume)}")
        return 1
    return 0


def is_out_of_memory(error: Exception) -> bool:
    """Whether memory was exhausted; torch has no type of its own for a CPU's."""
    words = (
        "can't allocate memory",
        "not enough memory",
        "out of memory",
        "Cannot allocate memory",
    )
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or (
        isinstance(error, RuntimeError | OSError) and any(word in str(error) for word in words)
    )


def too_large(experiment: Experiment) -> str:
    """What took the memory, and what takes less."""
    size = experiment.config.batch_size
    models = ", ".join(f"{p} {n} parameters" for p, n in parameter_counts(experiment).items())
    smaller = f"batch_size={max(size // 2, 1)}" if size > 1 else "a smaller network.width"
    return f"batch_size={size} with {models}; start again with {smaller}"


def reason(run: Run, experiment: Experiment, error: Exception) -> str:
    """What went wrong, in words for the user."""
    if is_out_of_memory(error):
        return f"out of memory: {too_large(experiment)}"
    if processes.together() and "Connection" in str(error):
        return "another process of this run is gone; what it said tells why"
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return f"{what}\nthe traceback is in {run.log_file}"


def go_on(run: Run, resume: str) -> str:
    """From which round the run can go on, and how."""
    try:
        newest = checkpoints.newest_round(run.checkpoints)
    except CheckpointError as error:
        return str(error)
    if newest < 0:
        return "nothing was saved yet; start it again"
    return f"the newest checkpoint is of round {newest}; continue with\n  {resume}"
