"""Attending a run: train it, and turn what stopped it into a message and an exit code."""

import logging
import shlex

import torch

from ganlab import session
from ganlab.account import parameter_counts
from ganlab.build import Experiment
from ganlab.errors import CheckpointError, GanlabError
from ganlab.runs import Run
from ganlab.signals import Interrupted

log = logging.getLogger("ganlab")


def attend(run: Run, experiment: Experiment, done: int = 0, consumed: int = 0) -> int:
    """The exit code of training the run to its end, or to what stopped it."""
    go_on = f"continue with\n  ganlab resume {shlex.quote(str(run.path))}"
    try:
        session.train(run, experiment, done, consumed)
    except Interrupted as stop:
        log.warning(f"{stop}: saved; {go_on}")
        return stop.exit_code
    except FloatingPointError as error:
        log.error(
            f"diverged: {error}\n{run.path} keeps its last good checkpoint; a lower optimizer.lr "
            "may help, or on_nan=skip, or on_nan=rollback"
        )
        return 1
    except GanlabError as error:
        log.error(f"failed: {error}\n{last_good(run)}{go_on}")
        return error.exit_code
    except Exception as error:
        if is_out_of_memory(error):
            log.error(f"failed: out of memory: {too_large(experiment)}\n{last_good(run)}{go_on}")
        else:
            what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            log.error(
                f"failed: {what}\nthe traceback is in {run.log_file}; {last_good(run)}{go_on}"
            )
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


def last_good(run: Run) -> str:
    """Which round a resumed run goes on from."""
    from ganlab import checkpoints

    try:
        entries = checkpoints.manifest(run.checkpoints)
    except CheckpointError:
        return ""
    newest = max((entry["round"] for entry in entries.values()), default=None)
    return "" if newest is None else f"the newest checkpoint is of round {newest}; "
