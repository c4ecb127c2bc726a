"""SNGAN's residual networks (arXiv 1802.05957, table 4)."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from ganlab.errors import ConfigError
from ganlab.making import make
from ganlab.networks import resnet
from ganlab.networks.resnet import Down, Pool, Up

SHAPE = (3, 32, 32)


@pytest.fixture
def players(tiny):
    node = tiny("model=sngan", "network.width=128").network
    with torch.device("meta"):
        generator = make(node.generator, "generator")(128, SHAPE)
        return generator, make(node.discriminator, "discriminator")(SHAPE, outputs=1)


def test_the_generator_has_256_channels_and_the_discriminator_128(players):
    up, down = ([m for m in player.modules() if isinstance(m, Up | Down)] for player in players)
    assert [(m.inner.in_channels, m.outer.out_channels) for m in up] == [(256, 256)] * 3
    assert [m.outer.out_channels for m in down] == [128] * 4
    assert [isinstance(m.pool, nn.AvgPool2d) for m in down] == [True, True, False, False]


def test_the_first_layer_of_the_generator_draws_four_by_four_pixels(players):
    assert (players[0][0].in_features, players[0][0].out_features) == (128, 4 * 4 * 256)


def test_the_discriminators_features_are_summed(players):
    assert players[1].features[-1].pool == "sum"
    assert players[1].head.in_features == 128


def test_sums_are_means_times_places():
    x = torch.randn(2, 3, 4, 5)
    assert_close(Pool("sum")(x), 20 * Pool("mean")(x))
    assert_close(Pool("sum")(x)[1, 2], x[1, 2].sum())


def test_another_pool_is_refused():
    with pytest.raises(ConfigError, match="pool=max"):
        Pool("max")


@pytest.mark.parametrize("halve", [True, False])
def test_a_block_may_widen_without_halving(halve):
    down = Down(4, 6, "none", first=False, halve=halve)
    assert down(torch.randn(2, 4, 8, 8)).shape == (2, 6, *[4 if halve else 8] * 2)


def test_features_are_what_the_head_sees():
    critic = resnet.Discriminator((1, 16, 16), 2, width=4, norm="none", dropout=0.0, pool="sum")
    x = torch.randn(3, 1, 16, 16)
    assert critic.features(x).shape == (3, critic.head.in_features)
    assert_close(critic(x), critic.head(critic.features(x)))


def test_a_refusal_names_the_network(tiny):
    node = tiny("model=sngan").network
    with pytest.raises(ConfigError, match="network=sngan cannot draw 30x30"):
        make(node.generator, "generator")(128, (1, 30, 30))
