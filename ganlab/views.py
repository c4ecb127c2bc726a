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
from ganlab.games.game import Game
from ganlab.games.gan import GAN
from ganlab.latent import linear, spherical
from ganlab.panel import Panel, lattice
from ganlab.processes import whole
from ganlab.sampling import decode, draw, noise

PAIRS = 4
NOISE = 0
"""The seed of what is drawn, whatever that of the run: pictures of runs can stand side by side."""
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
    """Samples of the averaged generator, from noise that is always the same for a prior."""
    n = pictures.enough(experiment.dataset.spec.shape)
    return pictures.render(draw(experiment.averaged(), n, NOISE))


def strips(experiment: Experiment) -> np.ndarray:
    """Strips of samples between the same noise vectors: linear ones, then spherical ones."""
    return pictures.strips(between(experiment.averaged(), CELLS))


def between(game: Game, steps: int) -> Tensor:
    """Samples (2, PAIRS, steps, *shape) on the way between fixed noise, linear and spherical."""
    start, end = noise(game, 2 * PAIRS, NOISE).chunk(2)
    shares = torch.linspace(0, 1, steps)
    z = torch.stack([path(start, end, shares) for path in (linear, spherical)])
    return decode(game, z.flatten(0, 2)).unflatten(0, z.shape[:3])


def real_points(dataset: Any) -> Tensor:
    """As many real points (N, 2) as make a picture, on the CPU; always the same."""
    n = whole(pictures.enough(dataset.spec.shape))
    with contextlib.closing(dataset.batches(n, NOISE, "cpu", "auto")) as batches:
        return next(batches)["data"]


class Plane:
    """The panel of a run on points of the plane."""

    def __init__(self, experiment: Experiment):
        self.experiment = experiment

    @functools.cached_property
    def real(self) -> Tensor:
        return real_points(self.experiment.dataset)

    @functools.cached_property
    def panel(self) -> Panel:
        return Panel(self.real.numpy(), isinstance(self.experiment.game, GAN))

    def __call__(self) -> np.ndarray:
        game = self.experiment.averaged()
        samples = draw(game, len(self.real), NOISE)
        paths = between(game, FINE).numpy()
        judgement = self.judgement(game, samples) if isinstance(game, GAN) else None
        return self.panel.draw(samples.numpy(), paths, judgement)

    def judgement(self, game: GAN, samples: Tensor) -> tuple[np.ndarray, np.ndarray]:
        """Logits all over the square, and pulls on samples; by a copy in evaluation mode."""
        device = next(game.parameters()).device
        judge = with_modules(game, {"discriminator": shadow(game.discriminator)})
        points = torch.from_numpy(lattice(self.panel.area, FINE)).to(device)
        pulls = judge.pull(samples[:ARROWS].to(device), self.real[:ARROWS].to(device))
        with torch.no_grad():
            return judge.logits(points).cpu().numpy(), pulls.cpu().numpy()
