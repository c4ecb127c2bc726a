"""A comparison as one HTML file that needs nothing else: table, curves, samples and settings."""

import datetime
import json
from collections.abc import Iterator
from html import escape
from importlib.resources import files
from itertools import count
from string import Template

from ganlab.columns import counted
from ganlab.comparing import charts
from ganlab.comparing.cells import labels
from ganlab.comparing.comparison import DEVIATION, Comparison
from ganlab.comparing.curves import Curve, logged
from ganlab.comparing.kinds import COLOURS, Kinds, swatch
from ganlab.comparing.page_tables import protocols, ranking, settings
from ganlab.comparing.rows import Row
from ganlab.comparing.thumbnails import Thumbnail, newest, thumbnail

LINES, FEWEST_LINES, ALL_LINES = 200, 40, 8000
"""Logged rounds that are read of each run: fewer of each where there are many runs."""
FULLY = 64
"""Grids of samples that are shown at once; those of more runs are unfolded."""
PICTURES = 16_000_000
"""Characters that all pictures take at most."""
CURVES = (
    "Over the rounds. A line is the median of runs that differ in nothing but their seed. Its band "
    "goes from the least to the greatest, and of four runs or more it holds the middle half. The "
    "outermost 1% of the values may lie outside."
)
SAMPLES = "The last grid of each run. Runs of the same prior draw from the same noise."


def page(compared: Comparison, command: str) -> str:
    """The whole page, on which rows have the order that they have in the comparison."""
    kinds = Kinds(compared)
    sections = [
        *ranking(compared, kinds),
        *curves(compared, kinds),
        *samples(compared, kinds),
        *settings(compared, kinds),
        *protocols(compared),
    ]
    sides = ("width", "height", "left", "right", "top", "bottom")
    return Template(
        (files("ganlab.comparing") / "page.html").read_text(encoding="utf-8")
    ).substitute(
        title=counted(len(compared.rows), "run") + " compared",
        date=datetime.datetime.now().strftime("%Y-%m-%d %H:%M"),
        command=escape(command),
        notes="\n".join(f"<p>{escape(note)}.</p>" for note in map(sentence, compared.notes)),
        palette=palette(),
        sections="\n".join(sections),
        box=json.dumps({side: getattr(charts, side.upper()) for side in sides}),
    )


def sentence(note: str) -> str:
    return note[:1].upper() + note[1:]


def palette() -> str:
    """The colours of kinds, for lines, bands, points and swatches."""
    return "\n".join(
        f".line.{name} {{ stroke: var(--{name}); }} .band.{name}, circle.{name} "
        f"{{ fill: var(--{name}); }} .swatch.{name} {{ background: var(--{name}); }}"
        for name in [*(f"c{n}" for n in range(COLOURS)), "rest"]
    )


def curves(compared: Comparison, kinds: Kinds) -> Iterator[str]:
    """Metrics of each protocol, then what was logged: losses and speed first, the rest folded."""
    numbers = count()
    judged, deviations = metric_panels(compared, kinds, numbers)
    first, rest = log_panels(compared, kinds, numbers)
    rest = [*deviations, *rest]
    if not (judged or first or rest):
        return
    yield f'<section><h2>Curves</h2>\n<p class="soft">{CURVES}</p>'
    yield legend(kinds)
    yield f'<div class="panels">\n{"".join([*judged, *first])}\n</div>'
    if rest:
        yield f"<details><summary>{counted(len(rest), 'more measure')}</summary>"
        yield f'<div class="panels">{"".join(rest)}</div></details>'
    yield "</section>"


def legend(kinds: Kinds) -> str:
    entries = [f"<li>{swatch(n)}{escape(kind)}</li>" for kind, n in kinds.colours.items()]
    others = len(set(kinds.of.values())) - len(kinds.colours)
    if others > 0 and len(kinds.colours) == COLOURS:
        entries.append(f"<li>{swatch(None)}{others} others</li>")
    return f'<ul class="legend">{"".join(entries)}</ul>'


def metric_panels(
    compared: Comparison, kinds: Kinds, numbers: Iterator[int]
) -> tuple[list[str], list[str]]:
    """The metrics that were found after more than one round, and the deviations of such."""
    groups = compared.groups()
    judged: list[str] = []
    deviations: list[str] = []
    for place, group in enumerate(groups, 1):
        for metric in compared.metrics:
            found = {
                str(row.run.path): row.numbers[metric].curve
                for row in group.rows
                if metric in row.numbers
            }
            if any(len(curve) > 1 for curve in found.values()):
                title = metric if len(groups) < 2 else f"{metric} (table {place})"
                drawn = charts.panel(title, [*kinds.gathered(found)], next(numbers))
                (deviations if metric.endswith(DEVIATION) else judged).append(drawn)
    return judged, deviations


def log_panels(
    compared: Comparison, kinds: Kinds, numbers: Iterator[int]
) -> tuple[list[str], list[str]]:
    """What was logged: the players' losses and the speed, and everything else."""
    each = max(FEWEST_LINES, min(LINES, ALL_LINES // max(len(compared.rows), 1)))
    found: dict[str, dict[str, Curve]] = {}
    for row in compared.rows:
        for name, curve in logged(row.run, each).curves().items():
            found.setdefault(name, {})[str(row.run.path)] = curve
    first: list[str] = []
    rest: list[str] = []
    for name in sorted(found, key=lambda name: (not name.endswith("/loss"), name)):
        if drawn := [*kinds.gathered(found[name])]:
            main = name.endswith("/loss") or name == "images_per_second"
            title = name.replace("_", " ").replace("/", " ")
            (first if main else rest).append(charts.panel(title, drawn, next(numbers)))
    return first, rest


def samples(compared: Comparison, kinds: Kinds) -> Iterator[str]:
    """The newest grid of each run, while there is room."""
    figures, taken, left_out = [], 0, 0
    names = labels(compared.rows)
    first = next(iter(compared.metrics), "")
    for row in compared.rows:
        if file := newest(row.run):
            left_out += taken >= PICTURES
            if taken < PICTURES and (picture := thumbnail(file)):
                taken += len(picture.address)
                figures.append(figure(row, names[str(row.run.path)], picture, kinds, first))
    if not figures:
        return
    yield f'<section><h2>Samples</h2>\n<p class="soft">{SAMPLES}</p>'
    yield f'<div class="grids">\n{"".join(figures[:FULLY])}\n</div>'
    if rest := figures[FULLY:]:
        yield f"<details><summary>{counted(len(rest), 'more grid')}</summary>"
        yield f'<div class="grids">{"".join(rest)}</div></details>'
    if left_out:
        yield f"<p>To keep this page small, {counted(left_out, 'grid')} had to be left out.</p>"
    yield "</section>"


def figure(row: Row, name: str, picture: Thumbnail, kinds: Kinds, metric: str) -> str:
    """A picture, whose it is, and how good that became."""
    name = escape(name)
    found = row.numbers.get(metric)
    best = f", best {metric} {found.best[1]:.4g}" if found and found.best else ""
    wide = ' class="wide"' if picture.width > 1.5 * picture.height else ""
    return (
        f'<figure{wide}><img src="{picture.address}" alt="samples of {name}" '
        f'width="{picture.width}" height="{picture.height}">'
        f"<figcaption>{kinds.swatch(row)}<strong>{name}</strong><br>"
        f"{escape(row.state)}, round {picture.round}{best}</figcaption></figure>\n"
    )
