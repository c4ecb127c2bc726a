"""Numbers that are none, and steps that were left out."""

import math

import pytest
from histories import history

from ganlab.games.game import Turn
from ganlab.games.gan import GAN

FINE = [1.0] * 10


class Faulty(GAN):
    """A game in which every seventh loss of the generator is no number."""

    def round(self, number, batches):
        for turn in super().round(number, batches):
            faulty = turn.player == "generator" and number % 7 == 0
            losses = {name: loss * math.nan for name, loss in turn.losses.items()}
            yield Turn(turn.player, losses if faulty else turn.losses, turn.measures)


def test_measures_that_are_often_not_finite_are_told_by_name(shipped):
    values = [*FINE, math.nan, 1.0, math.inf]
    message = shipped["non_finite"](history({"generator/loss": FINE, "health/diversity": values}))
    assert message.startswith("health/diversity was not finite in 2 of the last 10 logs")


def test_steps_that_were_left_out_are_told(shipped):
    message = shipped["non_finite"](history({"health/left_out": [0, 3, 0, 1]}))
    assert message.startswith("steps were left out in 2 of the last 4 logs")


@pytest.mark.parametrize(
    "well",
    [
        {},
        {"generator/loss": FINE},
        {"generator/loss": [*FINE, math.nan]},  # the guard tells of one
        {"health/left_out": [0, 0, 1, 0]},
        {"health/left_out": [5, 5, *[0] * 10]},  # long ago
    ],
)
def test_all_else_is_well(shipped, well):
    assert shipped["non_finite"](history(well)) is None


def test_a_run_that_leaves_out_steps_is_told_of_once(heard):
    game = f"model.game._target_={__name__}.Faulty"
    said = heard("model=gan", "dataset=ring", game, "on_nan=skip", "rounds=60")
    assert sum("steps were left out in" in message for message in said) == 1
