"""What a run is at the moment, whatever it last said of itself."""

from ganlab import lock
from ganlab.runs import Run

DAMAGED, KILLED, PRUNED = "damaged", "killed", "pruned"


def state(run: Run) -> str:
    """`running`, `done`, `failed`, `diverged` or `interrupted`; `killed`, if its process is gone.

    `pruned`, if a search ended it early. `damaged` where `run.json` cannot be read.
    """
    status = run.told().get("status", DAMAGED)
    gone = status in {"created", "running"} and lock.is_free(run.path)
    return KILLED if gone else status
