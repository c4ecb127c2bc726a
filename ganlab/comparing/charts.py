"""Curves of many runs as inline SVG: runs of one kind are one colour, a median within a band."""

import math
import statistics
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from ganlab.comparing.curves import Curve, thinned

WIDTH, HEIGHT = 360, 210
LEFT, RIGHT, TOP, BOTTOM = 50, 12, 10, 26
"""Room around the plot, in units of the picture."""
GRID = 100
"""As many rounds at most are drawn."""
FEW = 4
"""From so many runs on the band holds the middle half, and all of fewer."""
TICKS = 4
DOTTED = 12
"""Curves of at most so many points show them."""
OUTLIERS = 0.01
"""What share of the values may lie above or below the picture."""


@dataclass(frozen=True)
class Series:
    """One kind of run: `colour` is a number of the palette, None for what is in the background."""

    label: str
    colour: int | None
    rounds: list[float]
    low: list[float]
    middle: list[float]
    high: list[float]
    runs: int


def series(label: str, colour: int | None, curves: Sequence[Curve]) -> Series | None:
    """The median and the band of some runs' curves; None where they have no finite value."""
    finite = [[point for point in curve if math.isfinite(point[1])] for curve in curves]
    finite = [curve for curve in finite if curve]
    found = Series(label, colour, [], [], [], [], len(finite))
    for place in grid(finite):
        values = sorted(v for curve in finite if (v := between(curve, place)) is not None)
        low, high = values[0], values[-1]
        if len(values) >= FEW:
            low, _, high = statistics.quantiles(values, n=4, method="inclusive")
        found.rounds.append(place)
        found.low.append(low)
        found.middle.append(statistics.median(values))
        found.high.append(high)
    return found if found.rounds else None


def grid(curves: Sequence[Curve]) -> list[int]:
    """The rounds to draw: all that any curve has, or as many as there is room for."""
    return thinned(sorted({round for curve in curves for round, _ in curve}), GRID)


def between(curve: Curve, place: float) -> float | None:
    """A curve's value at a round, between its points on a straight line; None beyond its ends."""
    n = bisect_left(curve, place, key=lambda point: point[0])
    if n < len(curve) and curve[n][0] == place:
        return curve[n][1]
    if n in {0, len(curve)}:
        return None
    (x0, y0), (x1, y1) = curve[n - 1], curve[n]
    return y0 + (y1 - y0) * (place - x0) / (x1 - x0)


def panel(title: str, drawn: Sequence[Series], number: int) -> str:
    """One measure of all kinds of runs over the rounds, as the page's figure of a number."""
    span = extent([x for each in drawn for x in each.rounds], 0.0)
    reach = extent([y for each in drawn for y in (*each.low, *each.high)], OUTLIERS)
    scale = Scale(span, reach)
    behind_first = sorted(drawn, key=lambda each: each.colour is not None)
    marks = "".join(f"{band(each, scale)}{line(each, scale)}" for each in behind_first)
    name = escape(title)
    ranges = " ".join(f"{value:.6g}" for value in (*span, *reach))
    return (
        f'<figure class="panel"><figcaption>{name}</figcaption>'
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{name} over the rounds" '
        f'data-ranges="{ranges}"><defs><clipPath id="clip-{number}"><rect x="{LEFT - 4}" y="{TOP}" '
        f'width="{WIDTH - LEFT - RIGHT + 8}" height="{HEIGHT - TOP - BOTTOM}"/></clipPath></defs>'
        f'{axes(scale)}<g clip-path="url(#clip-{number})">{marks}</g></svg></figure>'
    )


@dataclass(frozen=True)
class Scale:
    """From rounds and values to places in the picture."""

    span: tuple[float, float]
    reach: tuple[float, float]

    def x(self, value: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * share(value, *self.span)

    def y(self, value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share(value, *self.reach)

    def points(self, xs: Sequence[float], ys: Sequence[float]) -> str:
        """Places at most a picture's height outside of it, since no viewer likes 1e30."""
        pairs = zip(xs, ys, strict=True)
        return " ".join(
            f"{self.x(x):.1f},{min(max(self.y(y), -HEIGHT), 2 * HEIGHT):.1f}" for x, y in pairs
        )


def share(value: float, low: float, high: float) -> float:
    return (value - low) / (high - low)


TINY = 1e-300
"""Less than this is nothing: parts of it have no logarithm."""


def extent(values: Sequence[float], outliers: float) -> tuple[float, float]:
    """From where to where an axis goes, for all values but a share at either end."""
    ordered = sorted(values)
    beyond = int(len(ordered) * outliers)
    low, high = ordered[beyond], ordered[-1 - beyond]
    if high - low < TINY:
        room = (abs(low) if abs(low) > TINY else 1) / 10
        return low - room, high + room
    room = (high - low) * (0.04 if outliers else 0.0)
    return low - room, high + room


def ticks(low: float, high: float) -> list[float]:
    """Round numbers within a range."""
    rough = (high - low) / TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * n for n in (1, 2, 5, 10) if power * n >= rough)
    first = math.ceil(low / step)
    return [n * step for n in range(first, math.floor(high / step) + 1)]


def axes(scale: Scale) -> str:
    """Lines and numbers for the values, numbers for the rounds."""
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    across = "".join(
        f'<path class="grid" d="M{LEFT} {scale.y(v):.1f}H{right}"/>'
        f'<text x="{LEFT - 6}" y="{scale.y(v) + 3.5:.1f}" text-anchor="end">{brief(v)}</text>'
        for v in ticks(*scale.reach)
    )
    along = "".join(
        f'<text x="{scale.x(v):.1f}" y="{HEIGHT - 9}" text-anchor="middle">{brief(v)}</text>'
        for v in ticks(*scale.span)
    )
    return f'{across}{along}<path class="axis" d="M{LEFT} {bottom}H{right}"/>'


def brief(value: float) -> str:
    """A number of an axis in a few characters."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{unit}"
    return f"{value:.3g}"


def shade(each: Series) -> str:
    return "rest" if each.colour is None else f"c{each.colour}"


def band(each: Series, scale: Scale) -> str:
    """What lies around the median, where there are several runs and they have a colour."""
    if each.runs < 2 or each.colour is None:
        return ""
    around = scale.points([*each.rounds, *reversed(each.rounds)], [*each.high, *reversed(each.low)])
    return f'<polygon class="band {shade(each)}" points="{around}"/>'


def line(each: Series, scale: Scale) -> str:
    """The median, named with its last value; few points are marked."""
    name = escape(each.label)
    told = f"{name}: {each.middle[-1]:.4g} after round {each.rounds[-1]:g}"
    path = scale.points(each.rounds, each.middle)
    drawn = (
        f'<polyline class="line {shade(each)}" data-name="{name}" points="{path}">'
        f"<title>{told}</title></polyline>"
    )
    if len(each.rounds) > DOTTED:
        return drawn
    places = (place.split(",") for place in path.split())
    return drawn + "".join(
        f'<circle class="{shade(each)}" cx="{x}" cy="{y}" r="2.5"/>' for x, y in places
    )
