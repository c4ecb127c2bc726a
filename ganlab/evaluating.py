"""Evaluation while a run trains: when, where it is written, and what follows from it."""

import logging
import math
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

    What it finds ranks checkpoints, and lets the run end once it no longer improves.
    """

    def __init__(self, run: Run, experiment: Experiment, writer: Any, signals: Signals) -> None:
        self.run, self.experiment = run, experiment
        self.writer, self.signals = writer, signals
        self.round, self.verdict = 0, Verdict({}, {}, {}, {})
        self.told: set[str] = set()

    def __call__(self, number: int, game: Any, record: dict) -> None:
        config = self.experiment.config
        due = number % config.evaluate_every == 0 or number == config.rounds
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
        for reason in set(self.verdict.skipped.values()) - self.told:
            names = [name for name, why in self.verdict.skipped.items() if why == reason]
            log.warning(f"not measured: {', '.join(names)}; {reason}")
        self.told |= set(self.verdict.skipped.values())

    def end_if_exhausted(self) -> None:
        """Ask for the end of the run where its patience is."""
        wish, patience = self.experiment.stopping, self.experiment.config.early_stopping.patience
        if wish is None or wish.name not in self.verdict.metrics:
            return
        alike = [e for e in self.run.evaluations() if e.protocol == self.verdict.protocol]
        values = [entry.metrics[wish.name] for entry in alike if wish.name in entry.metrics]
        if wish.exhausted(values, patience):
            self.signals.enough = (
                f"stopped early after round {self.round}: {wish.name} has not improved in "
                f"{patience} evaluations"
            )

    def rank(self, number: int, record: dict) -> tuple[float, str]:
        """How good a round is, the less the better, NaN where unknown; and by what."""
        wish = self.experiment.best
        if wish is None:
            return math.nan, ""
        if not wish.is_metric:
            return wish.sign * float(record.get(wish.name, math.nan)), wish.name
        known = self.verdict.metrics if number == self.round else {}
        by = f"{wish.name} {evaluations.stamp(self.verdict.protocol)}"
        return wish.sign * known.get(wish.name, math.nan), by

    def due(self, number: int) -> bool:
        """Whether a metric has just become better than at every checkpoint."""
        rank, by = self.rank(number, {})
        if not math.isfinite(rank):
            return False
        entries = checkpoints.manifest(self.run.checkpoints).values()
        return rank < min((e["rank"] for e in entries if e.get("by") == by), default=math.inf)
