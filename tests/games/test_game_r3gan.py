"""R3GAN as it is composed: fresh reals, and penalties that reach through the augmentation."""

import contextlib

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from ganlab.augment.augment import Augment
from ganlab.build import build


class Louder(Augment):
    """Triples what it is given."""

    def change(self, x):
        return 3 * x


@pytest.fixture
def game(tiny):
    """R3GAN whose discriminator is linear, with |w| = 1, and whose gamma is 2."""
    game = build(tiny("model=r3gan", "penalty.gamma=2.0")).game
    linear = nn.Linear(256, 1)
    nn.init.constant_(linear.weight, 1 / 16)
    game.discriminator = nn.Sequential(nn.Flatten(), linear)
    game.penalty.begin(1)
    return game


def batches():
    return ({"data": torch.randn(8, 1, 16, 16)} for _ in range(2))


def test_both_penalties_are_half_gamma_times_the_squared_slope(game):
    assert_close(game.judge(*batches()).losses["penalty"].item(), 2.0)


def test_both_penalties_are_taken_through_the_augmentation(game):
    game.augment = Louder()
    game.train()
    assert_close(game.judge(*batches()).losses["penalty"].item(), 2.0 * 9)


def test_fresh_reals_come_in_the_generators_turn(tiny):
    experiment = build(tiny("model=r3gan"))
    seen = []
    experiment.game.discriminator.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    with contextlib.closing(experiment.batches()) as batches:
        for _ in experiment.game.round(1, batches):
            pass
    with contextlib.closing(experiment.batches()) as batches:
        first, second = (next(batches)["data"] for _ in range(2))
    assert len(seen) == 4
    assert [any(torch.equal(real, x) for x in seen[:2]) for real in (first, second)] == [
        True,
        False,
    ]
    assert [any(torch.equal(real, x) for x in seen[2:]) for real in (first, second)] == [
        False,
        True,
    ]


def test_the_shipped_settings_are_the_papers(tiny):
    config = tiny("model=r3gan")
    parts = [config[group]._target_.rpartition(".")[2] for group in ("loss", "penalty", "augment")]
    assert parts == ["Relativistic", "R1R2Annealed", "NoAugment"]
    assert config.model.game.discriminator_turns == 1
