"""`ganlab doctor`: what this machine has, and whether a training would start here."""

import argparse
from functools import partial

from ganlab.commands.data import names, state
from ganlab.errors import GanlabError

EXAMPLES = ("ganlab doctor", "ganlab doctor --selftest")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--selftest",
        action="store_true",
        help="train, kill, resume, compare and sample a tiny run, in about 20 seconds",
    )


def run(arguments: argparse.Namespace) -> int:
    if arguments.selftest:
        from ganlab.selftest import selftest

        return 0 if selftest() else 1
    from ganlab.doctor import Checks, account, examine, machine

    checks: Checks = {
        **machine(),
        "runtime=auto": automatic,
        "hydra": plugins,
        "data": root,
        **{f"  {name}": partial(state, name, None) for name in names(None)},
    }
    found = list(examine(checks))
    print(account(found))
    stopping = [finding.key.strip() for finding in found if finding.stops]
    if stopping:
        raise GanlabError(f"a training would not start here: {', '.join(stopping)}")
    return 0


def automatic() -> str:
    """What `runtime=auto` chooses here."""
    from ganlab import runtime
    from ganlab.compose import compose
    from ganlab.schema import plain

    chosen = runtime.resolve(**plain(compose(["runtime=auto"]).config.runtime))
    return f"{chosen.device}, {chosen.precision}, {chosen.memory_format}"


def plugins() -> str:
    """The launchers, sweepers and others that Hydra finds."""
    from hydra.core.plugins import Plugins

    return ", ".join(sorted(kind.__name__ for kind in Plugins.instance().discover()))


def root() -> str:
    """Where raw data are looked for."""
    from pathlib import Path

    from ganlab.compose import compose

    place = Path(compose(["dataset=mnist"]).config.dataset.root).expanduser().absolute()
    return f"{place}{'' if place.is_dir() else ' (no such directory)'}"
