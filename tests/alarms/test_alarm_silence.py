"""Healthy runs of every shipped recipe are left in peace."""

import pytest
from recipes import MODELS

SLOW = {"biggan", "cgan_pd", "projected_gan", "sagan", "sngan"}
"""Their networks take long; scripts/report_recipes.py trains them and tells of alarms too."""
BRIEF = {"wgan": ["model.game.thorough_turns=5"]}


@pytest.mark.parametrize("model", [model for model in MODELS if model not in SLOW])
def test_no_alarm_speaks_of_a_healthy_run(heard, model):
    words = (f"model={model}", "dataset=digits", "dataset.resolution=16", *BRIEF.get(model, []))
    assert heard(*words, "network.width=4", "rounds=40") == []


@pytest.mark.parametrize("model", ["gan", "wgan_gp"])
def test_no_alarm_speaks_of_a_healthy_run_on_points(heard, model):
    assert heard(f"model={model}", "dataset=ring", "network.width=4", "rounds=100") == []
