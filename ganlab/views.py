"""What is drawn of a run while it trains: samples, what lies between them, and the plane."""

import contextlib
import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ganlab import pictures
from ganlab.average import shadow, with_modules
from ganlab.build import Experiment
from ganlab.games.game import Batch, Game
from ganlab.games.gan import GAN
from ganlab.latent import linear, spherical
from ganlab.panel import Panel, lattice
from ganlab.probe import drawn_like
from ganlab.processes import whole
from ganlab.sampling import decode, draw, noise

PAIRS = 4
NOISE = 0
"""The seed of what is drawn, whatever that of the run: pictures of runs can stand side by side."""
ROWS, COLUMNS = 8, 16
"""Of a grid of one class a column: its height, and the most classes that it shows."""
CELLS = 10
"""Pictures on a strip, ends included."""
FINE = 48
"""Points on a path of the plane, and cells on a side of its heat map."""
ARROWS = 40
View = Callable[[], np.ndarray]


def views(experiment: Experiment) -> dict[str, View]:
    """What draws each picture, uint8 (H, W, C), by name; they look and change nothing."""
    shape = experiment.dataset.spec.shape
    if shape == (2,):
        return {"samples": Plane(experiment)}
    drawn: dict[str, View] = {"samples": lambda: grid(experiment)}
    if len(shape) == 3:
        drawn["interpolation"] = lambda: strips(experiment)
    return drawn


def grid(experiment: Experiment) -> np.ndarray:
    """Samples of the averaged generator, from noise that is always the same for a prior.

    Where it samples by class, each column is a class, and each row comes from the same noise.
    """
    game = experiment.averaged()
    if game.classes is None:
        return pictures.render(draw(game, pictures.enough(experiment.dataset.spec.shape), NOISE))
    return by_class(game, NOISE, ROWS)


def by_class(game: Game, seed: int, rows: int) -> np.ndarray:
    """A grid of one class a column and one noise vector a row, uint8 (H, W, C)."""
    columns = min(game.classes or 1, COLUMNS)
    z = noise(game, rows, seed).repeat_interleave(columns, 0)
    label = torch.arange(columns).repeat(rows)
    return pictures.tile(pictures.quantise(decode(game, z, label)), columns)


def strips(experiment: Experiment) -> np.ndarray:
    """Strips of samples between the same noise vectors: linear ones, then spherical ones."""
    return pictures.strips(between(experiment.averaged(), CELLS))


def between(game: Game, steps: int) -> Tensor:
    """Samples (2, PAIRS, steps, *shape) on the way between fixed noise, linear and spherical."""
    start, end = noise(game, 2 * PAIRS, NOISE).chunk(2)
    shares = torch.linspace(0, 1, steps)
    z = torch.stack([path(start, end, shares) for path in (linear, spherical)])
    label = None
    if game.classes is not None:  # one class a path
        label = torch.arange(PAIRS).remainder(game.classes).repeat_interleave(steps).repeat(2)
    return decode(game, z.flatten(0, 2), label).unflatten(0, z.shape[:3])


def real_points(dataset: Any) -> Batch:
    """As many real points as make a picture, on the CPU; always the same."""
    n = whole(pictures.enough(dataset.spec.shape))
    with contextlib.closing(dataset.batches(n, NOISE, "cpu", "auto")) as batches:
        return next(batches)


class Plane:
    """The panel of a run on points of the plane."""

    def __init__(self, experiment: Experiment):
        self.experiment = experiment

    @functools.cached_property
    def real(self) -> Batch:
        return real_points(self.experiment.dataset)

    @functools.cached_property
    def panel(self) -> Panel:
        return Panel(self.real["data"].numpy(), isinstance(self.experiment.game, GAN))

    def __call__(self) -> np.ndarray:
        game = self.experiment.averaged()
        samples = drawn_like(game, self.real, len(self.real["data"]), NOISE)
        paths = between(game, FINE).numpy()
        judgement = self.judgement(game, samples) if isinstance(game, GAN) else None
        return self.panel.draw(samples["data"].numpy(), paths, judgement)

    def judgement(self, game: GAN, samples: Batch) -> tuple[np.ndarray, np.ndarray]:
        """Scores all over the square, and pulls on samples; by a copy in evaluation mode.

        Where labels are judged with points, those of the plane take the labels of the data in turn.
        """
        judge = with_modules(game, {"discriminator": shadow(game.discriminator)})
        points = {"data": torch.from_numpy(lattice(self.panel.area, FINE))}
        if game.labelled:
            points["label"] = self.real["label"].repeat(2)[: len(points["data"])]
        few = [{k: c[:ARROWS].to(game.device) for k, c in b.items()} for b in (samples, self.real)]
        pulls = judge.pull(*few)
        with torch.no_grad():
            scores = judge.scores({k: c.to(game.device) for k, c in points.items()})
            return scores.cpu().numpy(), pulls.cpu().numpy()
