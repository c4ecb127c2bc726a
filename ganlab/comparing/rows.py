"""One run of a comparison: what became of it, and how good its samples became."""

import math
import statistics
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ganlab.comparing import contrasts, ways
from ganlab.comparing.curves import Curve, Log, logged
from ganlab.evaluations import Entry
from ganlab.keys import read
from ganlab.references import Subject, path
from ganlab.runs import Run
from ganlab.state import state
from ganlab.sweep.sweeps import Job

GLANCED = 64
"""Lines of a log that tell how fast a run was, and how long it trained."""
AT_WORK = {"waiting", "starting", "created", "running"}


@dataclass(frozen=True)
class Number:
    """A metric of one run after rounds; `goal` is None where it is not known what is best."""

    full: str
    goal: str | None
    curve: Curve

    @property
    def last(self) -> tuple[int, float]:
        """The last round after which it was found, and its value."""
        return self.curve[-1]

    @property
    def best(self) -> tuple[int, float] | None:
        """The round after which it was best, and its value; None where that is not known."""
        finite = [point for point in self.curve if math.isfinite(point[1])]
        pick = {"min": min, "max": max}.get(self.goal or "")
        return pick(finite, key=lambda point: point[1]) if pick and finite else None


@dataclass(frozen=True)
class Row:
    """One run, or a job without one; None for what is not known.

    `settings` are all it has, or where it is not whole those that are known, and `given` the names
    of those that its command line gave. `numbers` go
    by the metric's name without its extractor; `way` is the number of the protocol that they were
    found by. `remarks` say what is not as it should be.
    """

    run: Run
    id: str
    state: str
    is_whole: bool
    started: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    given: frozenset[str] = frozenset()
    round: int | None = None
    rounds: int | None = None
    trained_s: float | None = None
    images_per_second: float | None = None
    numbers: Mapping[str, Number] = field(default_factory=dict)
    way: int | None = None
    remarks: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.run.path.resolve().name


def row(subject: Subject) -> Row:
    """What is known of a run or job, but for how good it is; nothing damaged stops it."""
    run = Run(path(subject))
    if isinstance(subject, Job) and not (run.path / "run.json").exists():
        return without_run(subject)
    told, config, log, at = run.told(), read(run.config_file), logged(run, GLANCED), now(run)
    rounds = config.get("rounds")
    settings = contrasts.settings(config, told.get("choices", {}))
    return Row(
        run,
        told.get("id") or run.path.resolve().name.rpartition("-")[2],
        at,
        bool(told and config),
        told.get("started"),
        settings,
        frozenset(contrasts.given(contrasts.words(told.get("command")), settings)),
        log.round,
        rounds if isinstance(rounds, int) else None,
        trained_s(run, log),
        speed(log),
        remarks=tuple(remarks(run, at, log, rounds)),
    )


def now(run: Run) -> str:
    """A run's state; what it said last where nobody may see whether its process lives."""
    try:
        return state(run)
    except OSError:
        return run.told()["status"]


def evaluated(run: Run) -> list[Entry]:
    """A run's evaluations; none where they may not be read."""
    try:
        return run.evaluations()
    except OSError:
        return []


def without_run(job: Job) -> Row:
    """A job that never had a run, with the last that it said."""
    varied = {name: contrasts.value(word) for name, word in job.varied.items()}
    settings = contrasts.kept(varied)
    id = job.run.path.name.rpartition("-")[2]
    said = tuple(filter(None, [job.reason()]))
    return Row(
        job.run,
        id,
        job.state(),
        is_whole=False,
        settings=settings,
        given=frozenset(settings),
        remarks=said,
    )


def remarks(run: Run, at: str, log: Log, rounds: object) -> list[str]:
    """What is not as it should be, in words."""
    found = []
    if not run.told():
        found.append("run.json cannot be read")
    if not read(run.config_file):
        found.append("config.yaml cannot be read")
    closed = filter(is_closed, (run.metrics_file, run.evaluations_file, run.path / ".lock"))
    found += [f"{file.name} cannot be read" for file in closed]
    if log.from_events:
        found.append("without metrics.jsonl: this is what its event files tell")
    if at not in AT_WORK:
        if not log.lines:
            found.append("nothing was logged")
        if log.cut_off:
            found.append(f"its log is cut off after round {log.round}")
        elif at == "done" and log.lines and log.round != rounds and not run.told().get("stopped"):
            found.append(f"its log ends after round {log.round} of {rounds}")
    return found


def is_closed(file: Path) -> bool:
    """Whether there is a file that may not be read."""
    try:
        with open(file, "rb"):
            return False
    except FileNotFoundError:
        return False
    except OSError:
        return True


def speed(log: Log) -> float | None:
    """The median of images per second."""
    found = [value for _, value in log.curves().get("images_per_second", ())]
    finite = [value for value in found if not math.isnan(value)]
    return statistics.median(finite) if finite else None


def trained_s(run: Run, log: Log) -> float | None:
    """Seconds from the first to the last logged round, without the pauses between sessions.

    When each session began is in the name of its event file; it ends at its last line that was
    read, so that what is missing is less than the time between two of them.
    """
    times = [time for line in log.lines if isinstance(time := line.get("time"), int | float)]
    if not times:
        return None
    names = [file.name.split(".") for file in run.path.glob("events.out.tfevents.*")]
    begun = sorted({float(name[3]) for name in names if name[3].isdecimal()}) or times[:1]
    sessions = zip(begun, [*begun[1:], math.inf], strict=True)
    return sum(max((t - a for t in times if a <= t < b), default=0.0) for a, b in sessions)


def numbers(
    entries: Sequence[Entry], goals: Mapping[str, str], wanted: Collection[str] | None
) -> dict[str, Number]:
    """Each metric by its name without its extractor, of evaluations that may be compared.

    Of several after one round the newest counts.
    """
    found: dict[str, dict[int, float]] = {}
    full: dict[str, str] = {}
    for entry in entries:
        for name, value in entry.metrics.items():
            brief = ways.brief(name, entry)
            if entry.round is not None and (wanted is None or brief in wanted):
                found.setdefault(brief, {})[entry.round] = value
                full[brief] = name
    return {
        name: Number(full[name], goals.get(name), sorted(values.items()))
        for name, values in found.items()
    }
