"""Games with more state, or more batches a round, than the plain one go on to the same bits."""

import contextlib
import io

import pytest
import torch
from torch.testing import assert_close

from ganlab.build import build
from ganlab.engine import play


def played(experiment, first, last, consumed=0):
    """The state after the rounds from `first` to `last`, through a file."""
    with contextlib.closing(experiment.batches(consumed)) as batches:
        rounds = range(first, last + 1)
        play(experiment.game, experiment.optimizers, batches, rounds, 0, experiment.average)
        file = io.BytesIO()
        torch.save(experiment.state(last, batches.consumed), file)
    file.seek(0)
    state = torch.load(file, weights_only=True)
    del state["config"]
    return state


@pytest.mark.parametrize("model", ["unrolled", "pacgan", "infogan", "small_gan"])
def test_four_rounds_equal_two_resume_and_two(tiny, model):
    words = (f"model={model}", "optimizer.lr=0.01")
    straight = played(build(tiny(*words)), 1, 4)
    half = played(build(tiny(*words)), 1, 2)
    resumed = build(tiny(*words))
    resumed.restore(half)
    assert_close(played(resumed, 3, 4, half["batches"]), straight, rtol=0, atol=0)
