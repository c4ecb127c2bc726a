"""Healthy runs of every shipped recipe are left in peace."""

import pytest
from recipes import one_of_each_game

SLOW = {"biggan"}
"""Its network takes long; scripts/report_recipes.py trains all recipes and tells of alarms too."""
BRIEF = {"wgan": ["model.game.thorough_turns=5"]}


@pytest.mark.parametrize("model", sorted({*one_of_each_game()} - SLOW))
def test_no_alarm_speaks_of_a_healthy_run(heard, model):
    words = (f"model={model}", "dataset=digits", "dataset.resolution=16", *BRIEF.get(model, []))
    assert heard(*words, "network.width=4", "rounds=40") == []


@pytest.mark.parametrize("model", ["gan", "wgan_gp"])
def test_no_alarm_speaks_of_a_healthy_run_on_points(heard, model):
    assert heard(f"model={model}", "dataset=ring", "network.width=4", "rounds=100") == []
