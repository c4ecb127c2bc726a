"""A study in one picture: the best of k runs against k, and what became of the best with seeds."""

import io
import math
from collections.abc import Sequence
from typing import Any

from ganlab.study.standings import Standings, losses
from ganlab.study.statistics import best_interval, best_of, quantile, quartiles

WIDTH, HEIGHT = 10, 3.6
"""Of one dataset's pair, in inches."""
DPI = 100
COLOURS = "tab10"
STEEP = 5.0
"""Values that differ by a greater factor are shown on a logarithmic axis."""


def drawn(found: Sequence[Standings]) -> bytes:
    """A PNG: a pair of panels for each dataset."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, HEIGHT * len(found)), dpi=DPI, layout="constrained")
    panels = figure.subplots(len(found), 2, squeeze=False, sharey="row")
    for (left, right), each in zip(panels, found, strict=True):
        searches(left, each)
        seeds(right, each)
        shown = [y for recipe in each.recipes for y in finite(each, losses(recipe.repeats))]
        shown += [y for recipe in each.recipes for y in finite(each, losses(recipe.search))]
        if shown and min(shown) > 0 and max(shown) > STEEP * min(shown):
            left.set_yscale("log")
    names = {"loc": "outside lower center", "ncols": 8, "fontsize": "small"}
    figure.legend(*panels[0][0].get_legend_handles_labels(), **names)
    out = io.BytesIO()
    FigureCanvasAgg(figure).print_png(out)
    return out.getvalue()


def finite(found: Standings, some: Sequence[float]) -> list[float]:
    """The values of those losses that are finite."""
    return [found.sign * loss for loss in some if math.isfinite(loss)]


def colour(number: int) -> Any:
    from matplotlib import colormaps

    return colormaps[COLOURS](number % colormaps[COLOURS].N)


def searches(panel: Any, found: Standings) -> None:
    """One curve a recipe, the median of the best of k, in its 95% interval."""
    for number, each in enumerate(found.recipes):
        search = losses(each.search)
        budgets = range(1, len(search) + 1)
        middle = [valued(found, best_of(search, k, 0.5)) for k in budgets]
        ends = [best_interval(search, k) for k in budgets]
        low, high = ([valued(found, end[i]) for end in ends] for i in (0, 1))
        panel.plot(budgets, middle, color=colour(number), label=each.recipe, marker=".")
        panel.fill_between(budgets, low, high, color=colour(number), alpha=0.12, linewidth=0)
    panel.set(xlabel="budget: runs of the search", ylabel=found.metric)
    panel.set_title(f"{found.dataset}: best of k, 95% bootstrap interval", fontsize="medium")
    panel.xaxis.get_major_locator().set_params(integer=True)


def valued(found: Standings, loss: float) -> float:
    """The value of a loss; none is drawn where runs without a number are that likely."""
    return found.sign * loss if math.isfinite(loss) else math.nan


def seeds(panel: Any, found: Standings) -> None:
    """One column a recipe: a point a seed, the quartiles, the median; a star for the one best."""
    for number, each in enumerate(found.recipes):
        repeats, shade = losses(each.repeats), colour(number)
        points = finite(found, repeats)
        panel.scatter([number] * len(points), points, color=shade, s=16, alpha=0.7, zorder=3)
        if each.best:
            panel.scatter([number - 0.3], [found.sign * each.best.loss], color=shade, marker="*")
        if repeats:
            low, high = (valued(found, end) for end in quartiles(repeats))
            middle = valued(found, quantile(repeats, 0.5))
            panel.vlines(number, low, high, color=shade, linewidth=9, alpha=0.25)
            panel.hlines(middle, number - 0.2, number + 0.2, color=shade, linewidth=2)
    names = [labelled(each.recipe, losses(each.repeats)) for each in found.recipes]
    panel.set_xticks(range(len(names)), names, fontsize="small")
    panel.set_title(
        "best configuration: seeds, median, quartiles (star: one best run)", fontsize="medium"
    )


def labelled(recipe: str, repeats: Sequence[float]) -> str:
    """A recipe's name, and how many of its runs cannot be drawn."""
    lost = sum(math.isinf(loss) for loss in repeats)
    return f"{recipe}\n{lost} of {len(repeats)} lost" if lost else recipe
