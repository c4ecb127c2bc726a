"""A discriminator that knows the training pictures by heart is told of."""

import pytest
from histories import history


def probed(overfitting, accuracy=(0.9,) * 5):
    return history({"health/overfitting": overfitting, "health/accuracy": accuracy}, every=250)


def test_held_out_pictures_that_are_scored_as_fakes_are_told(shipped):
    message = shipped["overfitting"](probed([0.1, 0.3, 0.6, 0.7, 0.8]))
    assert "lie 80% of the way from training pictures to fakes" in message


@pytest.mark.parametrize(
    "well",
    [
        probed([0.1, 0.0, -0.1, 0.2, 0.1]),
        probed([0.9, 0.9, 0.1, 0.9, 0.9]),  # not in a row
        probed([9.0, -4.0, 2.0, 3.0, 5.0], accuracy=(0.5,) * 5),  # a ratio of nothing to nothing
        probed([0.9, 0.9], accuracy=(0.9, 0.9)),  # too early to tell
        history({"health/accuracy": [1.0] * 5}),  # nothing is held out
    ],
)
def test_all_else_is_well(shipped, well):
    assert shipped["overfitting"](well) is None


LEARNS = ("model=gan", "dataset.resolution=8", "network.width=32", "batch_size=16")
RATES = ("optimizer.lr=1e-3", "rounds=200")


def test_twenty_pictures_are_soon_known_by_heart(heard):
    said = heard(*LEARNS, *RATES, "dataset.held_out=0.985")
    assert len(said) == 1
    assert "the discriminator overfits" in said[0]


def test_many_pictures_are_not(heard):
    assert heard(*LEARNS, *RATES, "dataset.held_out=0.2") == []
