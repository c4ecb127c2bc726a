"""R3GAN's networks: identity at the start, variance kept, bilinear resampling, no normalisation."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from ganlab.errors import ConfigError
from ganlab.networks.r3gan import (
    GAIN,
    SLOPE,
    Block,
    Discriminator,
    Generator,
    widths,
)

LATENT = 6
SIZES = {"width": 16, "depth": 2, "expansion": 2, "group_width": 16}
NORMS = (nn.modules.batchnorm._NormBase, nn.GroupNorm, nn.LayerNorm)


def players(shape=(3, 32, 32), **sizes):
    torch.manual_seed(0)
    settings = SIZES | sizes
    return Generator(LATENT, shape, **settings), Discriminator(shape, 2, **settings)


def convolutions(module):
    return [m for m in module.modules() if isinstance(m, nn.Conv2d)]


def test_a_block_starts_as_the_identity():
    x = torch.randn(2, 16, 8, 8)
    assert_close(Block(16, 2, 16, blocks=8)(x), x, rtol=0, atol=0)


def test_every_block_starts_as_the_identity():
    for player in players():
        blocks = [m for m in player.modules() if isinstance(m, Block)]
        assert len(blocks) == 2 * 4
        assert all(not block.change[-1].weight.any() for block in blocks)


def test_a_block_learns_from_its_first_step():
    block = Block(16, 2, 16, blocks=8)
    block(torch.randn(2, 16, 8, 8)).square().sum().backward()
    assert block.change[-1].weight.grad.any()


@pytest.mark.parametrize("blocks", [1, 16])
def test_layers_within_a_block_start_scaled_by_the_number_of_blocks(blocks):
    torch.manual_seed(0)
    expand, _, grouped, _, _ = Block(64, 2, 16, blocks).change
    for layer, inputs in ((expand, 64), (grouped, 16 * 9)):
        expected = GAIN * blocks**-0.25 / inputs**0.5
        assert_close(layer.weight.std().item(), expected, rtol=0.05, atol=0)
        assert not layer.bias.any()


def test_a_leaky_relu_with_the_gain_keeps_the_mean_square():
    torch.manual_seed(0)
    x = torch.randn(100_000)
    kept = nn.functional.leaky_relu(GAIN * x, SLOPE).square().mean()
    assert_close(kept.item(), 1.0, rtol=0.02, atol=0)


@pytest.mark.parametrize(("width", "groups"), [(4, 1), (8, 1), (64, 8), (768, 96), (28, 2)])
def test_groups_are_about_sixteen_channels_wide(width, groups):
    with torch.device("meta"):
        assert Block(width, 2, 16, blocks=8).change[2].groups == groups


def test_nothing_is_normalised():
    for player in players():
        assert not [m for m in player.modules() if isinstance(m, NORMS)]


def test_activations_are_leaky_and_biased_and_nothing_else_has_a_bias():
    for player in players():
        activations = [m for m in player.modules() if isinstance(m, nn.LeakyReLU)]
        biases = [n for n, _ in player.named_parameters() if n.endswith("bias")]
        assert {m.negative_slope for m in activations} == {0.2}
        assert len(activations) == len(biases) == 2 * 2 * 4


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("side", [8, 16, 28, 64, 256])
def test_r3gan_takes_every_doubling(side, channels):
    shape = (channels, side, side)
    generator, discriminator = players(shape, width=4, depth=1)
    with torch.no_grad():
        drawn = generator(torch.randn(2, LATENT))
        assert drawn.shape == (2, *shape)
        assert discriminator(drawn).shape == (2, 2)
        assert discriminator.features(drawn).shape == (2, discriminator.head.in_features)


@pytest.mark.parametrize(
    ("side", "expected"),
    [(32, [768] * 4), (64, [768] * 4 + [384]), (256, [768] * 4 + [384, 192, 96])],
)
def test_levels_are_as_wide_as_the_papers(side, expected):
    assert widths(768, side.bit_length() - 3) == expected


def test_the_papers_cifar_pair_has_as_many_parameters_as_its_layers_say():
    with torch.device("meta"):
        generator = Generator(64, (3, 32, 32), **SIZES | {"width": 768})
    block = 768 * 1536 + 1536 + 1536 * 16 * 9 + 1536 + 1536 * 768
    expected = 64 * 768 + 768 * 16 + 8 * block + 768 * 3
    assert sum(p.numel() for p in generator.parameters()) == expected


def test_a_sample_is_judged_by_itself():
    _, discriminator = players()
    x = torch.randn(4, 3, 32, 32)
    assert_close(discriminator(x)[:2], discriminator(x[:2]))


def test_shapes_that_doubling_cannot_reach_are_refused():
    with pytest.raises(ConfigError, match="network=r3gan"):
        players((1, 36, 36))
