"""Healthy runs of every shipped recipe are left in peace."""

import pytest

from ganlab.options import options

BRIEF = {"wgan": ["model.game.thorough_turns=5"]}


@pytest.mark.parametrize("dataset", ["digits", "ring"])
@pytest.mark.parametrize("model", sorted(options([])["model"]))
def test_no_alarm_speaks_of_a_healthy_run(heard, model, dataset):
    coarse = ["dataset.resolution=16"] if dataset == "digits" else []
    words = (f"model={model}", f"dataset={dataset}", *coarse, *BRIEF.get(model, []))
    assert heard(*words, "network.width=4", "rounds=100") == []
