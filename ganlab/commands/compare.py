"""`ganlab compare`: runs side by side, by what tells them apart and how good they are."""

import argparse
import logging
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ganlab.commands.arguments import add_output
from ganlab.runs import USUAL_OUTPUT

if TYPE_CHECKING:
    from ganlab.comparing.comparison import Comparison

EXAMPLES = (
    "ganlab compare",
    "ganlab compare last:4 --sort fid",
    "ganlab compare 3f9a 81c2 --metrics fid,kid",
    "ganlab compare 'outputs/*' --html out.html",
    "ganlab compare outputs/2026-11-22 --format csv > runs.csv",
)
log = logging.getLogger("ganlab")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "runs",
        nargs="*",
        metavar="RUN",
        help="a path, `last`, `last:4`, a prefix of a name or id, a sweep, a directory of runs, or "
        "a pattern in quotes; all runs where there is none",
    )
    parser.add_argument("--sort", metavar="COLUMN", help="such as fid, state or model (start)")
    parser.add_argument("--reverse", action="store_true", help="the other way round")
    parser.add_argument("--metrics", metavar="NAMES", help="only these, such as fid,kid")
    parser.add_argument(
        "--format", choices=("text", "csv", "json", "md"), default="text", help="(text)"
    )
    parser.add_argument("--html", metavar="FILE", help="write one page with curves and pictures")
    add_output(parser)


def run(arguments: argparse.Namespace) -> None:
    from ganlab import console
    from ganlab.comparing.cells import ranked
    from ganlab.comparing.comparison import compare
    from ganlab.references import subjects

    console.step_aside()
    wanted = arguments.metrics.split(",") if arguments.metrics else None
    compared = compare(subjects(arguments.runs, arguments.output), wanted)
    compared = ranked(compared, arguments.sort or "start", arguments.reverse)
    for note in compared.notes:
        log.info(note)
    print(written(compared, arguments.format, arguments.sort))
    if arguments.html:
        keep(compared, Path(arguments.html), said(arguments))


def written(compared: "Comparison", form: str, first: str | None) -> str:
    """The comparison in a format; as text it fits a terminal, and is whole elsewhere."""
    from ganlab.comparing import tables

    if form != "text":
        forms = {"csv": tables.as_csv, "json": tables.as_json, "md": tables.markdown}
        return forms[form](compared)
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    return tables.text(compared, width, first)


def said(arguments: argparse.Namespace) -> str:
    """The command that made a page."""
    output = arguments.output if arguments.output != USUAL_OUTPUT else None
    options = {"--sort": arguments.sort, "--metrics": arguments.metrics, "--output": output}
    given = [word for name, value in options.items() if value for word in (name, value)]
    turned = ["--reverse"] if arguments.reverse else []
    return shlex.join(["ganlab", "compare", *arguments.runs, *given, *turned])


def keep(compared: "Comparison", file: Path, command: str) -> None:
    """Write the page, with escapes for bytes of file names that are no text. Raises OutputError."""
    from ganlab.comparing import page
    from ganlab.errors import OutputError
    from ganlab.files import write_atomically

    try:
        write_atomically(file, page.page(compared, command).encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise OutputError(f"--html {file}: cannot be written ({error.strerror})") from error
    log.info(f"page     {file}")
