"""Looking over a machine: what is there, and what would stop a training."""

import os
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ganlab import lock
from ganlab.columns import folded
from ganlab.provenance import PACKAGES
from ganlab.runs import USUAL_OUTPUT

LITTLE = 10**9
Checks = Mapping[str, Callable[[], str]]


class Problem(Exception):
    """What is not as it should be: the finding, the remedy, and whether it stops a training."""

    def __init__(self, finding: str, remedy: str, stops: bool = True) -> None:
        super().__init__(finding)
        self.remedy, self.stops = remedy, stops


@dataclass(frozen=True)
class Finding:
    """One line of the account; one with a remedy is a problem."""

    key: str
    value: str
    remedy: str = ""
    stops: bool = False


def examine(checks: Checks) -> Iterator[Finding]:
    """Make every check, whatever the others find."""
    for key, check in checks.items():
        try:
            yield Finding(key, check())
        except Problem as problem:
            yield Finding(key, str(problem), problem.remedy, problem.stops)
        except Exception as error:  # a check that fails is itself a finding
            yield Finding(key, f"{type(error).__name__}: {error}", "see the message", stops=True)


def account(findings: Iterable[Finding]) -> str:
    """The findings in two columns, problems marked and followed by their remedy."""
    found = list(findings)
    width = max(len(finding.key) for finding in found)
    lines = []
    for finding in found:
        mark = "!" if finding.remedy else " "
        lines += folded(f"{mark} {finding.key:{width}}  ", finding.value)
        if finding.remedy:
            lines += folded(" " * (width + 4), f"-> {finding.remedy}")
    return "\n".join(lines)


def machine() -> dict[str, Callable[[], str]]:
    """The checks that need no configuration."""
    from ganlab.files import cache_root

    return {
        "python": lambda: (
            f"{platform.python_version()} on {platform.system()} {platform.machine()}"
        ),
        **{name: partial(installed, name) for name in PACKAGES},
        "devices": devices,
        "cores": cores,
        "threads": threads,
        "memory": memory,
        "outputs": partial(place, Path(USUAL_OUTPUT), "output=DIR"),
        "cache": lambda: place(cache_root(), "the environment's GANLAB_CACHE"),
        "classifiers": classifiers,
        "inception": inception,
        "locks": partial(locks, Path(USUAL_OUTPUT)),
        "environment": environment,
    }


def installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        raise Problem("not installed", "pip install ganlab, in this environment") from None


def devices() -> str:
    """What there is to compute on."""
    import torch

    found = ["cpu"]
    if torch.backends.mps.is_available():
        found += ["mps"]
    for k in range(torch.cuda.device_count()):
        facts = torch.cuda.get_device_properties(k)
        found += [f"cuda:{k} ({facts.name}, {gigabytes(facts.total_memory)})"]
    if len(found) == 1 and Path("/dev/nvidia0").exists():
        why = f"torch {torch.__version__} does not see the machine's GPU"
        raise Problem(f"cpu; {why}", "install the torch that fits its driver", stops=False)
    return ", ".join(found)


def cores() -> str:
    usable = getattr(os, "sched_getaffinity", lambda _: range(os.cpu_count() or 1))(0)
    return f"{len(usable)} of {os.cpu_count()} may be used"


def threads() -> str:
    import torch

    return f"{torch.get_num_threads()} in torch"


def memory() -> str:
    import torch

    from ganlab.datasets.memory import available

    return f"{gigabytes(available(torch.device('cpu')))} free"


def place(path: Path, other: str) -> str:
    """A directory that is written to, and the space it has."""
    existing = nearest_existing(path)
    try:
        with tempfile.TemporaryFile(dir=existing):
            free = shutil.disk_usage(existing).free
    except OSError as error:
        finding = f"{existing} cannot be written to ({error.strerror})"
        raise Problem(finding, f"choose another place with {other}") from error
    value = f"{path.absolute()}, {gigabytes(free)} free"
    if free < LITTLE:
        raise Problem(value, f"make room, or choose another place with {other}", stops=False)
    return value


def locks(path: Path) -> str:
    """Whether the file system can keep two processes from training one run."""
    if lock.fcntl is None:
        raise Problem("none on this system", "train each run in one process only", stops=False)
    existing = nearest_existing(path)
    try:
        with tempfile.TemporaryFile(dir=existing) as file:
            lock.acquire(file.fileno())
    except OSError as error:
        finding = f"none in {existing} ({error.strerror})"
        raise Problem(finding, "choose a local disk with output=DIR") from error
    return "available"


def environment() -> str:
    chosen = {k: v for k, v in sorted(os.environ.items()) if k.startswith("GANLAB_")}
    return " ".join(f"{key}={value}" for key, value in chosen.items()) or "no GANLAB_..."


def classifiers() -> str:
    """The networks that judge labelled data, as far as they are trained."""
    from ganlab.kept import kept

    if there := kept("extractors"):
        size = sum(each.bytes for each in there) / 1e6
        return f"{', '.join(sorted({each.name for each in there}))} ({size:.1f} MB)"
    return "none yet; each is trained in seconds when labelled data are first judged"


def inception() -> str:
    """Whether the field's weights are here, for judging without labels."""
    from ganlab.extractors.weights import SIZE, found, kept

    if place := found():
        return str(place)
    return (
        f"not here; evaluate.extractor=inception downloads {SIZE / 1e6:.1f} MB into "
        f"{kept().parent}, or takes evaluate.inception=PATH"
    )


def nearest_existing(path: Path) -> Path:
    """The path, or what exists of the way to it."""
    whole = path.absolute()
    return next(part for part in (whole, *whole.parents) if part.exists())


def gigabytes(count: int) -> str:
    return f"{count / 1e9:,.1f} GB"
