"""What a study found, in writing: tables of its recipes, and how their orderings agree."""

import csv
import io
import itertools
import math
import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ganlab.columns import counted, folded
from ganlab.comparing.tables import GAP, barred, pad
from ganlab.files import write_atomically
from ganlab.observers.progress import clock
from ganlab.study.standings import Outcome, Standing, Standings, losses, pending, standings
from ganlab.study.statistics import (
    Interval,
    best_interval,
    best_of,
    median_interval,
    ordering,
    quantile,
    quartiles,
    swapped,
)
from ganlab.sweep.sweeps import Sweep

PAGE, SHEET, CURVES, PICTURE = "study.md", "study.csv", "best_of.csv", "study.png"
NONE = "none"
"""In place of the value of runs that have none: they failed or diverged."""
Table = list[list[str]]
"""A header and rows; the first column has names, the others numbers."""


def report(sweep: Sweep) -> str:
    """Write what was found into a study's directory; gives it as a terminal shows it."""
    from ganlab.study.study_picture import drawn

    found = standings(sweep)
    spent = budget(sweep, found)
    write_atomically(sweep.path / PAGE, page(found, spent))
    write_atomically(sweep.path / SHEET, separated(sheet(found)))
    write_atomically(sweep.path / CURVES, separated(curves(found)))
    write_atomically(sweep.path / PICTURE, drawn(found))
    told = "\n".join(line for name, words in spent for line in folded(f"{name}  ", words))
    return "\n\n".join([*map(text, found), told])


def budget(sweep: Sweep, found: Sequence[Standings]) -> list[tuple[str, str]]:
    """What the study took, and what is missing."""
    facts, study = sweep.facts(), sweep.facts()["study"]
    outcomes = [o for on in found for each in on.recipes for o in (*each.search, *each.repeats)]
    rounds = sum(outcome.rounds for outcome in outcomes)
    trained = clock(sum(outcome.seconds for outcome in outcomes))
    by = next(iter(facts.get("launcher", [])), f"{facts.get('slots')} at a time")
    told = (
        f"of each recipe a search of {counted(study['runs'], 'run')}, then its best with "
        f"{counted(len(study['seeds']), 'seed')}; "
        f"{counted(len(outcomes), 'run')} of {rounds:,} rounds in all, trained for {trained}; "
        f"the study took {clock(facts.get('played_s', 0.0))}, {by}"
    )
    left = pending(sweep)
    missing = [("missing", f"{counted(left, 'run')}: `ganlab resume` plays them")] if left else []
    return [("budget ", told), *missing]


def text(found: Standings) -> str:
    """What was found on one dataset, in 80 columns."""
    tables = [aligned(table) for table in (searched(found), repeated(found)) if len(table) > 1]
    lines = [line for name, told in verdict(found) for line in folded(f"{name:15}  ", told)]
    return "\n\n".join([title(found), *tables, "\n".join(lines)])


def aligned(table: Table) -> str:
    """A table whose columns are set apart by blanks."""
    sizes = [max(map(len, column)) for column in zip(*table, strict=True)]
    cells = ([pad(row[0], sizes[0], False), *map(flush, row[1:], sizes[1:])] for row in table)
    return "\n".join(GAP.join(row) for row in cells)


def flush(word: str, size: int) -> str:
    return pad(word, size, True)


def page(found: Sequence[Standings], spent: Iterable[tuple[str, str]]) -> str:
    """What was found, in Markdown, with the command of each recipe's best run."""
    parts = ["# A study", *(words for _, words in spent), f"![Best of k, and seeds]({PICTURE})"]
    for each in found:
        tables = [framed(table) for table in (searched(each), repeated(each)) if len(table) > 1]
        lines = [f"- {name}: {told}" for name, told in verdict(each)]
        parts += [f"## {title(each)}", *tables, "\n".join(lines)]
        best = {r.recipe: r.best.job.words for r in each.recipes if r.best}
        commands = "\n".join(f"    ganlab train {shlex.join(words)}" for words in best.values())
        parts += [f"The best runs of {', '.join(best)}:\n\n{commands}"] if best else []
    return "\n\n".join(parts) + "\n"


def framed(table: Table) -> str:
    """A table in Markdown."""
    header, *rows = table
    rule = barred(["---", *["---:"] * (len(header) - 1)])
    return "\n".join([barred(header), rule, *map(barred, rows)])


def title(found: Standings) -> str:
    return f"{found.dataset}, by {found.metric}: the {goal(found)} is best"


def goal(found: Standings) -> str:
    return "greatest" if found.sign < 0 else "least"


def searched(found: Standings) -> Table:
    """The one best run of each recipe's search; the best recipe first."""
    header = ["search", "best run", "95% interval", "runs", "failed", "diverged", "trained"]
    rows = {
        each.recipe: [
            number(min(values), found),
            interval(best_interval(values, len(values)), found),
            *fates(each.search),
            clock(sum(outcome.seconds for outcome in each.search)),
        ]
        for each in found.recipes
        if (values := losses(each.search))
    }
    return [header, *named(rows, ordering(found.one_best()))]


def repeated(found: Standings) -> Table:
    """Each recipe's best configuration with other seeds; the best recipe first."""
    header = ["seeds", "median", "95% interval", "quartiles", "runs", "failed", "diverged"]
    rows = {
        each.recipe: [
            number(quantile(values, 0.5), found),
            interval(median_interval(values), found),
            interval(quartiles(values), found),
            *fates(each.repeats),
        ]
        for each in found.recipes
        if (values := losses(each.repeats))
    }
    return [header, *named(rows, ordering(found.medians()))]


def named(rows: Mapping[str, list[str]], names: Sequence[str]) -> Table:
    """The rows of those recipes that have one, in an order of all."""
    return [[name, *rows[name]] for name in names if name in rows]


def fates(outcomes: Sequence[Outcome]) -> list[str]:
    """How many runs there were, and what shares of them failed and diverged."""
    shares = (f"{share(outcomes, state):.0%}" for state in ("failed", "diverged"))
    return [str(len(outcomes)), *shares]


def share(outcomes: Sequence[Outcome], state: str) -> float:
    """How many of some runs ended so, from 0 to 1."""
    return sum(outcome.state == state for outcome in outcomes) / len(outcomes)


def number(loss: float, found: Standings) -> str:
    return f"{found.sign * loss:#.3g}".rstrip(".") if math.isfinite(loss) else NONE


def interval(ends: Interval, found: Standings) -> str:
    """Two losses as values, the lower one first."""
    return " .. ".join(number(end, found) for end in ends[:: found.sign])


def verdict(found: Standings) -> list[tuple[str, str]]:
    """Both orderings, and how they agree."""
    one, other = found.one_best(), found.medians()
    told = [("by one best run", ", ".join(ordering(one)))]
    if one.keys() != other.keys():
        return told
    changed = swapped(one, other)
    pairs = counted(math.comb(len(one), 2), "pair")
    which = ", ".join(f"{a} and {b}" for a, b in changed) or "the orderings agree"
    return [
        *told,
        ("by the median", ", ".join(ordering(other))),
        ("orderings", f"{len(changed)} of {pairs} change places: {which}"),
        *overlaps(found),
    ]


def overlaps(found: Standings) -> list[tuple[str, str]]:
    """Of how many pairs of recipes the medians' intervals have values in common."""
    intervals = [median_interval(losses(e.repeats)) for e in found.recipes if e.repeats]
    pairs = list(itertools.combinations(intervals, 2))
    overlapping = sum(max(a[0], b[0]) <= min(a[1], b[1]) for a, b in pairs)
    told = f"those of {overlapping} of {counted(len(pairs), 'pair')} of medians overlap"
    return [("intervals", told)] if pairs else []


def sheet(found: Sequence[Standings]) -> list[dict[str, Any]]:
    """A row a recipe and dataset, in full precision; nothing where there is no value."""
    return [row(on, each) for on in found for each in on.recipes]


def row(on: Standings, each: Standing) -> dict[str, Any]:
    """All that is known of a recipe on a dataset."""
    told: dict[str, Any] = {"dataset": on.dataset, "recipe": each.recipe}
    told |= {"metric": on.metric, "best_is": goal(on)}
    search, seeds = losses(each.search), losses(each.repeats)
    best = (min(search), *best_interval(search, len(search))) if search else ()
    told |= values(("best", "best_low", "best_high"), best, on)
    middle = (quantile(seeds, 0.5), *median_interval(seeds), *quartiles(seeds)) if seeds else ()
    names = ("median", "median_low", "median_high", "lower_quartile", "upper_quartile")
    told |= values(names, middle, on)
    for stage, outcomes in (("search", each.search), ("seeds", each.repeats)):
        told[f"{stage}_runs"] = len(outcomes)
        for state in ("failed", "diverged"):
            told[f"{stage}_{state}"] = sum(outcome.state == state for outcome in outcomes)
        told[f"{stage}_trained_s"] = sum(outcome.seconds for outcome in outcomes)
    return told


def values(names: Sequence[str], found: Sequence[float], on: Standings) -> dict[str, float | None]:
    """Losses as values of the metric, `low` and `high` as such; None for what is infinite."""
    known = [on.sign * loss if math.isfinite(loss) else None for loss in found]
    return dict(itertools.zip_longest(names, known))


def curves(found: Sequence[Standings]) -> list[dict[str, Any]]:
    """The best of k runs: its median and interval, for each budget k of each recipe and dataset."""
    return [
        {"dataset": on.dataset, "recipe": each.recipe, "budget": k}
        | values(
            ("best_of", "low", "high"), (best_of(search, k, 0.5), *best_interval(search, k)), on
        )
        for on in found
        for each in on.recipes
        if (search := losses(each.search))
        for k in range(1, len(search) + 1)
    ]


def separated(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows of equal keys, as CSV."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([rows[0].keys(), *(each.values() for each in rows)] if rows else [])
    return out.getvalue()
