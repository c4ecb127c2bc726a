"""Evaluation while a run trains: when, where it is written, and what follows from it."""

import logging
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ganlab import checkpoints, evaluations, pictures, processes
from ganlab.build import Experiment
from ganlab.columns import folded
from ganlab.files import write_atomically
from ganlab.judge import Verdict
from ganlab.judging import fakes
from ganlab.runs import Run
from ganlab.signals import Signals

log = logging.getLogger("ganlab")


class Evaluating:
    """An observer that judges samples every `evaluate_every` rounds, and after the last.

    What it finds ranks checkpoints: the best is saved at once. `end(number, why)` makes the round
    the last; that is called when the metric which may stop the run no longer improves.
    """

    def __init__(
        self,
        run: Run,
        experiment: Experiment,
        writer: Any,
        signals: Signals,
        end: Callable[[int, str], None],
    ) -> None:
        self.run, self.experiment, self.writer = run, experiment, writer
        self.signals, self.end = signals, end
        self.every, self.last = experiment.config.evaluate_every, experiment.config.rounds
        self.round, self.verdict = 0, Verdict({}, {}, {}, {})
        self.told: set[str] = set()

    def __call__(self, number: int, game: Any, record: dict) -> None:
        due = number % self.every == 0 or number == self.last
        if due and self.experiment.judge.metrics:
            self.evaluate(number)

    def evaluate(self, number: int) -> None:
        """Judge the samples of now; write the line, the scalars and the pictures."""
        game, averaged = self.experiment.game, self.experiment.averaged()
        with processes.alone():
            found = self.experiment.judge(fakes(game, averaged, self.experiment.config.evaluate))
        self.round, self.verdict = number, found
        evaluations.append(self.run.evaluations_file, found.entry(number))
        for name, value in found.metrics.items():
            self.writer.add_scalar(f"metrics/{name}", value, number)
        for name, picture in found.pictures.items():
            self.show(number, name, picture)
        self.tell(number)
        self.signals.due = self.is_best(number)
        self.end_if_exhausted()

    def show(self, number: int, name: str, picture: np.ndarray) -> None:
        self.writer.add_image(f"metrics/{name}", picture, number, dataformats="HWC")
        file = self.run.samples / f"{number:07d}-{name}.png"
        write_atomically(file, pictures.png(picture))

    def tell(self, number: int) -> None:
        """Say in short what was found, and once why something could not be."""
        judge, found = self.experiment.judge, self.verdict.metrics
        first = {m.gives[0]: judge.full(m, m.gives[0]) for m in judge.metrics.values()}
        words = [f"{brief}={found[name]:.4g}" for brief, name in first.items() if name in found]
        if words:
            log.info("\n".join(folded(f"round {number}  ", "  ".join(words))))
        for reason, names in self.verdict.missing().items():
            if reason not in self.told:
                told = folded("not measured: ", f"{', '.join(names)}; {reason}")
                log.warning("\n".join(told))
        self.told |= self.verdict.missing().keys()

    def end_if_exhausted(self) -> None:
        """Ask for the end of the run where its patience is."""
        wish, patience = self.experiment.stopping, self.experiment.config.early_stopping.patience
        if wish is None or wish.name not in self.verdict.metrics:
            return
        option = self.experiment.judge.option(wish.name)
        ours = evaluations.concerning(self.verdict.protocol, option)
        alike = {
            entry.round: entry.metrics[wish.name]
            for entry in self.run.evaluations()
            if wish.name in entry.metrics and evaluations.concerning(entry.protocol, option) == ours
        }
        values = list(alike.values())
        if wish.exhausted(values, patience):
            self.end(
                self.round,
                f"stopped early after round {self.round}: {wish.name} has not improved in "
                f"{patience} evaluations",
            )

    def rank(self, number: int, record: dict) -> tuple[float, str]:
        """How good a round is, the less the better, NaN where unknown; and by what."""
        wish = self.experiment.best
        if wish is None:
            return math.nan, ""
        if not wish.is_metric:
            return wish.sign * float(record.get(wish.name, math.nan)), wish.name
        known = self.verdict.metrics if number == self.round else {}
        if wish.name not in known:
            return math.nan, ""
        option = self.experiment.judge.option(wish.name)
        by = evaluations.stamp(evaluations.concerning(self.verdict.protocol, option))
        return wish.sign * known[wish.name], f"{wish.name} {by}"

    def is_best(self, number: int) -> bool:
        """Whether a metric has just become better than at every checkpoint."""
        if self.experiment.best is None or not self.experiment.best.is_metric:
            return False
        rank, by = self.rank(number, {})
        entries = checkpoints.manifest(self.run.checkpoints).values()
        before = min((e["rank"] for e in entries if e.get("by") == by), default=math.inf)
        return math.isfinite(rank) and rank < before
