"""Networks that grow: what fading promises, to the bit, and how their layers are scaled."""

import copy
import math

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from ganlab.errors import ConfigError
from ganlab.networks.growth import halved
from ganlab.networks.pggan import Discriminator, Generator, PixelNorm

LATENT = 6
SHAPE = (3, 32, 32)
TOP = 3


@pytest.fixture
def generator():
    torch.manual_seed(0)
    return Generator(LATENT, SHAPE, width=4)


@pytest.fixture
def discriminator():
    torch.manual_seed(0)
    return Discriminator(SHAPE, outputs=2, width=4, group=4)


@pytest.fixture
def z():
    return torch.randn(4, LATENT)


@pytest.fixture
def x():
    return torch.randn(4, *SHAPE)


def at(player, level, fade=1.0):
    player.grow(level, fade)
    return player


def identical(a, b):
    assert_close(a, b, rtol=0, atol=0)


# Fading


@pytest.mark.parametrize("level", range(1, TOP + 1))
def test_at_fade_zero_the_generator_draws_what_it_drew_a_level_below(generator, z, level):
    identical(at(generator, level, 0.0)(z), at(generator, level - 1)(z))


@pytest.mark.parametrize("level", range(1, TOP + 1))
def test_at_fade_zero_the_discriminator_says_what_it_said_a_level_below(discriminator, x, level):
    identical(at(discriminator, level, 0.0)(x), at(discriminator, level - 1)(x))


@pytest.mark.parametrize("level", range(1, TOP + 1))
def test_at_fade_zero_real_samples_have_no_more_detail_than_a_level_below(discriminator, x, level):
    identical(at(discriminator, level, 0.0).faded(x), at(discriminator, level - 1).faded(x))


@pytest.mark.parametrize("level", range(1, TOP + 1))
def test_at_fade_one_the_level_below_has_no_say(generator, discriminator, z, x, level):
    drawn, said = at(generator, level)(z), at(discriminator, level)(x)
    with torch.no_grad():
        for player in (generator, discriminator):
            for parameter in player.pictures[level - 1].parameters():
                parameter.add_(1)
    identical(generator(z), drawn)
    identical(discriminator(x), said)


def test_half_way_real_samples_are_the_mean_of_both_levels(discriminator, x):
    fine, coarse = (at(discriminator, level).faded(x) for level in (2, 1))
    assert_close(at(discriminator, 2, 0.5).faded(x), (fine + coarse) / 2)


def test_at_full_size_real_samples_are_what_they_are(discriminator, x):
    identical(at(discriminator, TOP).faded(x), x)


@pytest.mark.parametrize("level", range(TOP + 1))
def test_pictures_of_a_level_are_squares_of_equal_pixels_at_full_size(generator, z, level):
    drawn = at(generator, level)(z)
    side = 2 ** (TOP - level)
    squares = drawn.unflatten(3, (-1, side)).unflatten(2, (-1, side))
    assert drawn.shape == (4, *SHAPE)
    identical(squares, squares[:, :, :, :1, :, :1].expand_as(squares))


@pytest.mark.parametrize("level", range(TOP))
def test_the_discriminator_sees_no_detail_beyond_its_level(discriminator, x, level):
    detail = torch.randn(4, *SHAPE)
    for _ in range(TOP - level):
        detail = detail - halved(detail).repeat_interleave(2, 2).repeat_interleave(2, 3)
    assert_close(at(discriminator, level)(x + detail), discriminator(x), rtol=1e-4, atol=1e-5)


# What is in use


def computed(player, given):
    """The layers with weights that a pass computes, in order."""
    called = []
    for module in player.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            module.register_forward_hook(lambda module, *_: called.append(module))
    player(given)
    return called


@pytest.mark.parametrize(("level", "fade"), [(0, 1.0), (1, 0.5), (1, 1.0), (3, 0.0), (3, 1.0)])
def test_the_layers_in_use_are_those_that_are_computed(generator, discriminator, z, x, level, fade):
    for player, given in ((generator, z), (discriminator, x)):
        called = computed(at(player, level, fade), given)
        assert {id(p) for m in called for p in m.parameters()} == {id(p) for p in player.used()}
        assert len(called) == len(set(called))


def test_more_is_in_use_at_finer_levels_and_the_most_while_fading(generator):
    sizes = [len(at(generator, *stage).used()) for stage in [(0, 1), (1, 0.5), (1, 1), (2, 0.5)]]
    assert sizes[0] < sizes[2] < sizes[1] < sizes[3]


@pytest.mark.parametrize("fade", [0.0, 0.3, 1.0])
def test_level_and_fade_are_kept_with_the_weights(generator, z, fade):
    other = Generator(LATENT, SHAPE, width=4)
    other.load_state_dict(at(generator, 2, fade).state_dict())
    assert (other.level, other.fade) == (2, pytest.approx(fade))
    identical(other(z), generator(z))
    assert copy.deepcopy(generator).level == 2


def test_a_player_starts_fully_grown(generator, discriminator):
    for player in (generator, discriminator):
        assert (player.level, player.fade) == (TOP, 1.0)


def test_level_and_fade_stay_with_the_host(generator):
    at(generator, 1, 0.5).to("meta")
    assert next(generator.parameters()).is_meta
    assert (generator.level, generator.fade) == (1, 0.5)


# Layers


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 3, 3)])
def test_pixel_norm_leaves_a_mean_square_of_one_over_channels(shape):
    x = 10 * torch.randn(shape)
    normed = PixelNorm()(x)
    assert_close(normed.square().mean(1), torch.ones_like(normed.square().mean(1)))
    assert_close(normed * x.square().mean(1, keepdim=True).sqrt(), x)


def test_the_generator_does_not_see_the_length_of_z(generator, z):
    assert_close(generator(7 * z), generator(z), rtol=1e-3, atol=1e-4)


def test_only_the_generator_normalises(generator, discriminator):
    norms = [sum(isinstance(m, PixelNorm) for m in p.modules()) for p in (generator, discriminator)]
    assert norms == [1 + 2 * (TOP + 1), 0]


def test_weights_are_standard_normal_and_scaled_when_used(generator, discriminator):
    for player in (generator, discriminator):
        for module in player.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                last = module in [*player.pictures, getattr(player, "head", None)]
                original = module.parametrizations.weight.original
                gain = (1 if last else math.sqrt(2)) / math.sqrt(original[0].numel())
                assert_close(module.weight, gain * original)
                assert not module.bias.any()


def test_weights_start_with_a_deviation_of_one():
    wide = Generator(64, (1, 16, 16), width=32)
    weights = [p.flatten() for n, p in wide.named_parameters() if n.endswith("original")]
    assert_close(torch.cat(weights).std().item(), 1.0, rtol=0.01, atol=0)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("side", [8, 16, 28, 64, 256])
def test_pggan_takes_every_doubling(side, channels):
    shape = (channels, side, side)
    generator = Generator(LATENT, shape, width=2)
    discriminator = Discriminator(shape, 3, width=2, group=4)
    with torch.no_grad():
        drawn = generator(torch.randn(2, LATENT))
        assert drawn.shape == (2, *shape)
        assert discriminator(drawn).shape == (2, 3)
        assert discriminator.features(drawn).shape == (2, discriminator.head.in_features)


def test_the_paper_has_512_channels_up_to_sixteen_pixels_and_64_at_256():
    with torch.device("meta"):
        pictures = Generator(512, (3, 256, 256), width=64).pictures
    assert [layer.in_channels for layer in pictures] == [512, 512, 512, 512, 256, 128, 64]


@pytest.mark.parametrize("shape", [(1, 4, 4), (1, 36, 36), (1, 32, 16), (2,)])
def test_shapes_that_doubling_cannot_reach_are_refused(shape):
    with pytest.raises(ConfigError, match="network=pggan"):
        Generator(LATENT, shape, width=2)
