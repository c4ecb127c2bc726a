"""The tables of a comparison's page: runs, settings that differ, and how samples were judged."""

from collections.abc import Iterator, Sequence
from html import escape

from ganlab.comparing.cells import Column, columns, missing, shown
from ganlab.comparing.comparison import DEVIATION, Comparison, Group
from ganlab.comparing.kinds import Kinds
from ganlab.comparing.rows import Row
from ganlab.comparing.tables import filled, judgement
from ganlab.keys import flat


def ranking(compared: Comparison, kinds: Kinds) -> Iterator[str]:
    """The tables."""
    yield "<section><h2>Runs</h2>"
    for number, group in enumerate(compared.groups(), 1):
        if len(compared.groups()) > 1:
            yield f"<h3>Table {number}: {escape(judgement(compared, group))}</h3>"
        yield table(compared, group, kinds)
    yield "</section>"


def table(compared: Comparison, group: Group, kinds: Kinds) -> str:
    """One table, whose best values are bold."""
    shown = filled(columns(compared), group)
    heads = "".join(header(column) for column in shown)
    best = {
        c.name: champion(c, group.rows)
        for c in shown
        if c.metric in compared.goals and not str(c.metric).endswith(DEVIATION)
    }
    rows = "\n".join(
        f"<tr>{''.join(cell(column, row, best.get(column.name), kinds) for column in shown)}</tr>"
        for row in group.rows
    )
    return (
        '<div class="scroll" tabindex="0" role="region" aria-label="runs"><table class="sortable">'
        f"<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}\n</tbody></table></div>"
    )


def champion(column: Column, rows: Sequence[Row]) -> object:
    """The best value of a column."""
    values = [value for row in rows if not missing(value := column.value(row))]
    return (max if column.greatest_first else min)(values) if len(values) > 1 else None


def header(column: Column) -> str:
    kind = ' class="number"' if column.is_number else ""
    first = "descending" if column.greatest_first else "ascending"
    arrow = {True: " \N{UPWARDS ARROW}", False: " \N{DOWNWARDS ARROW}"}[column.greatest_first]
    told = escape(column.header) + (f'<span class="soft">{arrow}</span>' if column.metric else "")
    return f'<th scope="col"{kind} data-first="{first}" title="{escape(column.name)}">{told}</th>'


def cell(column: Column, row: Row, best: object, kinds: Kinds) -> str:
    """One fact, with the value that it is sorted by where it has one."""
    value = column.value(row)
    names = [*["number"] * column.is_number, *["best"] * (best is not None and value == best)]
    classes = f' class="{" ".join(names)}"' if names else ""
    key = "" if missing(value) or value == "" else f' data-value="{escape(str(value))}"'
    if column.name == "run":
        return f'<th scope="row"{key}>{kinds.swatch(row)}{escape(column.text(row))}</th>'
    return f"<td{classes}{key}>{escape(column.text(row))}</td>"


def settings(compared: Comparison, kinds: Kinds) -> Iterator[str]:
    """Every setting that differs, of every run."""
    if not compared.differing:
        return
    yield '<section><h2>What differs</h2><div class="scroll" tabindex="0" role="region" '
    yield 'aria-label="settings"><table><thead><tr><th scope="col">setting</th>'
    for row in compared.rows:
        yield f'<th scope="col" title="{escape(row.name)}">{kinds.swatch(row)}{escape(row.id)}</th>'
    yield "</tr></thead>\n<tbody>"
    for name in compared.differing:
        cells = "".join(f"<td>{escape(shown(r.settings.get(name)))}</td>" for r in compared.rows)
        yield f'<tr><th scope="row">{escape(name)}</th>{cells}</tr>'
    yield "</tbody></table></div></section>"


def protocols(compared: Comparison) -> Iterator[str]:
    """How samples were judged, of each table."""
    if compared.protocols:
        yield "<section><h2>How samples were judged</h2>"
        for group in compared.groups():
            if group.protocol is not None:
                facts = ((k, v) for k, v in flat(group.protocol) if not (v and isinstance(v, dict)))
                told = (f"<dt>{escape(k)}</dt><dd>{escape(fact(v))}</dd>" for k, v in facts)
                yield f"<dl>{''.join(told)}</dl>"
        yield "</section>"


def fact(value: object) -> str:
    """A fact of a protocol; a metric of no settings has none to tell."""
    return "no settings" if value == {} else shown(value)
