"""The command `ganlab`, also as `python -m ganlab`."""

import sys
from typing import NoReturn

from ganlab import interrupts


def main() -> NoReturn:
    """Run the command line; Ctrl-C is heard from the first moment on."""
    interrupts.listen()
    try:
        from ganlab import cli

        cli.main()
    except KeyboardInterrupt:  # no command was known yet
        sys.exit(130)


if __name__ == "__main__":
    main()
