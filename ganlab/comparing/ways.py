"""Ways of judging: evaluations that may be compared, and which of them to compare runs by."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ganlab.evaluations import Entry, Protocol, concerning, stamp, unlike

FOLLOWS = {
    "dataset": ("content", "shape", "extractor", "extractor_sha256", "resizing"),
    "extractor": ("extractor_sha256", "resizing"),
}
"""What differs of itself where something else does."""
DESCRIBED = {"dataset", "split", "samples", "real_samples", "extractor", "weights"}
"""What `described` tells in words."""


@dataclass
class Way:
    """A protocol, with the settings of every metric that any of its evaluations has."""

    protocol: Protocol
    runs: set[int] = field(default_factory=set)
    newest: float = 0.0

    def take(self, run: int, entry: Entry, protocol: Protocol) -> None:
        """Add an evaluation of a run, by a protocol that is not unlike."""
        metrics = {**self.protocol["metrics"], **protocol["metrics"]}
        self.protocol = {**self.protocol, "metrics": metrics}
        self.runs.add(run)
        self.newest = max(self.newest, entry.time)

    @property
    def rank(self) -> tuple[int, float]:
        """By how many runs it is shared, and how new it is."""
        return len(self.runs), self.newest


@dataclass(frozen=True)
class Judged:
    """By which protocol each run is compared, None where it was never judged, and its evaluations.

    `left_out` counts the runs that were judged by one protocol, which is taken, and by another.
    """

    protocols: list[Protocol]
    chosen: list[int | None]
    entries: list[list[Entry]]
    left_out: list[tuple[int, Protocol, Protocol]]


def judged(runs: Sequence[Sequence[Entry]], wanted: Collection[str] | None = None) -> Judged:
    """Sort the evaluations of runs by how they were made; `wanted` numbers, None for all, count.

    A run is compared by the way that it shares with most runs, by the newest of several such. No
    evaluation made otherwise is looked at.
    """
    ways: list[Way] = []
    known: dict[str, int] = {}
    found: list[dict[int, list[Entry]]] = []
    for number, entries in enumerate(runs):
        mine: dict[int, list[Entry]] = {}
        for entry in entries:
            if (protocol := relevant(entry, wanted)) is not None:
                way = placed(protocol, ways, known)
                ways[way].take(number, entry, protocol)
                mine.setdefault(way, []).append(entry)
        found.append(mine)
    chosen: list[int | None] = [
        max(mine, key=lambda way: ways[way].rank) if mine else None for mine in found
    ]
    used = sorted({way for way in chosen if way is not None}, key=lambda way: ways[way].rank)[::-1]
    pairs = list(zip(found, chosen, strict=True))
    others = Counter((way, other) for mine, way in pairs if way is not None for other in mine)
    return Judged(
        [ways[way].protocol for way in used],
        [None if way is None else used.index(way) for way in chosen],
        [[] if way is None else mine[way] for mine, way in pairs],
        [
            (n, ways[way].protocol, ways[other].protocol)
            for (way, other), n in others.items()
            if other != way
        ],
    )


def relevant(entry: Entry, wanted: Collection[str] | None) -> Protocol | None:
    """What of its protocol an evaluation's numbers depend on; None if it has none that count."""
    names = [name for name in entry.metrics if wanted is None or brief(name, entry) in wanted]
    if not names or entry.round is None:
        return None
    settings: dict[str, Any] = {}
    for name in names:
        settings |= concerning(entry.protocol, option(name, entry))["metrics"]
    return {**entry.protocol, "metrics": settings}


def option(name: str, entry: Entry) -> str:
    """The metric that gave a number; of lines that do not say, the one that it is called after."""
    begun = [option for option in entry.protocol["metrics"] if name.startswith(option)]
    return entry.options.get(name) or max(begun, key=len, default=name)


def brief(name: str, entry: Entry) -> str:
    """A number's name without the network that looked, which its protocol tells."""
    return name.removesuffix(f"_{entry.protocol.get('extractor')}")


def placed(protocol: Protocol, ways: list[Way], known: dict[str, int]) -> int:
    """The number of the way that a protocol is one of, a new one where it is unlike all."""
    key = stamp(protocol)
    if key not in known:
        alike = (n for n, way in enumerate(ways) if not unlike(way.protocol, protocol))
        known[key] = next(alike, len(ways))
        if known[key] == len(ways):
            ways.append(Way(protocol))
    return known[key]


def described(protocol: Protocol) -> str:
    """How samples were judged, in words."""
    told = f"{counted(protocol.get('samples'))} samples of {protocol['weights']} weights"
    if protocol.get("real_samples"):
        real = counted(protocol["real_samples"])
        told += f" against {real} of {protocol.get('dataset')} ({protocol.get('split')})"
    if protocol.get("extractor"):
        told += f", seen by {protocol['extractor']}"
    return told


def counted(number: object) -> str:
    return f"{number:,}" if isinstance(number, int) else "some"


def contrast(one: Protocol, other: Protocol) -> list[str]:
    """What differs between two protocols, but for what follows of itself."""
    found = unlike(one, other)
    keys = {line.partition(":")[0] for line in found}
    follows = {each for key in keys & FOLLOWS.keys() for each in FOLLOWS[key]}
    return [line for line in found if line.partition(":")[0] not in follows]


def goals(entries: Iterable[Entry]) -> dict[str, str]:
    """Whether the least or the greatest of each number is best, as far as any evaluation says."""
    return {brief(name, entry): goal for entry in entries for name, goal in entry.goals.items()}
