"""The game of StyleGAN2: path length, mixing, truncation, and the settings that ship."""

import math
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from ganlab.augment.none import NoAugment
from ganlab.build import build
from ganlab.compose import compose
from ganlab.games.stylegan2 import StyleGAN2, path_lengths
from ganlab.losses.non_saturating import NonSaturating
from ganlab.networks.stylegan2 import Discriminator, Generator
from ganlab.penalties.none import NoPenalty
from ganlab.priors.normal import Normal

SHAPE = (1, 8, 8)
LAYERS = 3
PATH = {"path_weight": 2.0, "path_every": 4, "path_decay": 0.01, "path_shrink": 2}


class Linear(nn.Module):
    """Pictures that are the sum over layers of A_l w_l; its mapping is a factor of one."""

    def __init__(self, matrices, shape):
        super().__init__()
        self.matrices = nn.Parameter(matrices)  # (layers, C H W, W)
        self.factor = nn.Parameter(torch.ones(()))
        self.shape = shape
        self.rows = []

    def mapping(self, z):
        return self.factor * z

    def truncated(self, w, psi):
        return psi * w

    def per_layer(self, w):
        return w[:, None].expand(-1, len(self.matrices), -1)

    def synthesis(self, w):
        self.rows.append(len(w))
        return torch.einsum("ldw,nlw->nd", self.matrices, w).unflatten(1, self.shape)


def game(generator=None, mixing=0.0, latent=6, **path):
    torch.manual_seed(0)
    generator = generator or Generator(latent, SHAPE, 4, 1024, 5, 2, 0)
    network = SimpleNamespace(
        generator=lambda latent, shape: generator,
        discriminator=lambda shape, outputs: Discriminator(shape, outputs, 4, 1024, 4, True),
    )
    return StyleGAN2(
        network=network,
        shape=SHAPE,
        loss=NonSaturating(),
        penalty=NoPenalty(),
        prior=Normal(latent),
        augment=NoAugment(),
        discriminator_turns=1,
        mixing=mixing,
        **{**PATH, **path},
    )


def linear_game(**path):
    return game(Linear(torch.randn(LAYERS, 64, 6), SHAPE), **path)


def reals(n=8):
    while True:
        yield {"data": torch.randn(n, *SHAPE)}


# Path length


def test_the_path_length_of_a_linear_generator_is_its_closed_form():
    network = Linear(torch.randn(LAYERS, 3 * 16, 5), (3, 4, 4))
    styles = torch.randn(7, LAYERS, 5, requires_grad=True)
    torch.manual_seed(1)
    found = path_lengths(network.synthesis(styles), styles)
    torch.manual_seed(1)
    y = torch.randn(7, 3, 4, 4).flatten(1) / 4
    slopes = torch.einsum("ldw,nd->nlw", network.matrices, y)
    assert_close(found, slopes.square().sum(2).mean(1).sqrt())


def test_the_mean_square_of_path_lengths_is_that_of_the_matrices():
    network = Linear(torch.randn(LAYERS, 16, 5), (1, 4, 4))
    styles = torch.zeros(20000, LAYERS, 5, requires_grad=True)
    torch.manual_seed(1)
    found = path_lengths(network.synthesis(styles), styles).square().mean()
    assert_close(found, network.matrices.square().sum() / (LAYERS * 16), rtol=0.05, atol=0)


def test_lengths_are_compared_with_their_moving_mean_which_is_followed_first():
    played = linear_game()
    torch.manual_seed(1)
    turn = played.straighten(8)
    torch.manual_seed(1)
    lengths = lengths_of(played, 4)
    mean = 0.01 * lengths.mean()
    assert_close(played.path_mean, mean.detach())
    assert_close(turn.losses["path_length"], 4 * 2.0 * (lengths - mean).square().mean())
    played.straighten(8)
    assert played.path_mean > 1.5 * mean


def lengths_of(played, n):
    styles = played.styles(n).detach().requires_grad_()
    return path_lengths(played.generator.synthesis(styles), styles)


def test_the_moving_mean_of_equal_batches_approaches_theirs():
    played = linear_game()
    for _ in range(3):
        torch.manual_seed(1)
        played.straighten(8)
    torch.manual_seed(1)
    assert_close(played.path_mean, (1 - 0.99**3) * lengths_of(played, 4).mean().detach())


def test_the_gradient_of_the_path_turn_reaches_through_the_moving_mean():
    """Lengths of a w are |a y|: without a mean before, the loss is a^2 times a constant."""
    played = game(Linear(torch.full((1, 64, 1), 3.0), SHAPE), latent=1)
    loss = played.straighten(8).losses["path_length"]
    loss.backward()
    matrices = played.generator.matrices
    assert_close((matrices.grad * matrices).sum(), 2 * loss)  # Euler, of degree two


def test_the_path_turn_takes_half_a_batch_and_at_least_one():
    played = linear_game()
    for n in (8, 9, 1):
        played.straighten(n)
    assert played.generator.rows == [4, 4, 1]


def test_the_path_turn_is_in_full_precision():
    torch.manual_seed(1)
    expected = game().straighten(8).losses["path_length"]
    torch.manual_seed(1)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = game().straighten(8).losses["path_length"]
    assert torch.equal(found, expected)


@pytest.mark.parametrize(("number", "turns"), [(1, 3), (2, 2), (4, 2), (5, 3), (9, 3)])
def test_every_fourth_round_has_another_turn_of_the_generator(number, turns):
    players = [turn.player for turn in game().round(number, reals())]
    assert players == ["discriminator", "generator", "generator"][:turns]


def test_without_a_weight_there_is_no_path_turn_and_no_correction():
    played = game(path_weight=0.0)
    assert len(list(played.round(1, reals()))) == 2
    assert played.every("generator") == 1
    assert game().every("generator") == 4


def test_a_round_takes_one_batch_and_loses_none():
    batches = iter([{"data": torch.full((2, *SHAPE), float(k))} for k in range(3)])
    played = game()
    for number in (1, 2):
        for _ in played.round(number, batches):
            pass
    assert_close(next(batches)["data"], torch.full((2, *SHAPE), 2.0))


def test_the_running_means_are_checkpointed():
    assert {"path_mean", "generator.w_average"} <= game().state_dict().keys()


# Styles


def test_without_mixing_a_fake_is_what_the_generator_draws():
    played = game()
    torch.manual_seed(1)
    fake = played.fake({"data": torch.zeros(4, *SHAPE)})["data"]
    torch.manual_seed(1)
    assert torch.equal(fake, played.generator(played.noise(4)))


def test_mixed_styles_change_codes_at_one_layer_for_the_whole_batch():
    played = game(mixing=1.0)
    layers = played.generator.per_layer(torch.zeros(1, 5)).shape[1]
    crossovers = set()
    for _ in range(100):
        styles = played.styles(4)
        same = (styles[:, 1:] == styles[:, :-1]).all(2)
        assert torch.equal(same, same[:1].expand_as(same))
        assert same[0].sum() == layers - 2
        crossovers.add(1 + same[0].long().argmin().item())
    assert crossovers == set(range(1, layers))


def test_a_share_of_the_batches_is_mixed():
    played, mixed = game(mixing=0.25), 0
    for _ in range(400):
        styles = played.styles(2)
        mixed += not torch.equal(styles[:, 0], styles[:, -1])
    deviation = math.sqrt(400 * 0.25 * 0.75)
    assert_close(float(mixed), 100.0, atol=5 * deviation, rtol=0)


def test_truncation_0_draws_one_sample_and_1_is_the_identity():
    played, z = game().eval(), torch.randn(4, 6)
    nn.init.normal_(played.generator.w_average)
    whole = played.decode(z)
    played.truncation = 0.0
    none = played.decode(z)
    assert torch.equal(whole, played.generator(z))
    assert_close(none, none[:1].expand(4, -1, -1, -1))
    assert not torch.allclose(whole[0], whole[1])


def test_truncation_shrinks_the_differences_of_linear_samples():
    played, z = linear_game(), torch.randn(4, 6)
    whole = played.decode(z)
    played.truncation = 0.5
    assert_close(played.decode(z), 0.5 * whole)


# What ships


def test_rates_are_corrected_for_what_is_lazy(tiny):
    optimizers = build(tiny("model=stylegan2")).optimizers
    settings = {player: o.param_groups[0] for player, o in optimizers.items()}
    assert_close(settings["discriminator"]["lr"], 0.002 * 16 / 17)
    assert_close(settings["discriminator"]["betas"][1], 0.9906, rtol=0, atol=5e-5)
    assert_close(settings["generator"]["lr"], 0.002 * 4 / 5)
    assert_close(settings["generator"]["betas"], (0.0, 0.99**0.8))


def test_the_average_forgets_half_in_so_many_pictures():
    assert_close(compose(["model=stylegan2"]).config.average.decay, 0.5 ** (64 / 10_000))
    cifar = compose(["experiment=stylegan2_cifar10"]).config.average
    assert_close(1 - cifar.decay, 1 - 0.5 ** (64 / 500_000), rtol=1e-4, atol=0)
    for number in (500, 5000):  # the last twentieth of what was seen, once it is large
        forgotten = 1 - (1 + number) / (cifar.ramp + number)
        assert_close(forgotten, 1 - 0.5 ** (1 / (0.05 * number)), rtol=10 / number, atol=0)


def test_the_preset_for_cifar_is_that_of_its_paper():
    config = compose(["experiment=stylegan2_cifar10"]).config
    game = config.model.game
    assert (game.mixing, game.path_weight) == (0, 0)
    assert (config.penalty.gamma, config.penalty.every) == (0.01, 16)
    assert (config.optimizer.lr, list(config.optimizer.betas)) == (0.0025, [0, 0.99])
    assert (config.network.mapping_depth, config.network.group) == (2, 32)
    assert (config.network.residual, config.batch_size, config.model.latent) == (False, 64, 512)
