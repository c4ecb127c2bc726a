"""Runs side by side: what tells them apart, and how good each became."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from ganlab.columns import counted
from ganlab.comparing import contrasts, ways
from ganlab.comparing.rows import Row, evaluated, numbers, row
from ganlab.errors import ConfigError
from ganlab.evaluations import Protocol, named
from ganlab.nearest import hint
from ganlab.references import Subject
from ganlab.runs import Run

DEVIATION = "_deviation"
"""Ends the name of a number that says how sure another is."""
ALONE = ("model", "dataset", "network", "loss", "penalty", "optimizer")
"""What is shown of a run that stands by itself."""


@dataclass(frozen=True)
class Group:
    """Rows that may be ranked together: judged by one `protocol`, or never where that is None."""

    protocol: Protocol | None
    rows: list[Row]


@dataclass(frozen=True)
class Comparison:
    """Rows in the order to be shown.

    `settings` are those that tell the runs apart, `differing` all that are not the same. `metrics`
    are numbers by their names without extractors, deviations last; `goals` say whether the least
    (`min`) or the greatest (`max`) of each is best. `notes` are to be said beside the table.
    """

    rows: list[Row]
    settings: list[str]
    differing: list[str]
    metrics: list[str]
    goals: Mapping[str, str]
    protocols: list[Protocol]
    notes: list[str]

    def groups(self) -> list[Group]:
        """The rows that stand together, those of the most shared protocol first.

        Where all that were ever judged were judged alike, that is one group of all.
        """
        if len(self.protocols) < 2:
            return [Group(self.protocols[0] if self.protocols else None, self.rows)]
        ways = [*enumerate(self.protocols), (None, None)]
        found = [Group(protocol, [r for r in self.rows if r.way == n]) for n, protocol in ways]
        return [group for group in found if group.rows]


def compare(subjects: Sequence[Subject], wanted: Collection[str] | None = None) -> Comparison:
    """Runs and jobs in the order given, by `wanted` metrics or by all.

    Raises ConfigError for a metric that none of them was judged by.
    """
    runs = [subject if isinstance(subject, Run) else subject.run for subject in subjects]
    evaluations = [evaluated(run) for run in runs]
    every = [entry for entries in evaluations for entry in entries]
    if wanted is not None:
        briefs = {name: ways.brief(name, entry) for entry in every for name in entry.metrics}
        wanted = [known(wish, briefs) for wish in wanted]
    goals = ways.goals(every)
    judged = ways.judged(evaluations, wanted)
    rows = [
        replace(row(subject), numbers=numbers(entries, goals, wanted), way=way)
        for subject, entries, way in zip(subjects, judged.entries, judged.chosen, strict=True)
    ]
    settings = [each.settings for each in rows if each.is_whole]
    partly = [each.settings for each in rows if not each.is_whole]
    there = dict.fromkeys(name for each in rows for name in each.numbers)
    given = frozenset().union(*(each.given for each in rows))
    return Comparison(
        rows,
        contrasts.telling(settings, given, partly) if len(rows) > 1 else [*ALONE],
        contrasts.differing(settings, partly),
        sorted(there, key=lambda name: name.endswith(DEVIATION)),
        goals,
        judged.protocols,
        notes(judged),
    )


def known(wish: str, briefs: Mapping[str, str]) -> str:
    """The name without extractor of the metric that is meant, of those that there are.

    Raises ConfigError for one that nobody was judged by.
    """
    there = sorted(set(briefs.values()))
    found = briefs.get(wish) or named(wish, there, None)
    if found is None:
        told = hint(wish, there) if there else "none of these runs was ever judged"
        raise ConfigError(f"--metrics {wish}: no run was judged by it; {told}")
    return found


def notes(judged: ways.Judged) -> list[str]:
    """What was left out or set apart, and why."""
    found = []
    if len(judged.protocols) > 1:
        found.append(
            f"judged by {len(judged.protocols)} protocols, whose numbers do not compare: each has "
            "its own table"
        )
    for count, taken, other in judged.left_out:
        differs = "; ".join(ways.contrast(taken, other))
        found.append(f"{counted(count, 'run')} also judged otherwise, left out here: {differs}")
    return found
