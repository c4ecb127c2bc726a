"""The judge: samples are held against real data, by one protocol that is written beside them."""

import itertools
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ganlab import __version__
from ganlab.datasets.dataset import Dataset
from ganlab.datasets.points import Mixture
from ganlab.errors import GanlabError
from ganlab.evaluations import Entry, Protocol
from ganlab.extractors.extractor import Extractor
from ganlab.metrics import case
from ganlab.metrics.metric import Impossible, Metric
from ganlab.metrics.seen import Seen, see
from ganlab.reference import Reference
from ganlab.sampling import as_bytes

POINTS = 10_000
"""As many points are drawn to hold samples against, unless others are asked for."""
TOGETHER = 8
"""As many chunks of samples are looked at together."""


@dataclass(frozen=True)
class Fakes:
    """Samples to be judged: `count` in all, float32 as games draw them or uint8 pictures.

    `critic` scores them as games see them; None where there is no discriminator. `facts` go into
    the protocol.
    """

    count: int
    chunks: Callable[[], Iterable[Tensor]]
    critic: Callable[[Tensor], Tensor] | None
    facts: dict[str, Any]


@dataclass(frozen=True)
class Verdict:
    """Numbers and pictures by their full names, and why what is missing could not be had.

    `goals` and `options` are those of `evaluations.Entry`.
    """

    metrics: dict[str, float]
    pictures: dict[str, np.ndarray]
    skipped: dict[str, str]
    protocol: Protocol
    goals: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)

    def missing(self) -> dict[str, list[str]]:
        """The metrics that could not be had, by the reason."""
        reasons = dict.fromkeys(self.skipped.values())
        return {why: [n for n, reason in self.skipped.items() if reason == why] for why in reasons}

    def entry(self, number: int | None) -> Entry:
        """As a line of the file, after round `number`."""
        told = self.metrics, self.skipped, self.protocol, self.goals, self.options
        return Entry(number, time.time(), *told)


class Judge:
    """Judges samples of one dataset.

    `sees()` makes the extractor, called `extractor_name`, when it is first needed; it raises
    GanlabError where it cannot be had. `settings` are those of each metric.
    """

    def __init__(
        self,
        dataset: Dataset,
        metrics: dict[str, Metric],
        settings: dict[str, Any],
        sees: Callable[[], Extractor],
        extractor_name: str | None,
        split: str,
        real_samples: int | None,
        seed: int,
    ) -> None:
        kind = "pictures" if dataset.spec.is_image else "points"
        self.metrics = {name: m for name, m in metrics.items() if kind in m.judges}
        self.dataset, self.settings = dataset, settings
        self.sees, self.extractor_name = sees, extractor_name
        self.split, self.real_samples, self.seed = split, real_samples, seed
        self.reference = Reference(dataset)

    def __call__(self, fakes: Fakes) -> Verdict:
        """Judge samples by every metric that can be had."""
        trial = Trial(self, fakes)
        found: dict[str, Any] = {}
        skipped = {}
        try:
            _, real = trial.fake, trial.real.count
        except Impossible as reason:
            skipped = dict.fromkeys(self.metrics, str(reason))
            return Verdict({}, {}, skipped, self.protocol(None, fakes))
        for name, metric in self.metrics.items():
            try:
                if metric.by_features:
                    self.demand_extractor()
                found |= {self.full(metric, key): value for key, value in metric(trial).items()}
            except Impossible as reason:
                skipped[name] = str(reason)
        pictures = {name: value for name, value in found.items() if isinstance(value, np.ndarray)}
        metrics = {name: float(value) for name, value in found.items() if name not in pictures}
        told = {n: self.goals[n] for n in metrics}, {n: self.option(n) for n in metrics}
        return Verdict(metrics, pictures, skipped, self.protocol(real, fakes), *told)

    def full(self, metric: Metric, name: str) -> str:
        """The name of a metric's number, with the extractor that it was seen through."""
        return f"{name}_{self.extractor_name}" if metric.by_features else name

    @property
    def goals(self) -> dict[str, str]:
        """Whether the least or the greatest is best, of each number by its full name.

        Without an extractor there are none that are seen through one.
        """
        return {
            self.full(metric, name): "min" if name.endswith("_deviation") else metric.goal
            for metric in self.metrics.values()
            if self.extractor_name or not metric.by_features
            for name in metric.gives
        }

    def option(self, full: str) -> str:
        """The name of the metric that gives a number."""
        options = self.metrics.items()
        return next(o for o, m in options if full in {self.full(m, name) for name in m.gives})

    @cached_property
    def extractor(self) -> Extractor | GanlabError:
        """The extractor, or why it cannot be had."""
        try:
            return self.sees()
        except GanlabError as error:
            return error

    @property
    def eye(self) -> Extractor | None:
        """The extractor, where some metric looks through one and it can be had."""
        if not any(metric.by_features for metric in self.metrics.values()):
            return None
        return None if isinstance(self.extractor, GanlabError) else self.extractor

    def demand_extractor(self) -> None:
        """Raise `Impossible`, with the reason, where there is no extractor."""
        if isinstance(self.extractor, GanlabError):
            raise Impossible(str(self.extractor))

    @cached_property
    def real(self) -> Seen:
        """The real samples that fakes are held against."""
        if not self.dataset.spec.is_image:
            return self.reference.points(self.real_samples or POINTS)
        return self.reference.pictures(self.split, self.real_samples, self.eye)

    @cached_property
    def held_out(self) -> Seen:
        """Real pictures that were not trained on."""
        return self.reference.pictures("test", None, self.eye)

    def protocol(self, real: int | None, fakes: Fakes) -> Protocol:
        """All that numbers depend on, beside the samples."""
        eye = self.eye
        return {
            "dataset": self.dataset.spec.name,
            "content": self.dataset.content,
            "shape": list(self.dataset.spec.shape),
            "split": self.split if self.dataset.spec.is_image else "drawn",
            "real_samples": real,
            "samples": fakes.count,
            "extractor": eye and self.extractor_name,
            "extractor_sha256": eye and eye.sha256,
            "resizing": eye and eye.resizing,
            **fakes.facts,
            "metrics": {name: self.settings[name] for name in self.metrics},
            "code_version": __version__,
        }


class Trial:
    """One case before the judge; see `ganlab.metrics.case.Case`."""

    def __init__(self, judge: Judge, fakes: Fakes) -> None:
        self.judge, self.fakes, self.seed = judge, fakes, judge.seed

    @property
    def real(self) -> Seen:
        return self.judge.real

    @property
    def held_out(self) -> Seen:
        return self.judge.held_out

    @cached_property
    def fake(self) -> Seen:
        return see(gathered(self.fakes.chunks()), self.fakes.count, self.judge.eye)

    @cached_property
    def training(self) -> case.Training:
        return self.judge.reference.training(self.judge.eye)

    @property
    def critic(self) -> Callable[[Tensor], Tensor]:
        if self.fakes.critic is None:
            raise Impossible("there is no discriminator to ask, or it asks for labels")
        score = self.fakes.critic
        return lambda stored: score(as_drawn(stored))

    @property
    def mixture(self) -> case.Mixture:
        data = self.judge.dataset
        if not isinstance(data, Mixture):
            raise Impossible(f"{data.spec.name} is no mixture whose density is known")
        return case.Mixture(data.modes, data.deviation)

    @property
    def classes(self) -> tuple[str, ...]:
        return self.judge.eye.classes if self.judge.eye else ()


def gathered(chunks: Iterable[Tensor]) -> Iterator[Tensor]:
    """Samples as they are stored, more of them at a time. Raises `Impossible` for what diverged."""
    coming = iter(chunks)
    while some := list(itertools.islice(coming, TOGETHER)):
        samples = torch.cat(some)
        if not samples.isfinite().all():
            raise Impossible("samples are not finite: this generator has diverged")
        yield as_stored(samples)


def as_stored(samples: Tensor) -> Tensor:
    """Pictures as uint8, points as they are."""
    drawn = samples.ndim == 4 and samples.dtype != torch.uint8
    return as_bytes(samples) if drawn else samples


def as_drawn(stored: Tensor) -> Tensor:
    """uint8 pictures as games draw them, float32 in [-1, 1]; points as they are."""
    return stored.float() / 127.5 - 1 if stored.dtype == torch.uint8 else stored
