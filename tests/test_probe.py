"""What the probe measures, worked out by hand, and that it leaves everything as it was."""

import contextlib
import math

import pytest
import torch
from torch import nn

from ganlab.build import build
from ganlab.losses.hinge import Hinge
from ganlab.losses.minimax import Minimax
from ganlab.losses.non_saturating import NonSaturating
from ganlab.probe import Probe, accuracy, entropy, overfitting, slope


@pytest.mark.parametrize("groups", [1, 2, 5])
def test_the_entropy_of_equal_groups_far_apart_is_the_logarithm_of_their_number(groups):
    samples = torch.arange(groups).repeat_interleave(6)[:, None] * 100.0
    assert entropy(samples, scale=1.0) == pytest.approx(math.log(groups), abs=1e-6)


def test_entropy_depends_on_distances_over_the_scale_only():
    samples = torch.randn(20, 3, 4, generator=torch.Generator().manual_seed(0))
    assert entropy(samples, 0.7) == pytest.approx(entropy(3 * samples - 1, 2.1), rel=1e-4)
    assert entropy(samples, 1.4) < entropy(samples, 0.7)


def test_the_entropy_of_two_samples_has_a_closed_form():
    samples = torch.tensor([[0.0, 0.0], [3.0, 4.0]])
    expected = -math.log((1 + math.exp(-((5 / 2) ** 2))) / 2)
    assert entropy(samples, scale=2.0) == pytest.approx(expected, rel=1e-5)


def test_diversity_is_zero_for_one_sample_and_one_for_the_real_ones(monkeypatch):
    real = torch.randn(64, 2, generator=torch.Generator().manual_seed(0))
    probe = Probe({"data": real}, None, 64, seed=0, precision=contextlib.nullcontext)

    def diversity(fake):
        monkeypatch.setattr("ganlab.probe.drawn_like", lambda *_: {"data": fake})
        return probe(nn.Identity())["diversity"]

    assert diversity(real[:1].expand(64, 2)) == 0
    assert diversity(real) == 1
    assert 0.1 < diversity(real[:4].repeat(16, 1)) < 0.6


def test_accuracy_counts_pairs_and_halves_ties():
    assert accuracy(torch.tensor([2.0, 0.0]), torch.tensor([1.0, 0.0])) == (2 + 0.5) / 4
    assert accuracy(torch.tensor([5.0]), torch.tensor([1.0])) == 1
    assert accuracy(torch.tensor([-5.0]), torch.tensor([1.0])) == 0


def test_overfitting_says_where_held_out_scores_lie():
    real, fake = torch.tensor([3.0, 5.0]), torch.tensor([0.0, -1.0, 1.0])
    assert overfitting(real, fake, held_out=torch.tensor([3.0])) == pytest.approx(0.25)
    assert overfitting(real, fake, held_out=real) == 0
    assert overfitting(real, fake, held_out=fake) == 1
    assert overfitting(fake, real, held_out=fake) == overfitting(real, real, held_out=fake) == 0


@pytest.mark.parametrize("logit", [-7.0, 0.0, 2.0])
def test_the_slope_that_losses_pass_on(logit):
    fake, real, sigmoid = torch.full((5,), logit), torch.zeros(5), 1 / (1 + math.exp(-logit))
    assert slope(Hinge(), real, fake) == pytest.approx(1)
    assert slope(Minimax(), real, fake) == pytest.approx(sigmoid, rel=1e-5)
    assert slope(NonSaturating(), real, fake) == pytest.approx(1 - sigmoid, rel=1e-5)


@pytest.fixture
def game(tiny):
    """A game whose batch normalisations have seen something, and with dropout."""
    game = build(tiny("model=dcgan")).game
    game.discriminator.features.insert(1, nn.Dropout(0.5))
    game.discriminator(torch.randn(4, 1, 16, 16))
    return game


def test_a_probe_leaves_buffers_modes_gradients_and_random_states(game):
    real, few = ({"data": torch.randn(n, 1, 16, 16)} for n in (65, 2))
    probe = Probe(real, few, 65, seed=0, precision=contextlib.nullcontext)
    before = {name: tensor.clone() for name, tensor in game.state_dict().items()}
    noise = torch.get_rng_state()
    found = probe(game)
    assert found.keys() == {"diversity", "accuracy", "slope", "overfitting"}
    assert all(math.isfinite(value) for value in found.values())
    assert torch.equal(torch.get_rng_state(), noise)
    assert all(torch.equal(tensor, before[name]) for name, tensor in game.state_dict().items())
    assert all(module.training for module in game.modules())
    assert all(parameter.grad is None for parameter in game.parameters())
    assert probe(game) == found


def test_real_samples_that_are_all_one_have_no_diversity_to_compare_with(game):
    real = {"data": torch.full((70, 1, 16, 16), 0.1)}
    probe = Probe(real, None, 8, seed=0, precision=contextlib.nullcontext)
    assert probe(game).keys() == {"accuracy", "slope"}
