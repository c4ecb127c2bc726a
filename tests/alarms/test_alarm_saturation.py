"""A discriminator that has won is told from one that merely tells all samples apart."""

import numpy as np
import pytest
from histories import history

ROUNDS = np.arange(50)


def saturated(norm, accuracy=1.0, slope=1.0):
    """Fifty logs with these gradient norms, and four probes."""
    probes = {"health/accuracy": [accuracy] * 4, "health/slope": [slope] * 4}
    return history({"generator/gradient_norm": norm, **probes})


def test_a_gradient_that_vanishes_under_a_perfect_discriminator_is_told(shipped):
    message = shipped["saturation"](saturated(np.exp(-ROUNDS / 5)))
    assert message.startswith("the discriminator is saturated: it tells 100.0% of pairs apart")
    assert "loss=non_saturating" in message


def test_a_loss_that_hands_on_nothing_is_told_without_any_past(shipped):
    message = shipped["saturation"](saturated([], slope=0.001))
    assert "passes on 0.10% of its slope" in message


@pytest.mark.parametrize(
    "well",
    [
        saturated(np.ones(50)),  # a critic that tells all samples apart and still leads
        saturated(np.exp(-ROUNDS / 5), accuracy=0.9),  # convergence
        saturated(np.linspace(1, 0.05, 50)),  # a gradient that becomes small, no more
        saturated(np.exp(-ROUNDS / 5)[:9]),  # too early to tell
        history({"generator/gradient_norm": np.exp(-ROUNDS / 5)}),  # nobody measured
    ],
)
def test_all_else_is_well(shipped, well):
    assert shipped["saturation"](well) is None


def test_one_spike_of_the_gradient_long_ago_means_nothing(shipped):
    norms = np.ones(50)
    norms[3] = 1e6
    assert shipped["saturation"](saturated(norms)) is None


def test_a_run_with_a_discriminator_far_ahead_is_told_of(heard):
    rates = "optimizer.players={generator: {lr: 1e-6}, discriminator: {lr: 1e-2}}"
    said = heard("model=gan", "dataset.resolution=16", "loss=minimax", rates, "rounds=60")
    assert ["the discriminator is saturated" in message for message in said] == [True]


def test_the_same_run_with_the_non_saturating_loss_is_well(heard):
    rates = "optimizer.players={generator: {lr: 1e-6}, discriminator: {lr: 1e-2}}"
    assert heard("model=gan", "dataset.resolution=16", rates, "rounds=60") == []
