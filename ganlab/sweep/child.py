"""The command `ganlab` as a sweep starts it: it saves and leaves once that sweep is gone."""

import os
import signal
import sys
import threading
import time

from ganlab.__main__ import main

LOOKED_S = 1.0


def leave_with(parent: int) -> None:
    """Ask this process to stop, as SIGTERM does, when its parent has ended in whatever way."""
    while os.getppid() == parent:
        time.sleep(LOOKED_S)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=leave_with, args=[int(sys.argv.pop(1))], daemon=True).start()
    main()
