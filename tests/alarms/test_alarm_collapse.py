"""Samples that become one are told from samples that are not yet diverse."""

import pytest
from histories import history

from ganlab.games.gan import GAN

COLLAPSE_AT = 60


class Collapsing(GAN):
    """A game whose generator forgets its noise after some rounds."""

    forgotten = False

    def round(self, number, batches):
        self.forgotten = number >= COLLAPSE_AT
        return super().round(number, batches)

    def decode(self, z, label=None):
        return super().decode(z * 0 if self.forgotten else z)


def probed(diversity, every=250):
    return history({"health/diversity": diversity}, every)


def test_diversity_that_fell_is_told_with_both_levels(shipped):
    message = shipped["collapse"](probed([0.1, 0.5, 0.93, 0.9, 0.2, 0.1, 0.05]))
    assert "fell from 0.93 to 0.05" in message
    assert "model=wgan_gp" in message


def test_diversity_that_never_rises_is_told_late(shipped):
    assert shipped["collapse"](probed([0.1] * 11)) is None
    assert "stays at 0.10" in shipped["collapse"](probed([0.1] * 12))


@pytest.mark.parametrize(
    "well",
    [
        [],
        [0.05, 0.1, 0.2, 0.5, 0.8],  # the beginning of every run
        [1.9, 1.5, 0.47, 0.41, 0.73, 1.2],  # WGAN-GP on the ring
        [1.4, 1.3, 0.8, 0.8, 0.8, 0.8],  # points that find their modes
        [0.9, 0.9, 0.2, 0.2, 0.9],  # it recovered
        [0.9, 0.9, 0.2, 0.2],  # it may recover
    ],
)
def test_all_else_is_well(shipped, well):
    assert shipped["collapse"](probed(well)) is None


def test_a_generator_that_draws_one_picture_is_told_of(heard):
    game = f"model.game._target_={__name__}.Collapsing"
    said = heard("model=gan", "dataset=ring", game, "rounds=120")
    assert len(said) == 1
    assert "mode collapse: the diversity of samples fell" in said[0]
    assert said[0].endswith("lower rates")
