"""Swings that go on are told from swings that die down, and from every kind of noise."""

import numpy as np
import pytest
import torch
from histories import history
from torch import nn

from ganlab.engine import play
from ganlab.games.game import Game, Turn

LOGS = np.arange(100)
WAVE = np.sin(2 * np.pi * LOGS / 12)


def lossy(values, name="generator/loss"):
    return history({name: values})


@pytest.mark.parametrize("name", ["generator/loss", "discriminator/loss"])
def test_steady_swings_are_told_with_their_period(shipped, name):
    noise = 0.2 * np.random.default_rng(0).standard_normal(100)
    message = shipped["oscillation"](lossy(2 + WAVE + noise + LOGS / 50, name))
    assert message.startswith(f"{name} oscillates with a period of 240 rounds")


@pytest.mark.parametrize(
    "well",
    [
        np.ones(100),
        LOGS / 10.0,
        (LOGS / 10.0) ** 2,
        1 / (1 + LOGS),
        2 + WAVE * np.exp(-LOGS / 40),  # they die down
        20 + WAVE,  # small
        2 + np.sin(2 * np.pi * LOGS / 40),  # too few of them
        (2 + WAVE)[:99],  # too early to tell
    ],
)
def test_all_else_is_well(shipped, well):
    assert shipped["oscillation"](lossy(well)) is None


@pytest.mark.parametrize("memory", [0.0, 0.5, 0.8, 0.9, 0.95, 0.99, 1.0])
def test_noise_of_any_memory_is_well(shipped, memory):
    for seed in range(200):
        steps = np.random.default_rng(seed).standard_normal(200)
        walk = np.zeros(200)
        for k in range(1, 200):
            walk[k] = memory * walk[k - 1] + steps[k]
        assert shipped["oscillation"](lossy(walk)) is None


class Dirac(Game):
    """The Dirac-GAN (arXiv 1801.04406, definition 2.1) with a linear loss: D(x) = psi x, at theta.

    Alternating gradient descent runs around the equilibrium (0, 0) for ever, and a penalty
    gamma / 2 psi^2 on the slope, R1, ends that.
    """

    players = ("discriminator", "generator")

    def __init__(self, gamma):
        super().__init__()
        self.discriminator = nn.Linear(1, 1, bias=False)
        self.generator = nn.Linear(1, 1, bias=False)
        self.gamma, self.one = gamma, torch.ones(1, 1)
        for part in (self.discriminator, self.generator):
            nn.init.ones_(part.weight)

    def round(self, number, batches):
        slope = self.discriminator.weight
        fake = self.discriminator(self.generator(self.one).detach())
        losses = {"loss": fake.mean(), "penalty": self.gamma / 2 * slope.square().sum()}
        yield Turn("discriminator", losses)
        yield Turn("generator", {"loss": -self.discriminator(self.generator(self.one)).mean()})


def around(gamma):
    """The losses of two thousand rounds, every twentieth logged."""
    game, logged = Dirac(gamma), []
    rates = {p: torch.optim.SGD(game.movable(p), lr=0.01) for p in game.players}
    logs = [lambda number, _, record: number % 20 or logged.append(record)]
    play(game, rates, iter([]), range(1, 2001), seed=0, observers=logs)
    return lossy([record["generator/loss"] for record in logged])


def test_the_dirac_gan_runs_in_circles_and_r1_ends_that(shipped):
    assert "oscillates with a period of 320 rounds" in shipped["oscillation"](around(gamma=0.0))
    assert shipped["oscillation"](around(gamma=1.0)) is None
