"""The recipes of SNGAN, SAGAN and BigGAN, after some dozens of rounds."""

import contextlib
import functools

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrize import is_parametrized
from torch.testing import assert_close

from ganlab.build import build
from ganlab.engine import play

ROUNDS = 16


@pytest.fixture(scope="module")
def trained(tiny):
    """An experiment after some rounds."""

    @functools.cache
    def played(*words):
        experiment = build(tiny(*words))
        with contextlib.closing(experiment.batches()) as batches:
            play(
                experiment.game,
                experiment.optimizers,
                batches,
                range(1, ROUNDS + 1),
                experiment.seed,
                experiment.average,
                experiment.pace,
            )
        return experiment

    return played


# At the papers' rates one step of the power iteration lags some percent behind weights as narrow as
# these, of which orthogonal ones have singular values that are all alike.
SLOW = ("optimizer.lr=1e-5", "optimizer.players.generator.lr=1e-5")
SAGAN = ("model=sagan", *SLOW)
BIGGAN = ("model=biggan", "network.attention=16", *SLOW)
DEEP = ("model=biggan", "network=biggan_deep", *SLOW)


def greatest(player):
    """The greatest singular value of each constrained layer's weight, seen as (outputs, rest)."""
    layers = {name: m for name, m in player.named_modules() if is_parametrized(m, "weight")}
    with torch.no_grad():
        return {n: torch.linalg.svdvals(m.weight.flatten(1))[0] for n, m in layers.items()}


def test_the_spectral_norm_of_every_trained_layer_of_sngan_is_one(trained):
    game = trained("model=sngan").game.eval()
    assert not greatest(game.generator)
    for name, norm in greatest(game.discriminator).items():
        assert_close(norm.item(), 1.0, rtol=0.01, atol=0, msg=name)


@pytest.mark.parametrize("words", [SAGAN, BIGGAN, DEEP], ids=["sagan", "biggan", "deep"])
def test_the_spectral_norm_of_every_trained_layer_of_both_players_is_one(trained, words):
    game = trained(*words).game.eval()
    for name in ("discriminator", "generator"):
        for layer, norm in greatest(game.get_submodule(name)).items():
            assert_close(norm.item(), 1.0, rtol=0.01, atol=0, msg=f"{name}.{layer}")


@pytest.mark.parametrize("words", [SAGAN, BIGGAN], ids=["sagan", "biggan"])
def test_all_layers_of_both_players_are_constrained_but_the_shared_embedding(trained, words):
    layers = nn.Conv2d | nn.Linear | nn.Embedding
    parts = {n: m for n, m in trained(*words).game.named_modules() if isinstance(m, layers)}
    assert [n for n, m in parts.items() if not is_parametrized(m)] == ["generator.embedding"]
    assert "discriminator.embedding" in parts


@pytest.mark.parametrize("words", [SAGAN, BIGGAN], ids=["sagan", "biggan"])
def test_attention_and_the_embedding_have_moved(trained, words, tiny):
    before = build(tiny(*words)).game.state_dict()
    after = trained(*words).game.state_dict()
    scales = [name for name in after if name.endswith("scale")]
    assert len(scales) == 2
    for name in ("generator.embedding.weight", *scales):
        assert not torch.equal(after[name], before[name])


def test_the_average_copies_weights_until_its_start_and_buffers_always(tiny):
    experiment = build(tiny("model=biggan", "average.start=2", "average.decay=0.9"))
    game, average = experiment.game, experiment.average
    shadow = average.view(game).generator

    def play_rounds(*rounds):
        with contextlib.closing(experiment.batches()) as batches:
            play(game, experiment.optimizers, batches, rounds, 0, average)

    play_rounds(1, 2)
    for name, tensor in game.generator.state_dict().items():
        assert torch.equal(shadow.state_dict()[name], tensor)
    before = {name: p.detach().clone() for name, p in shadow.named_parameters()}
    play_rounds(3)
    buffers = dict(game.generator.named_buffers())
    assert {name.rpartition(".")[2] for name in buffers} >= {"running_mean", "running_var", "_u"}
    for name, buffer in buffers.items():
        assert torch.equal(shadow.get_buffer(name), buffer)
    for name, parameter in game.generator.named_parameters():
        assert_close(shadow.get_parameter(name), before[name].lerp(parameter.detach(), 0.1))


@pytest.mark.parametrize(
    ("model", "generator", "discriminator", "betas", "turns"),
    [
        ("sngan", 2e-4, 2e-4, (0.0, 0.9), 5),
        ("sagan", 1e-4, 4e-4, (0.0, 0.9), 1),
        ("biggan", 5e-5, 2e-4, (0.0, 0.999), 2),
    ],
)
def test_rates_and_turns_are_the_papers(tiny, model, generator, discriminator, betas, turns):
    experiment = build(tiny(f"model={model}"))
    assert experiment.game.discriminator_turns == turns
    for player, rate in {"generator": generator, "discriminator": discriminator}.items():
        (group,) = experiment.optimizers[player].param_groups
        assert (group["lr"], group["betas"]) == (rate, betas)


def test_the_rate_of_sngan_falls_from_the_first_round_to_nothing_at_100k(tiny):
    experiment = build(tiny("model=sngan"))
    for number, share in {1: 1.0, 50001: 0.5, 100001: 0.0}.items():
        experiment.pace(number)
        rates = [group["lr"] for o in experiment.optimizers.values() for group in o.param_groups]
        assert_close(rates, [2e-4 * share] * 2)


def test_sngan_draws_two_fakes_for_a_sample_in_the_generators_turn(tiny):
    experiment, drawn = build(tiny("model=sngan", "batch_size=8")), []
    experiment.game.generator.register_forward_hook(lambda m, z, x: drawn.append(len(x)))
    with contextlib.closing(experiment.batches()) as batches:
        list(experiment.game.round(1, batches))
    assert drawn == [8] * 5 + [16]
