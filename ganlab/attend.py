"""Attending a run: train it, and turn what stopped it into a message and an exit code."""

import logging

from ganlab import session
from ganlab.build import Experiment
from ganlab.errors import GanlabError
from ganlab.runs import Run
from ganlab.session import Interrupted

log = logging.getLogger("ganlab")


def attend(run: Run, experiment: Experiment, done: int = 0, consumed: int = 0) -> int:
    """The exit code of training the run to its end, or to what stopped it."""
    try:
        session.train(run, experiment, done, consumed)
    except Interrupted as stop:
        log.warning(f"{stop}: saved; continue with\n  ganlab resume {run.path}")
        return stop.exit_code
    except FloatingPointError as error:
        log.error(f"diverged: {error}\n{run.path} keeps its last good checkpoint")
        return 1
    except GanlabError:
        raise
    except Exception as error:
        log.error(f"failed: {error or type(error).__name__}; the traceback is in {run.log_file}")
        return 1
    return 0
