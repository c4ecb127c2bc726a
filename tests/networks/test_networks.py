"""Networks: the shapes they take and give, what they promise of layers and of numbers."""

import itertools

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from ganlab.combinations import PICTURES, alone
from ganlab.errors import ConfigError
from ganlab.making import make
from ganlab.networks import dcgan, mlp, resnet
from ganlab.networks.deviation import Deviation
from ganlab.networks.growth import Growing
from ganlab.networks.layers import Head, picture

NETWORKS = alone("gan", "network", PICTURES)
NORMS = (nn.modules.batchnorm._NormBase, nn.GroupNorm, nn.LayerNorm)
PER_SAMPLE = ["none", "layer", "instance"]
LATENT = 5


def convolutions(module):
    return [m for m in module.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]


def contains(module, kind):
    return any(isinstance(part, kind) for part in module.modules())


def pair(family, shape, **settings):
    generator = family.Generator(LATENT, shape, **settings)
    return generator, family.Discriminator(shape, 3, **settings, dropout=0.0)


def fits(generator, discriminator, shape):
    """Two codes become two samples of the shape, and those become two rows of three outputs."""
    with torch.no_grad():
        pictures = generator(torch.randn(2, LATENT))
        outputs = discriminator(pictures)
    assert pictures.shape == (2, *shape)
    assert outputs.shape == (2, 3)
    assert pictures.abs().max() <= 1 or not contains(generator, nn.Tanh)


# What every network promises


@pytest.fixture(params=NETWORKS)
def players(request, tiny):
    """The pair of a network option, per-sample norm, for pictures of 16 pixels."""
    torch.manual_seed(0)
    norms = ("model.generator_norm=layer", "model.discriminator_norm=layer")
    config = tiny("model=gan", f"network={request.param}", *norms)
    generator = make(config.network.generator, "generator")(LATENT, (1, 16, 16))
    return generator, make(config.network.discriminator, "discriminator")((1, 16, 16), outputs=3)


def test_every_network_draws_pictures_and_judges_them(players):
    fits(*players, (1, 16, 16))


def in_use(player):
    """The parameters of a player, of one that grows those of its present size."""
    return player.used() if isinstance(player, Growing) else player.parameters()


def test_every_parameter_of_a_network_is_used(players):
    generator, discriminator = players
    discriminator(generator(torch.randn(2, LATENT))).sum().backward()
    used = [p.grad for player in players for p in in_use(player)]
    assert all(gradient is not None for gradient in used)


def test_pictures_lie_within_one_of_zero(players):
    generator, _ = players
    if not contains(generator, nn.Tanh):
        pytest.skip("this network's pictures are not bounded")
    with torch.no_grad():
        assert generator(100 * torch.randn(8, LATENT)).abs().max() <= 1


def test_logits_are_float32_under_autocast(players):
    generator, discriminator = players
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert discriminator(generator(torch.randn(2, LATENT))).dtype == torch.float32


def test_a_sample_is_judged_by_itself_without_batch_norm(players):
    _, discriminator = players
    if contains(discriminator, Deviation):
        pytest.skip("this discriminator compares the samples of a batch")
    x = torch.randn(4, 1, 16, 16)
    assert_close(discriminator(x)[:2], discriminator(x[:2]))


# DCGAN


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("side", [16, 28, 32, 64, 128, 256])
def test_dcgan_takes_every_doubling(side, channels):
    shape = (channels, side, side)
    fits(*pair(dcgan, shape, width=4, norm="batch"), shape)


def test_dcgan_doubles_its_channels_up_to_eightfold():
    generator, discriminator = pair(dcgan, (3, 256, 256), width=4, norm="batch")
    assert [c.out_channels for c in convolutions(discriminator)] == [4, 8, 16, 32, 32, 32]
    assert [c.in_channels for c in convolutions(generator)] == [32, 32, 32, 16, 8, 4]
    assert convolutions(generator)[-1].out_channels == 3


def test_dcgan_has_no_norm_at_the_output_and_at_the_input():
    generator, discriminator = pair(dcgan, (3, 64, 64), width=4, norm="batch")
    assert [type(m) for m in list(generator)[-2:]] == [nn.ConvTranspose2d, nn.Tanh]
    assert [type(m) for m in discriminator.features[:2]] == [nn.Conv2d, nn.LeakyReLU]
    norms = [m for m in discriminator.modules() if isinstance(m, NORMS)]
    assert len(norms) == len(convolutions(discriminator)) - 1


def test_dcgan_leaks_a_fifth_in_the_discriminator_only():
    generator, discriminator = pair(dcgan, (3, 64, 64), width=4, norm="batch")
    leaks = [m.negative_slope for m in discriminator.modules() if isinstance(m, nn.LeakyReLU)]
    assert leaks == [0.2] * 4
    assert not any(isinstance(m, nn.LeakyReLU) for m in generator.modules())


def test_dcgan_starts_with_normal_weights_of_deviation_two_hundredths():
    torch.manual_seed(0)
    for module in pair(dcgan, (3, 32, 32), width=64, norm="batch"):
        for layer in [m for m in module.modules() if isinstance(m, nn.Linear | nn.BatchNorm2d)]:
            mean = 1.0 if isinstance(layer, nn.BatchNorm2d) else 0.0
            deviation_and_mean_are(layer.weight, 0.02, mean)
        for layer in convolutions(module):
            deviation_and_mean_are(layer.weight, 0.02, 0.0)


def deviation_and_mean_are(weight, deviation, mean):
    """Within five standard errors of estimates from so many independent draws."""
    n = weight.numel()
    assert_close(weight.std().item(), deviation, rtol=5 / (2 * n) ** 0.5, atol=0)
    assert_close(weight.mean().item(), mean, rtol=0, atol=5 * deviation / n**0.5)


@pytest.mark.parametrize("norm", ["none", "batch"])
def test_dcgan_starts_without_biases(norm):
    for module in pair(dcgan, (1, 16, 16), width=4, norm=norm):
        biases = [p for name, p in module.named_parameters() if name.endswith("bias")]
        assert biases
        assert all(not bias.any() for bias in biases)


# ResNet


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("side", [16, 28, 32, 64])
def test_resnet_takes_every_doubling(side, channels):
    shape = (channels, side, side)
    fits(*pair(resnet, shape, width=4, norm="batch"), shape)


def test_resnet_ends_as_published():
    generator, discriminator = pair(resnet, (3, 32, 32), width=4, norm="batch")
    *_, norm, activation, last, squash = generator
    assert [type(m) for m in (activation, last, squash)] == [nn.ReLU, nn.Conv2d, nn.Tanh]
    assert isinstance(norm, nn.BatchNorm2d)
    assert isinstance(discriminator.features[0].before, nn.Identity)
    assert len([m for m in discriminator.modules() if isinstance(m, resnet.Down)]) == 4


def test_a_residual_block_doubles_what_it_adds_to():
    up = resnet.Up(4, "none")
    nn.init.zeros_(up.outer.weight)
    nn.init.zeros_(up.outer.bias)
    x = torch.randn(2, 4, 8, 8)
    doubled = x.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
    assert_close(up(x), up.shortcut(doubled))


def test_a_residual_block_halves_what_it_adds_to():
    down = resnet.Down(4, 6, "none", first=True, halve=True)
    nn.init.zeros_(down.outer.weight)
    nn.init.zeros_(down.outer.bias)
    x = torch.randn(2, 4, 8, 8)
    assert_close(down(x), nn.functional.avg_pool2d(down.shortcut(x), 2))


# MLP


@pytest.mark.parametrize("shape", [(1, 30, 30), (3, 16, 16), (2,)])
def test_mlp_takes_any_shape(shape):
    generator, discriminator = pair(mlp, shape, width=4, depth=2, norm="layer")
    points = generator(torch.randn(2, LATENT))
    assert points.shape == (2, *shape)
    assert discriminator(points).shape == (2, 3)


def test_mlp_draws_points_without_bounds():
    generator = mlp.Generator(LATENT, (2,), width=4, depth=1, norm="none")
    assert generator(1000 * torch.ones(1, LATENT)).abs().max() > 1


@pytest.mark.parametrize("depth", [1, 3])
def test_mlp_is_as_deep_as_asked(depth):
    for player in pair(mlp, (2,), width=4, depth=depth, norm="none"):
        assert len([m for m in player.modules() if isinstance(m, nn.Linear)]) == depth + 1


# What layers promise


def test_the_head_is_float32_in_and_out_under_autocast():
    head, features = Head(4, 2), torch.randn(3, 4)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = head(features.bfloat16())
    assert_close(inside, head(features.bfloat16().float()), rtol=0, atol=0)


@pytest.mark.parametrize(
    ("side", "coarsest", "doublings"),
    [(16, 4, 2), (28, 7, 2), (32, 4, 3), (48, 6, 3), (64, 4, 4), (256, 4, 6)],
)
def test_a_picture_is_halved_to_four_to_seven_pixels(side, coarsest, doublings):
    assert picture((3, side, side), "dcgan", least=4) == (3, coarsest, doublings)


@pytest.mark.parametrize("family", [dcgan, resnet])
@pytest.mark.parametrize("shape", [(1, 30, 30), (1, 8, 8), (1, 31, 31), (1, 36, 36), (1, 32, 64)])
def test_pictures_that_doubling_cannot_reach_are_refused(family, shape):
    for make_player in (family.Generator, family.Discriminator):
        first = (LATENT, shape) if make_player is family.Generator else (shape, 1)
        settings = {} if make_player is family.Generator else {"dropout": 0.0}
        with pytest.raises(ConfigError, match=r"dataset\.resolution must be"):
            make_player(*first, width=4, norm="batch", **settings)


@pytest.mark.parametrize("family", [dcgan, resnet])
def test_points_are_refused_by_networks_for_pictures(family):
    with pytest.raises(ConfigError, match="network=mlp"):
        family.Generator(LATENT, (2,), width=4, norm="batch")


@pytest.mark.parametrize("family", [dcgan, resnet, mlp])
def test_an_unknown_norm_is_refused_with_those_that_are_known(family):
    depth = {"depth": 1} if family is mlp else {}
    with pytest.raises(ConfigError, match=r"norm=bogus: .*none, batch, layer"):
        family.Generator(LATENT, (1, 16, 16), width=4, norm="bogus", **depth)


@pytest.mark.parametrize(("family", "norm"), list(itertools.product([dcgan, resnet], PER_SAMPLE)))
def test_norms_of_a_critic_do_not_mix_samples(family, norm):
    critic = family.Discriminator((1, 16, 16), 1, width=4, norm=norm, dropout=0.0)
    x = torch.randn(4, 1, 16, 16)
    assert_close(critic(x)[:2], critic(x[:2]))
