"""What samples were found to be worth: one line an evaluation, with the protocol it followed."""

import hashlib
import json
import math
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ganlab.differences import differences
from ganlab.errors import ConfigError
from ganlab.files import complete_lines

GIVEN = "given"
"""The weights of samples that no run drew."""
Protocol = dict[str, Any]
"""How samples were judged; only numbers of equal protocols may be compared."""


@dataclass(frozen=True)
class Entry:
    """An evaluation after round `round`; None for samples that no round made.

    `skipped` says of each metric that could not be had why. Of each number, `goals` has whether the
    least (`min`) or the greatest (`max`) is best, and `options` the metric that gave it.
    """

    round: int | None
    time: float
    metrics: dict[str, float]
    skipped: dict[str, str]
    protocol: Protocol
    goals: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)


def append(file: Path, entry: Entry) -> None:
    """Add one line in one write; what a killed process began of one stays a line of its own."""
    told = asdict(entry)
    told["metrics"] = {k: v if math.isfinite(v) else None for k, v in entry.metrics.items()}
    with open(file, "ab+") as out:
        cut_off = out.seek(0, os.SEEK_END) and not file.read_bytes().endswith(b"\n")
        out.write(b"\n" * bool(cut_off) + json.dumps(told).encode() + b"\n")


def entries(file: Path) -> list[Entry]:
    """The evaluations, oldest first; a line that was cut off is left out."""
    return [entry for line in complete_lines(file) if (entry := understood(line))]


def understood(line: dict[str, Any]) -> Entry | None:
    """The evaluation that a line tells of, if it does; what was not finite is not a number."""
    try:
        entry = Entry(**line)
        known = "weights" in entry.protocol and isinstance(entry.protocol["metrics"], dict)
        if not known or not isinstance(entry.round, int | None):
            return None
        numbers = {k: math.nan if v is None else float(v) for k, v in entry.metrics.items()}
        told = {
            "time": float(entry.time),
            "metrics": numbers,
            "protocol": dict(entry.protocol),
            "goals": {k: v for k, v in entry.goals.items() if v in ("min", "max")},
            "options": {k: str(v) for k, v in entry.options.items()},
        }
        return Entry(**{**line, **told})
    except (TypeError, ValueError, LookupError, AttributeError):
        return None


def named(wish: str, names: Iterable[str], extractor: str | None) -> str | None:
    """The full name of a metric by itself, without its extractor, or by a unique prefix of it."""
    names = list(names)
    whole = [name for name in (wish, f"{wish}_{extractor}") if name in names]
    begun = [name for name in names if name.startswith(wish)]
    found = whole or (begun if len(begun) == 1 else [])
    return found[0] if found else None


def refuse_unlike(protocols: dict[str, Protocol]) -> None:
    """Raise ConfigError, with what differs, for evaluations that cannot be compared.

    `protocols` has that of each evaluation under the name it goes by.
    """
    first, *others = protocols
    for other in others:
        if found := unlike(protocols[first], protocols[other]):
            lines = "\n  ".join(found)
            raise ConfigError(
                f"{first} and {other} were judged differently:\n  {lines}\n"
                "`ganlab evaluate` judges both by one protocol"
            )


def unlike(one: Protocol, other: Protocol) -> list[str]:
    """What differs between two protocols, `key: this -> that`.

    Metrics that only one of them has are no difference, nor is the origin of samples that were
    given, since no run's weights drew them.
    """
    shared = [name for name in one["metrics"] if name in other["metrics"]]
    left_out = {"weights", "seed"} if GIVEN in (one["weights"], other["weights"]) else set()
    this, that = (
        {key: value for key, value in each.items() if key not in left_out}
        | {"metrics": {name: each["metrics"][name] for name in shared}}
        for each in (one, other)
    )
    return differences(this, that)


def concerning(protocol: Protocol, metric: str) -> Protocol:
    """What of a protocol a single metric's numbers depend on."""
    return {**protocol, "metrics": {metric: protocol["metrics"].get(metric)}}


def stamp(protocol: Protocol) -> str:
    """A few characters that tell protocols apart."""
    told = json.dumps(protocol, sort_keys=True, default=str)
    return hashlib.sha256(told.encode()).hexdigest()[:12]
