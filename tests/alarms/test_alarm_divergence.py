"""Growth without end is told from noise, from warming up, and from growth that is usual."""

import numpy as np
import pytest
from histories import history

ROUNDS = np.arange(1, 101)
NOISE = np.random.default_rng(0).lognormal(0, 1, 100)


def norms(values):
    return history({"generator/gradient_norm": values})


@pytest.mark.parametrize(
    "growth", [np.exp(ROUNDS / 8), -np.exp(ROUNDS / 8), 0.01 * ROUNDS**4.0 * NOISE]
)
def test_explosion_is_told_of_gradients_and_of_the_discriminators_loss(shipped, growth):
    alarm = shipped["divergence"]
    assert "generator/gradient_norm diverges" in alarm(norms(np.abs(growth)))
    assert "discriminator/loss diverges" in alarm(history({"discriminator/loss": growth}))


@pytest.mark.parametrize(
    "well",
    [
        NOISE * 1000,  # large, and always was
        ROUNDS * NOISE,  # gradients of a GAN on the ring
        np.exp(np.minimum(ROUNDS, 10.0)),  # warming up
        1e-6 * np.exp(ROUNDS / 8),  # it begins near zero
        np.exp(ROUNDS / 2)[:19],  # too early to tell
        np.where(ROUNDS % 25, 1.0, 1e6),  # single outliers
        np.where(ROUNDS > 98, 1e6, 1.0),
    ],
)
def test_all_else_is_well(shipped, well):
    assert shipped["divergence"](norms(well)) is None


def test_the_generators_loss_may_drift_as_critics_scores_do(shipped):
    assert shipped["divergence"](history({"generator/loss": np.exp(ROUNDS / 8)})) is None


def test_a_critic_that_nothing_bounds_is_told_of(heard):
    words = ("model=gan", "dataset=ring", "loss=wasserstein", "optimizer.lr=0.1", "rounds=120")
    assert sum("diverges: its size grew" in message for message in heard(*words)) == 1


def test_a_penalty_bounds_it(heard):
    words = ("model=gan", "dataset=ring", "loss=wasserstein", "rounds=120")
    assert heard(*words, "penalty=gradient", "optimizer=wgan_gp") == []
