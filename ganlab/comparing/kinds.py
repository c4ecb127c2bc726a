"""Kinds of runs: those that differ in nothing but their seed share a name and a colour."""

from collections.abc import Iterator, Mapping

from ganlab.comparing import charts
from ganlab.comparing.cells import columns, shown
from ganlab.comparing.comparison import Comparison
from ganlab.comparing.curves import Curve
from ganlab.comparing.rows import Row

COLOURS = 7
"""Kinds of runs that have a colour of their own."""


class Kinds:
    """Runs by what they are but for their seed, in the order of the rows."""

    def __init__(self, compared: Comparison) -> None:
        told = (
            [name for name in compared.settings if name != "seed"] if len(compared.rows) > 1 else []
        )
        heads = {column.name: column.header for column in columns(compared)}
        self.of: dict[str, str] = {}
        for row in compared.rows:
            words = (f"{heads[name]} {shown(row.settings.get(name))}" for name in told)
            self.of[str(row.run.path)] = ", ".join(words) or "all runs"
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


def swatch(colour: int | None, more: str = "") -> str:
    shade = "rest" if colour is None else f"c{colour}"
    return f'<span class="swatch {shade}{more}"></span>'
