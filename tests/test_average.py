"""The moving average against its closed form, and what its view shares."""

import math

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from ganlab.average import Average
from ganlab.build import build
from ganlab.options import options

MODELS = sorted(options([])["model"])


class Trio(nn.Module):
    """A game whose generator has parameters and buffers."""

    averaged = ("generator",)

    def __init__(self):
        super().__init__()
        self.generator = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
        self.discriminator = nn.Linear(3, 1)

    @torch.no_grad()
    def become(self, value):
        for parameter in self.generator.parameters():
            parameter.fill_(value)


def averaged_at(kept, rounds):
    """The shadow's weight after rounds in which the game stands at 1, from 0, and its average."""
    game = Trio()
    game.become(0.0)
    average = Average(game, **kept)
    game.become(1.0)
    for number in range(1, rounds + 1):
        average.update(number)
    return average.shadows["generator"][0].weight, game


@pytest.mark.parametrize("rounds", [1, 2, 17])
def test_without_a_ramp_it_forgets_geometrically(rounds):
    weight, _ = averaged_at({"decay": 0.8, "ramp": 1.0}, rounds)
    assert_close(weight, torch.full((3, 2), 1 - 0.8**rounds))


@pytest.mark.parametrize("rounds", [1, 2, 17])
def test_the_ramp_lets_early_rounds_count_little(rounds):
    weight, _ = averaged_at({"decay": 1.0, "ramp": 10.0}, rounds)
    share = math.factorial(10) * math.factorial(rounds + 1) / math.factorial(rounds + 10)
    assert_close(weight, torch.full((3, 2), 1 - share))


def test_the_ramp_ends_at_the_decay():
    game = Trio()
    average = Average(game, decay=0.9, ramp=10.0)
    weight = average.shadows["generator"][0].weight
    before = weight.clone()
    game.become(1.0)
    average.update(10**6)
    assert_close(weight, 0.9 * before + 0.1)


def test_a_decay_of_zero_follows_the_raw_weights():
    game = Trio()
    average = Average(game, decay=0.0, ramp=10.0)
    for parameter in game.generator.parameters():
        nn.init.normal_(parameter)
    average.update(1)
    ours = average.shadows["generator"].state_dict()
    assert_close(ours, game.generator.state_dict(), rtol=0, atol=0)


def test_buffers_are_copied():
    game = Trio()
    average = Average(game, decay=0.999, ramp=1.0)
    game.generator(torch.randn(8, 2))
    average.update(1)
    theirs = dict(game.generator.named_buffers())
    assert_close(dict(average.shadows["generator"].named_buffers()), theirs, rtol=0, atol=0)
    assert theirs["1.num_batches_tracked"] == 1


def test_an_update_writes_in_place():
    game = Trio()
    average = Average(game, decay=0.9, ramp=1.0)
    before = [tensor.data_ptr() for tensor in average.state_dict().values()]
    average.update(1)
    assert [tensor.data_ptr() for tensor in average.state_dict().values()] == before


def test_the_game_and_its_average_share_no_memory():
    game = Trio()
    ours = {t.data_ptr() for t in Average(game, 0.9, 1.0).state_dict().values()}
    assert not ours & {t.data_ptr() for t in game.state_dict().values()}


def test_an_average_is_frozen_and_in_evaluation_mode():
    average = Average(Trio(), 0.9, 1.0)
    shadow = average.shadows["generator"]
    assert not any(parameter.requires_grad for parameter in shadow.parameters())
    assert not any(module.training for module in shadow.modules())


def test_making_an_average_leaves_the_game_in_training_mode():
    game = Trio()
    Average(game, 0.9, 1.0)
    assert all(module.training for module in game.modules())
    assert all(parameter.requires_grad for parameter in game.parameters())


def test_a_view_shares_the_discriminator_and_swaps_the_generator():
    game = Trio()
    average, generator = Average(game, 0.9, 1.0), game.generator
    view = average.view(game)
    assert view.discriminator is game.discriminator
    assert view.generator is average.shadows["generator"]
    assert game.generator is generator


@pytest.mark.parametrize("model", MODELS)
def test_every_model_samples_from_its_average(tiny, model):
    experiment = build(tiny(f"model={model}"))
    with torch.no_grad():
        for parameter in experiment.game.generator.parameters():
            parameter.fill_(torch.nan)
    assert experiment.averaged().sample(4).isfinite().all()
