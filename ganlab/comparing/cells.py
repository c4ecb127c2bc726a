"""The columns of a comparison: their names, their values, and the order that they put rows in."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ganlab.comparing.comparison import DEVIATION, Comparison
from ganlab.comparing.rows import Row
from ganlab.console import legible
from ganlab.errors import ConfigError
from ganlab.nearest import hint
from ganlab.observers.progress import clock

LAST = " last"
"""Ends the name of the column of a metric's last value; that of the best has the metric's name."""
ESSENTIAL, USEFUL, EXTRA = 0, 1, 2


@dataclass(frozen=True)
class Column:
    """One fact of every row: `value` to sort by and to calculate with, `text` to read.

    `name` is whole, `header` as short as can be; `weight` is the less the more it matters, and
    `metric` is the name of the metric whose values these are.
    """

    name: str
    header: str
    value: Callable[[Row], Any]
    text: Callable[[Row], str]
    is_number: bool = True
    weight: int = ESSENTIAL
    greatest_first: bool = False
    metric: str | None = None


def columns(compared: Comparison) -> list[Column]:
    """All columns, in the order to be read."""
    metrics = [column for name in compared.metrics for column in scores(compared, name)]
    names = labels(compared.rows)
    return [
        Column("run", "run", lambda r: r.name, lambda r: shown(names[str(r.run.path)]), False),
        Column("state", "state", lambda r: r.state, lambda r: r.state, False),
        *settings(compared),
        Column("rounds", "rounds", lambda r: r.round, progress, weight=USEFUL),
        *metrics,
        Column("time", "time", lambda r: r.trained_s, time, weight=USEFUL),
        Column("img/s", "img/s", lambda r: r.images_per_second, speed, True, USEFUL, True),
        Column("remarks", "remarks", remarked, remarked, False, EXTRA),
    ]


def settings(compared: Comparison) -> Iterator[Column]:
    """A column for each setting that tells the runs apart, headed by what is unique of its end."""
    short = tails(compared.settings, ".")
    for name in compared.settings:
        values = [row.settings.get(name) for row in compared.rows]
        numeric = all(isinstance(v, int | float | None) for v in values)

        def value(row: Row, name: str = name) -> Any:
            return row.settings.get(name)

        def text(row: Row, name: str = name) -> str:
            return shown(row.settings.get(name))

        yield Column(name, short[name], value, text, numeric)


def scores(compared: Comparison, metric: str) -> Iterator[Column]:
    """The best and the last value of a metric."""
    first = metric == compared.metrics[0]
    greatest = compared.goals.get(metric) == "max"
    weight = EXTRA if metric.endswith(DEVIATION) else ESSENTIAL if first else USEFUL

    def best(row: Row) -> float | None:
        found = row.numbers.get(metric)
        return found.best[1] if found and found.best else None

    def last(row: Row) -> float | None:
        return row.numbers[metric].last[1] if metric in row.numbers else None

    for name, value in ((metric, best), (metric + LAST, last)):
        importance = weight if value is best else max(weight, USEFUL if first else EXTRA)
        yield Column(name, name, value, written(value), True, importance, greatest, metric)


def labels(rows: Iterable[Row]) -> dict[str, str]:
    """What the run of each path is called: as its directory, with more of the path where needed."""
    whole = {str(row.run.path): str(row.run.path.resolve()) for row in rows}
    short = tails(whole.values(), "/")
    return {path: short[name] for path, name in whole.items()}


def tails(names: Iterable[str], separator: str) -> dict[str, str]:
    """Of each name its last parts, as few as tell it from the others."""
    parts = {name: name.split(separator) for name in names}
    often = Counter(tuple(p[-n:]) for p in parts.values() for n in range(1, len(p) + 1))
    found = {}
    for name, mine in parts.items():
        unique = (n for n in range(1, len(mine)) if often[tuple(mine[-n:])] == 1)
        found[name] = separator.join(mine[-next(unique, len(mine)) :])
    return found


def shown(value: object) -> str:
    """A setting as one writes it in YAML, on one line; a dash where there is none."""
    if isinstance(value, bool):
        return str(value).lower()
    return "-" if value is None else legible(" ".join(str(value).splitlines()))


def written(value: Callable[[Row], float | None]) -> Callable[[Row], str]:
    """How a metric's value is written: with four digits."""

    def text(row: Row) -> str:
        found = value(row)
        return "-" if found is None else f"{found:.4g}"

    return text


def progress(row: Row) -> str:
    """How many rounds of how many."""
    return "-" if row.round is None else f"{row.round}/{row.rounds or '?'}"


def time(row: Row) -> str:
    return "-" if row.trained_s is None else clock(row.trained_s)


def speed(row: Row) -> str:
    return "-" if row.images_per_second is None else f"{row.images_per_second:.0f}"


def remarked(row: Row) -> str:
    return shown("; ".join(row.remarks))


def named(wish: str, among: Sequence[Column]) -> Column:
    """The column of a name or of a unique beginning of one. Raises ConfigError."""
    known: dict[str, Column] = {}
    for column in among:
        known.setdefault(column.name, column)
        known.setdefault(column.header, column)
    if wish in known:
        return known[wish]
    begun = list({c.name: c for name, c in known.items() if name.startswith(wish)}.values())
    best = [column for column in begun if not column.name.endswith(LAST)]
    if len(best or begun) == 1:
        return (best or begun)[0]
    there = ", ".join(c.name for c in begun) if begun else hint(wish, list(known))
    judged = "" if any(c.metric for c in among) else ", and none of these runs was ever judged"
    found = "which of these? " if begun else f"no such column{judged}; "
    raise ConfigError(f"--sort {wish}: {found}{there}")


START = Column("start", "start", lambda r: r.started, lambda r: r.started or "-", False)


def ranked(compared: Comparison, by: str, turned: bool = False) -> Comparison:
    """The rows sorted by a column, the best first; those without a value come last.

    A metric may also go by its full name. Raises ConfigError for what is no column.
    """
    full = {each.full: name for row in compared.rows for name, each in row.numbers.items()}
    column = named(full.get(by, by), [*columns(compared), START])
    known = [row for row in compared.rows if not missing(column.value(row))]
    rest = [row for row in compared.rows if missing(column.value(row))]
    known.sort(key=lambda row: order(column.value(row)), reverse=column.greatest_first != turned)
    return replace(compared, rows=[*known, *rest])


def missing(value: object) -> bool:
    """Whether there is nothing to sort by, numbers that are none included."""
    return value is None or (isinstance(value, float) and math.isnan(value))


def order(value: object) -> tuple[int, Any]:
    """Numbers before words, which do not compare."""
    return (0, value) if isinstance(value, int | float) else (1, str(value))
