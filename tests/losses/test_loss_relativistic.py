"""Relativistic losses: by hand, shifted, and through both means."""

import pytest
import torch
from torch.nn.functional import softplus
from torch.testing import assert_close

from ganlab.losses.relativistic import Relativistic
from ganlab.losses.relativistic_average import RelativisticAverage
from ganlab.losses.relativistic_average_least_squares import RelativisticAverageLeastSquares

KINDS = [Relativistic, RelativisticAverage, RelativisticAverageLeastSquares]
R, F = torch.tensor([2.0, -1.0]), torch.tensor([0.5, -3.0])  # means .5 and -1.25


def expected(*terms):
    return softplus(-torch.tensor(terms)).mean()


def test_pairs_by_hand():
    assert_close(Relativistic().discriminator(R, F), expected(1.5, 2.0))
    assert_close(Relativistic().generator(F, R), expected(-1.5, -2.0))


def test_averages_by_hand():
    loss = RelativisticAverage()
    assert_close(loss.discriminator(R, F), expected(3.25, 0.25, 0.0, 3.5))
    assert_close(loss.generator(F, R), expected(-3.25, -0.25, 0.0, -3.5))


def test_squares_by_hand():
    loss = RelativisticAverageLeastSquares()
    on_real, on_fake = (2.25**2 + 0.75**2) / 2, (1.0 + 2.5**2) / 2
    assert_close(loss.discriminator(R, F).item(), (on_real + on_fake) / 2)
    on_real, on_fake = (4.25**2 + 1.25**2) / 2, (1.0 + 4.5**2) / 2
    assert_close(loss.generator(F, R).item(), (on_real + on_fake) / 2)


@pytest.mark.parametrize("kind", KINDS)
def test_one_constant_added_to_all_logits_changes_nothing(kind):
    torch.manual_seed(0)
    real, fake = torch.randn(2, 16, dtype=torch.float64)
    for c in (-7.0, 3.5):
        assert_close(kind().discriminator(real + c, fake + c), kind().discriminator(real, fake))
        assert_close(kind().generator(fake + c, real + c), kind().generator(fake, real))


@pytest.mark.parametrize("kind", KINDS)
def test_the_generator_plays_with_the_sides_swapped(kind):
    torch.manual_seed(0)
    real, fake = torch.randn(2, 16, dtype=torch.float64)
    assert_close(kind().generator(fake, real), kind().discriminator(fake, real))


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_reach_both_sides_and_sum_to_nothing(kind):
    torch.manual_seed(0)
    real, fake = torch.randn(2, 16, dtype=torch.float64).unbind()
    sides = real.requires_grad_(), fake.requires_grad_()
    for value in (kind().discriminator(real, fake), kind().generator(fake, real)):
        at_real, at_fake = torch.autograd.grad(value, sides)
        assert at_real.abs().max() > 0.01
        # Shifting all logits changes nothing, so a mean that were detached would show here.
        assert_close(at_real.sum() + at_fake.sum(), torch.zeros((), dtype=torch.float64))


@pytest.mark.parametrize("kind", KINDS[1:])
def test_each_of_several_outputs_has_its_own_mean(kind):
    torch.manual_seed(0)
    real, fake = torch.randn(2, 16, 3, dtype=torch.float64)
    offsets = torch.tensor([5.0, -1.0, 2.0])
    shifted = kind().discriminator(real + offsets, fake + offsets)
    assert_close(shifted, kind().discriminator(real, fake))
