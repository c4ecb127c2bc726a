"""Kinds of runs: those that differ in nothing but their seed share a name and a colour."""

from collections.abc import Iterator, Mapping

from ganlab.comparing import charts
from ganlab.comparing.cells import columns, labels, shown
from ganlab.comparing.comparison import Comparison
from ganlab.comparing.contrasts import SEED
from ganlab.comparing.curves import Curve
from ganlab.comparing.rows import Row

COLOURS = 7
"""Kinds of runs that have a colour of their own."""


class Kinds:
    """Runs by what they are but for their seed, in the order of the rows."""

    def __init__(self, compared: Comparison) -> None:
        self.of = named(compared)
        logs = (self.of[str(row.run.path)] for row in compared.rows if row.round)
        self.colours = {kind: n for n, kind in enumerate(dict.fromkeys(logs)) if n < COLOURS}

    def name(self, row: Row) -> str:
        return self.of[str(row.run.path)]

    def swatch(self, row: Row) -> str:
        """A spot of the colour that a run's curves have."""
        return swatch(self.colours.get(self.name(row))) if row.round else swatch(None, " none")

    def gathered(self, found: Mapping[str, Curve]) -> Iterator[charts.Series]:
        """The curves of runs, by their paths, as one series a kind."""
        kinds: dict[str, list[Curve]] = {}
        for path, curve in found.items():
            kinds.setdefault(self.of[path], []).append(curve)
        for kind, members in kinds.items():
            if drawn := charts.series(kind, self.colours.get(kind), members):
                yield drawn


def named(compared: Comparison) -> dict[str, str]:
    """The name of the kind of each run, by its path: what the table shows of the kind.

    Where that does not tell it from another, as of runs that are not wholly known, its first run
    is named too.
    """
    differing = [name for name in compared.differing if name != SEED]
    heads = {c.name: c.header for c in columns(compared) if c.name in differing}
    paths = labels(compared.rows)
    names: dict[tuple, str] = {}
    found = {}
    for row in compared.rows:
        path, kind = str(row.run.path), tuple(row.settings.get(name) for name in differing)
        if kind not in names:
            words = [f"{head} {shown(row.settings.get(name))}" for name, head in heads.items()]
            if differing and (not words or ", ".join(words) in names.values()):
                words.append(shown(paths[path]))
            names[kind] = ", ".join(words) or "all runs"
        found[path] = names[kind]
    return found


def swatch(colour: int | None, more: str = "") -> str:
    shade = "rest" if colour is None else f"c{colour}"
    return f'<span class="swatch {shade}{more}"></span>'
