"""The health monitor of a run: what probes its players, and what asks the alarms."""

import contextlib
from typing import Any

import numpy as np
import torch

from ganlab import processes
from ganlab.build import Experiment
from ganlab.datasets.batches import normalised
from ganlab.datasets.dataset import Dataset
from ganlab.games.game import Batch
from ganlab.observers.health import Health, Probing
from ganlab.observers.scalars import Scalars
from ganlab.probe import Probe
from ganlab.runs import Run

FEWEST = 2


def probing(experiment: Experiment) -> list[Probing]:
    """The observer that measures samples, where one is wished; it comes before what logs."""
    config, dataset, wish = experiment.config, experiment.dataset, experiment.config.health
    if wish.every is None:
        return []
    real = some_real(dataset, wish.samples, config.seed)
    held_out = some_held_out(dataset, wish.samples)
    probe = Probe(real, held_out, wish.samples, config.seed, experiment.runtime.precise())
    return [Probing(wish.every, config.log_every, probe)]


def health(run: Run, experiment: Experiment, writer: Any, scalars: Scalars) -> Health:
    """The observer that asks the alarms; it comes after what logs, and knows the run's past."""
    config, wish = experiment.config, experiment.config.health
    return Health(
        config.log_every,
        config.rounds,
        lambda: scalars.latest,
        writer,
        experiment.alarms,
        wish.memory,
        wish.calm,
        run.metrics(),
    )


def some_real(dataset: Dataset, n: int, seed: int) -> Batch:
    """At most n training samples on the CPU, `data` float32."""
    n = min(n, dataset.spec.count or n)
    with processes.alone(), contextlib.closing(dataset.batches(n, seed, "cpu", False)) as batches:
        return next(batches)


def some_held_out(dataset: Dataset, n: int) -> Batch | None:
    """At most n samples that are not trained on, from all over their split; None without them."""
    if "test" not in dataset.splits:
        return None
    stored = dataset.arrays("test")
    if (count := len(stored["data"])) < FEWEST:
        return None
    places = np.linspace(0, count - 1, min(n, count)).astype(int)
    found = {name: torch.from_numpy(column[places]) for name, column in stored.items()}
    labels = {"label": found["label"].long()} if "label" in found else {}
    return {"data": normalised(found["data"]), **labels}
