"""Rates over a run, and the settings that reach each player."""

import contextlib
import copy
import inspect
import subprocess
import sys

import pytest
import torch
from torch.testing import assert_close

from ganlab.build import build
from ganlab.engine import play
from ganlab.errors import ConfigError
from ganlab.optimizers import eager, linear, pace


def rates(experiment):
    return {player: o.param_groups[0]["lr"] for player, o in experiment.optimizers.items()}


@pytest.mark.parametrize(
    ("number", "factor"), [(1, 1.0), (3, 1.0), (4, 0.875), (5, 0.75), (7, 0.5), (1000, 0.5)]
)
def test_the_factor_is_one_then_falls_straight_then_stays(number, factor):
    assert_close(linear(number, start=2, rounds=4, end=0.5), factor)


@pytest.mark.parametrize("number", [1, 10**9])
def test_without_rounds_the_rate_is_kept(number):
    assert linear(number, start=0, rounds=None, end=0.0) == 1


def test_a_decay_may_rise():
    assert_close(linear(2, start=0, rounds=2, end=3.0), 2.0)


def test_pace_sets_the_rates_of_all_and_keeps_their_ratio():
    weights = [torch.nn.Parameter(torch.ones(1)) for _ in range(2)]
    players = [torch.optim.SGD([w], lr=lr) for w, lr in zip(weights, [0.4, 0.1], strict=True)]
    set_rates = pace(players, lambda number: 1 / number)
    for number in (2, 4, 1, 2):
        set_rates(number)
        assert_close([o.param_groups[0]["lr"] for o in players], [0.4 / number, 0.1 / number])


def test_a_decay_of_the_configuration_reaches_both_players(tiny):
    words = ("optimizer.lr=0.4", "optimizer.players.generator.lr=0.1", "optimizer.decay.rounds=2")
    experiment = build(tiny("model=gan", *words))
    experiment.pace(2)
    assert_close(rates(experiment), {"discriminator": 0.2, "generator": 0.05})


def test_the_rate_follows_the_pace_after_a_resumption(tiny):
    words = ("model=gan", "optimizer.lr=0.4", "optimizer.decay.rounds=4")
    before, after = build(tiny(*words)), build(tiny(*words))
    before.pace(2)
    after.restore(before.state(2, 0))
    after.pace(3)
    assert_close(rates(after), {"discriminator": 0.2, "generator": 0.2})


def test_the_published_decay_of_wgan_gp_ends_at_zero(tiny):
    experiment = build(tiny("model=wgan_gp", "optimizer=wgan_gp_resnet"))
    for number, rate in {1: 2e-4, 50_001: 1e-4, 100_001: 0.0}.items():
        experiment.pace(number)
        assert_close(rates(experiment), {"discriminator": rate, "generator": rate})


def test_whole_numbers_are_betas_too(tiny):
    experiment = build(tiny("model=gan", "optimizer.betas=[0,0.9]"))
    for optimizer in experiment.optimizers.values():
        assert optimizer.param_groups[0]["betas"] == (0.0, 0.9)
    with contextlib.closing(experiment.batches()) as batches:
        play(experiment.game, experiment.optimizers, batches, [1], 0)


def test_a_refinement_reaches_only_its_player(tiny):
    words = ("optimizer.players.generator.lr=0.1", "optimizer.players.generator.amsgrad=true")
    experiment = build(tiny("model=gan", *words))
    groups = {player: o.param_groups[0] for player, o in experiment.optimizers.items()}
    assert [groups["generator"][key] for key in ("lr", "amsgrad")] == [0.1, True]
    assert [groups["discriminator"][key] for key in ("lr", "amsgrad")] == [2e-4, False]
    assert groups["generator"]["betas"] == groups["discriminator"]["betas"]


@pytest.mark.parametrize(
    ("model", "word", "named"),
    [
        ("gan", "optimizer.players.critic.lr=1", "players are discriminator and generator"),
        ("vae", "optimizer.players.generator.lr=1", "players are autoencoder"),
    ],
)
def test_a_refinement_of_no_player_is_refused(tiny, model, word, named):
    with pytest.raises(ConfigError, match=named) as refusal:
        build(tiny(f"model={model}", word))
    assert word.rpartition(".")[0] in str(refusal.value)


@pytest.mark.parametrize("word", ["optimizer.weight_decay=-1", "optimizer.foreach=true"])
def test_what_the_optimizer_itself_refuses_is_a_config_error(tiny, word):
    with pytest.raises(ConfigError, match="optimizer"):
        build(tiny("model=gan", word))


def test_a_refinement_that_is_no_mapping_is_refused(tiny):
    with pytest.raises(ConfigError, match=r"optimizer\.players\.generator"):
        build(tiny("model=gan", "optimizer.players.generator=3"))


@pytest.mark.parametrize("name", ["Adam", "AdamW", "NAdam", "RMSprop", "SGD", "Adagrad"])
def test_an_eager_optimizer_moves_and_remembers_as_torchs_own(name):
    kind = getattr(torch.optim, name)
    weights = [torch.nn.Parameter(torch.linspace(-1, 1, 5)) for _ in range(2)]
    own, direct = kind([weights[0]], lr=0.1), eager(kind)([weights[1]], lr=0.1)
    for _ in range(2):
        for weight, optimizer in zip(weights, (own, direct), strict=True):
            weight.pow(4).sum().backward()
            optimizer.step()
            optimizer.zero_grad()
            assert weight.grad is None
        assert torch.equal(*weights)
        direct.load_state_dict(copy.deepcopy(own.state_dict()))
    assert_close(direct.state_dict(), own.state_dict(), rtol=0, atol=0)
    assert inspect.unwrap(type(direct)) is kind


def test_an_optimizer_of_ones_own_stays_what_it_is():
    class Own(torch.optim.SGD):
        pass

    assert eager(Own) is Own


TRAINS = """
import sys
from ganlab.cli import dispatch
for optimizer in {optimizers}:
    assert dispatch(["train", *{words}, "optimizer=" + optimizer]) == 0
assert "torch._dynamo" not in sys.modules
"""


def test_a_run_imports_no_compiler(tmp_path):
    words = ["model=gan", "rounds=2", "network.width=4", "metrics=none", f"output={tmp_path}"]
    optimizers = ["adam", "rmsprop", "sgd"]
    program = TRAINS.format(words=words, optimizers=optimizers)
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
