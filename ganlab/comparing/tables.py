"""A comparison in writing: a table to read, and formats for other programs."""

import csv
import io
import json
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from rich.cells import cell_len

from ganlab.columns import folded
from ganlab.comparing import ways
from ganlab.comparing.cells import LAST, Column, columns, remarked
from ganlab.comparing.comparison import Comparison, Group
from ganlab.comparing.rows import Row

GAP = "  "
REMARKS = "remarks"
NAMED = 6
"""As many of the columns that were left out are named."""
NEVER = "never judged"


def text(compared: Comparison, width: int | None, first: str | None = None) -> str:
    """A line a run, below a title for each protocol where there are several.

    Where they would be wider than `width` columns, those that matter least are left out and named;
    None leaves everything whole. The column `first` stays as long as any.
    """
    every = [spoken(column) for column in columns(compared)]
    if width is None:
        whole = [table(compared, group, filled(every, group)) for group in compared.groups()]
        return "\n\n".join(whole)
    first = first or next(iter(compared.metrics), None)
    tables, dropped = [], dict[str, None]()
    for group in compared.groups():
        there = [narrowed(c, group.rows, width) for c in filled(every, group) if c.name != REMARKS]
        fitting = fitted(there, group.rows, width, first)
        dropped |= dict.fromkeys(c.header for c in there if c not in fitting)
        tables.append(table(compared, group, fitting, width))
    return "\n".join(["\n\n".join(tables), *beneath(compared, list(dropped), width)])


def spoken(column: Column) -> Column:
    """The column with what standard output has no character for written in those that it has."""
    encoding = sys.stdout.encoding or "utf-8"

    def text(row: Row) -> str:
        return column.text(row).encode(encoding, "backslashreplace").decode(encoding)

    return replace(column, text=text)


def narrowed(column: Column, rows: Sequence[Row], width: int) -> Column:
    """The column of names with ids in their place, where names would take a third of the room."""
    if column.name != "run" or 3 * breadth(column, rows) <= width:
        return column
    return replace(column, text=lambda row: row.id)


def filled(every: Sequence[Column], group: Group) -> list[Column]:
    """The columns that say something of some row."""
    return [c for c in every if any(c.text(row) not in {"", "-"} for row in group.rows)]


def fitted(
    there: Sequence[Column], rows: Sequence[Row], width: int, first: str | None
) -> list[Column]:
    """The columns that there is room for: what matters most first, then from left to right."""
    room = width + len(GAP)
    kept: list[Column] = []
    for column in sorted(there, key=lambda c: (c.name not in {"run", first}, c.weight)):
        needs = breadth(column, rows) + len(GAP)
        if needs <= room or not kept:
            room -= needs
            kept.append(column)
    return [column for column in there if column in kept]


def breadth(column: Column, rows: Sequence[Row]) -> int:
    return max(cell_len(word) for word in (column.header, *map(column.text, rows)))


def table(
    compared: Comparison, group: Group, shown: Sequence[Column], width: int | None = None
) -> str:
    """One group's title, where there are several, headers and rows."""
    lines = [*title(compared, group, width)]
    cells = [[c.header for c in shown], *([c.text(row) for c in shown] for row in group.rows)]
    breadths = [breadth(column, group.rows) for column in shown]
    for words in cells:
        padded = [
            pad(word, size, column.is_number)
            for word, size, column in zip(words, breadths, shown, strict=True)
        ]
        lines.append(GAP.join(padded).rstrip())
    return "\n".join(lines)


def pad(word: str, size: int, right: bool) -> str:
    blank = " " * (size - cell_len(word))
    return blank + word if right else word + blank


def title(compared: Comparison, group: Group, width: int | None) -> list[str]:
    """How the runs of a group were judged, and how the first group was judged otherwise."""
    if len(compared.groups()) < 2:
        return []
    whole = judgement(compared, group)
    return folded("", whole, width) if width else [whole]


def judgement(compared: Comparison, group: Group) -> str:
    """By what protocol a group's runs were judged, and what of it differs from the first."""
    if group.protocol is None:
        return NEVER
    contrast = ways.contrast(compared.protocols[0], group.protocol)
    differs = [line for line in contrast if line.partition(":")[0] not in ways.DESCRIBED]
    told = f" ({'; '.join(differs)})" if differs else ""
    return f"judged by {ways.described(group.protocol)}{told}"


def beneath(compared: Comparison, dropped: Sequence[str], width: int) -> list[str]:
    """What the table had no room for."""
    lines = []
    for row in compared.rows:
        if row.remarks:
            lines += folded(f"{row.id}: ", remarked(row), width)
    if dropped:
        more = len(dropped) - NAMED
        others = f" and {more} more" if more > 0 else ""
        lines += folded(
            "no room: ", f"{', '.join(dropped[:NAMED])}{others}; a pipe takes all", width
        )
    return ["", *lines] if lines else []


def markdown(compared: Comparison) -> str:
    """Tables in Markdown."""
    found = []
    for group in compared.groups():
        shown = filled(columns(compared), group)
        lines = [f"**{line}**\n" for line in title(compared, group, None)]
        lines.append(barred([c.header for c in shown]))
        lines.append(barred(["---:" if c.is_number else "---" for c in shown]))
        lines += [barred([c.text(row) for c in shown]) for row in group.rows]
        found.append("\n".join(lines))
    return "\n\n".join(found)


def barred(words: Sequence[str]) -> str:
    return f"| {' | '.join(word.replace('|', chr(92) + '|') for word in words)} |"


def records(compared: Comparison) -> list[dict[str, Any]]:
    """Each row in plain values of full precision, by full names; None for what is not known.

    Rows that may be ranked together stand together.
    """
    return [
        {
            "run": row.name,
            "path": str(row.run.path),
            "id": row.id,
            "state": row.state,
            "started": row.started,
            "settings": {name: row.settings.get(name) for name in compared.settings},
            "round": row.round,
            "rounds": row.rounds,
            "metrics": {each.full: number(each) for each in row.numbers.values()},
            "trained_s": row.trained_s,
            "images_per_second": row.images_per_second,
            "protocol": row.way,
            "remarks": list(row.remarks),
        }
        for group in compared.groups()
        for row in group.rows
    ]


def number(found: Any) -> dict[str, Any]:
    """A metric in plain values; None for what was not finite."""
    round, best = found.best or (None, None)
    last_round, last = found.last
    return {
        "goal": found.goal,
        "best": best,
        "best_round": round,
        "last": last if math.isfinite(last) else None,
        "last_round": last_round,
    }


def as_json(compared: Comparison) -> str:
    """An object with `runs`, and the `protocols` that they name by their place."""
    told = {"runs": records(compared), "protocols": compared.protocols, "notes": compared.notes}
    return json.dumps(speakable(told), indent=2)


def speakable(value: Any) -> Any:
    """A value as JSON has it: what it has no form for, such as infinity, as a word."""
    if isinstance(value, dict):
        return {str(key): speakable(each) for key, each in value.items()}
    if isinstance(value, list):
        return [speakable(each) for each in value]
    known = value is None or isinstance(value, bool | int | str)
    return value if known or (isinstance(value, float) and math.isfinite(value)) else str(value)


def as_csv(compared: Comparison) -> str:
    """A header and a line a run; metrics by full names, so that no two protocols share a column
    unless they share the network that looked, and `protocol` tells those apart."""
    found = records(compared)
    metrics = list(dict.fromkeys(name for record in found for name in record["metrics"]))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for number, record in enumerate(found):
        flat = spread(record, metrics)
        writer.writerows([flat.values()] if number else [flat, flat.values()])
    return out.getvalue().rstrip("\n")


def spread(record: Mapping[str, Any], metrics: Sequence[str]) -> dict[str, Any]:
    """A record without nesting, with the best and last of each of the metrics."""
    flat: dict[str, Any] = {}
    for name, value in record.items():
        if name == "metrics":
            for metric in metrics:
                found = value.get(metric, {})
                flat |= {metric: found.get("best"), metric + LAST: found.get("last")}
        elif name == "settings":
            flat |= value
        else:
            flat[name] = "; ".join(value) if isinstance(value, list) else value
    return flat
