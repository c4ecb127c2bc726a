"""SAGAN, BigGAN and BigGAN-deep: sizes as published, and who is told which part of the noise."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from ganlab.errors import ConfigError
from ganlab.networks import biggan, biggan_deep, sagan
from ganlab.networks.attention import Attention
from ganlab.networks.conditional import ConditionalNorm
from ganlab.networks.pyramid import DISCRIMINATOR, GENERATOR
from ganlab.networks.resnet import Down

FAMILIES = [sagan, biggan, biggan_deep]
NOISE, CONDITION = 15, 6


def generator(family, shape=(1, 32, 32), width=2, noise=NOISE, condition=CONDITION, **rest):
    rest = {"norm": "batch", "attention": 16} | rest
    return family.Generator(noise + condition, shape, width=width, condition=condition, **rest)


def discriminator(family, shape=(1, 32, 32), width=2, outputs=3, **rest):
    return family.Discriminator(
        shape, outputs, width=width, **{"norm": "none", "attention": 16} | rest
    )


def norms(module):
    return [m for m in module.modules() if isinstance(m, ConditionalNorm)]


def weighted(module):
    return [m for m in module.modules() if isinstance(m, nn.Conv2d | nn.Linear)]


def count(module):
    return sum(p.numel() for p in module.parameters())


# Sizes


@pytest.mark.parametrize("condition", [0, CONDITION])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("side", [16, 28, 32, 48, 64, 128, 256])
@pytest.mark.parametrize("family", FAMILIES)
def test_every_resolution_is_drawn_and_judged(family, side, channels, condition):
    shape = (channels, side, side)
    with torch.no_grad():
        drawn = generator(family, shape, width=1, condition=condition)(
            torch.randn(2, NOISE + condition)
        )
        judged = discriminator(family, shape, width=1)(drawn)
    assert drawn.shape == (2, *shape)
    assert drawn.abs().max() <= 1
    assert judged.shape == (2, 3)


@pytest.mark.parametrize("condition", [0, CONDITION])
@pytest.mark.parametrize("family", FAMILIES)
def test_every_parameter_is_used(family, condition):
    players = generator(family, condition=condition), discriminator(family)
    z = torch.randn(4, NOISE + condition)
    players[1](players[0](z)).sum().backward()
    assert all(p.grad is not None for player in players for p in player.parameters())


@pytest.mark.parametrize("family", FAMILIES)
def test_at_32_pixels_all_maps_have_four_times_the_width(family):
    for player in (generator(family, width=3), discriminator(family, width=3)):
        outer = {m.out_channels for m in weighted(player) if hasattr(m, "out_channels")}
        assert max(outer) == 12


def test_the_first_layer_is_told_a_chunk_and_blocks_another_with_the_embedding():
    told = generator(biggan, (3, 128, 128), noise=120, condition=128)
    assert told.first.in_features == 20
    assert {norm.gain.in_features for norm in norms(told)} == {20 + 128}
    assert len(norms(told)) == 2 * 5


@pytest.mark.parametrize(
    ("player", "published"), [("generator", 70433988), ("discriminator", 87982370)]
)
def test_biggan_has_as_many_parameters_as_released(player, published):
    """For ImageNet at 128 pixels; each player's embedding of 1000 classes belongs to the game."""
    shape, asked = (3, 128, 128), {"width": 96, "attention": 64}
    with torch.device("meta"):
        if player == "generator":
            found = count(generator(biggan, shape, noise=120, condition=128, **asked)) + 1000 * 128
        else:
            made = discriminator(biggan, shape, outputs=1, **asked)
            found = count(made) + 1000 * made.head.in_features
    assert found == published


@pytest.mark.parametrize(("side", "millions"), [(128, 50.4), (256, 55.9), (512, 56.2)])
def test_biggan_deep_has_as_many_parameters_as_published(side, millions):
    """The published generators have 128 channels before the three that are shown are taken."""
    asked = {"width": 128, "attention": 64, "noise": 128, "condition": 128}
    with torch.device("meta"):
        found = count(generator(biggan_deep, (3, side, side), **asked))
    shown = (128 - 3) * (128 * 9 + 1)
    assert round((found + 1000 * 128 + shown) / 1e6, 1) == millions


@pytest.mark.parametrize("doublings", list(GENERATOR))
def test_maps_narrow_towards_the_picture(doublings):
    """Bottlenecks leave channels out in the generator and add them in the discriminator."""
    towards, away = GENERATOR[doublings], DISCRIMINATOR[doublings]
    assert len(towards) == len(away) == doublings + 1
    assert list(towards) == sorted(towards, reverse=True)
    assert list(away) == sorted(away)


@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_too_large_is_refused(family):
    with pytest.raises(ConfigError, match=r"dataset\.resolution=1024: .*use 512 or less"):
        generator(family, (3, 1024, 1024))
    with pytest.raises(ConfigError, match=f"network={family.__name__.split('.')[-1]} cannot draw"):
        discriminator(family, (1, 30, 30))


# Attention


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    ("most", "drawing", "judging"), [(32, 32, 16), (16, 16, 16), (0, None, None)]
)
def test_attention_stands_at_the_largest_map_of_a_size(family, most, drawing, judging):
    players = generator(family, attention=most), discriminator(family, attention=most)
    seen = []
    for player in players:
        for module in player.modules():
            if isinstance(module, Attention):
                module.register_forward_hook(lambda m, x, y: seen.append(y.shape[-1]))
    players[1](players[0](torch.randn(2, NOISE + CONDITION)))
    assert seen == [size for size in (drawing, judging) if size]


# Who is told what


def heard(module, z, k):
    """Which dimensions of z move the gains of the k-th conditional norm."""
    z = z.clone().requires_grad_()
    gains = []
    hook = norms(module)[k].gain.register_forward_hook(lambda m, x, y: gains.append(y))
    module(z)
    hook.remove()
    (gradient,) = torch.autograd.grad(gains[0].sum(), z)
    return set(gradient[0].nonzero().flatten().tolist())


LABEL = set(range(NOISE, NOISE + CONDITION))


@pytest.mark.parametrize("block", range(3))
def test_a_block_of_biggan_hears_its_chunk_and_the_embedding(block):
    """Fifteen dimensions for a first layer and three blocks: chunks of 4, 4, 4 and 3."""
    module, z = generator(biggan), torch.randn(2, NOISE + CONDITION)
    chunk = set(range(NOISE)[4 * (block + 1) : 4 * (block + 2)])
    assert heard(module, z, 2 * block) == heard(module, z, 2 * block + 1) == chunk | LABEL


def test_a_block_of_sagan_hears_the_embedding_alone():
    module, z = generator(sagan), torch.randn(2, NOISE + CONDITION)
    assert [heard(module, z, k) for k in range(6)] == [LABEL] * 6
    assert module.first.in_features == NOISE


def test_a_block_of_biggan_deep_hears_all():
    module, z = generator(biggan_deep), torch.randn(2, NOISE + CONDITION)
    assert heard(module, z, 0) == heard(module, z, 7) == set(range(NOISE)) | LABEL
    assert module.first.in_features == NOISE + CONDITION


def test_the_first_layer_of_biggan_hears_the_first_chunk_alone():
    module = generator(biggan)
    z = torch.randn(1, NOISE + CONDITION, requires_grad=True)
    first = module.codes(z)[0]
    (gradient,) = torch.autograd.grad(module.first(first).sum(), z)
    assert gradient[0].nonzero().flatten().tolist() == [0, 1, 2, 3]


def test_without_a_label_biggan_is_told_noise_alone():
    module, z = generator(biggan, condition=0), torch.randn(2, NOISE)
    assert heard(module, z, 0) == {4, 5, 6, 7}


def test_without_a_label_the_norms_of_sagan_are_its_own():
    module = generator(sagan, condition=0)
    assert all(norm.bias is None and norm.norm.affine for norm in norms(module))


@pytest.mark.parametrize("noise", [1, 3])
def test_noise_that_does_not_suffice_for_every_chunk_is_refused(noise):
    with pytest.raises(ConfigError, match=rf"model\.latent={noise}: .* 4 chunks; use 4 "):
        generator(biggan, noise=noise)
    generator(biggan, noise=4)


# Layers


@pytest.mark.parametrize("family", [biggan, biggan_deep])
def test_biggans_weights_start_orthogonal(family):
    torch.manual_seed(0)
    for layer in weighted(generator(family)) + weighted(discriminator(family)):
        w = layer.weight.flatten(1)
        gram = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
        assert_close(gram, torch.eye(len(gram)), rtol=0, atol=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_biases_start_at_zero(family):
    layers = weighted(generator(family)) + weighted(discriminator(family))
    assert any(layer.bias is not None for layer in layers)
    assert all(layer.bias is None or not layer.bias.any() for layer in layers)


@pytest.mark.parametrize("family", FAMILIES)
def test_features_are_sums_over_all_places(family):
    critic, x, maps = discriminator(family), torch.randn(2, 1, 32, 32), []
    critic.features[-1].register_forward_hook(lambda module, given, y: maps.append(given[0]))
    features = critic.features(x)
    assert maps[0].shape == (2, critic.head.in_features, 8, 8)
    assert_close(features, maps[0].sum((2, 3)))
    assert_close(critic(x), critic.head(features))


def test_the_picture_itself_enters_the_first_block_of_the_discriminator():
    blocks = [m for m in discriminator(biggan).features if isinstance(m, Down)]
    assert isinstance(blocks[0].before, nn.Identity)
    assert [isinstance(b.pool, nn.AvgPool2d) for b in blocks] == [True, True, False, False]


def test_from_64_pixels_on_all_blocks_but_the_last_halve():
    blocks = [m for m in discriminator(biggan, (3, 128, 128)).features if isinstance(m, Down)]
    assert [isinstance(b.pool, nn.AvgPool2d) for b in blocks] == [True] * 5 + [False]


def silent(block, last):
    """The block with a last convolution of zeros: its shortcut alone."""
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    return block


def test_a_deep_block_of_the_generator_leaves_channels_out_and_doubles():
    block = biggan_deep.Expand(8, 4, 3, "batch", double=True)
    x = torch.randn(2, 8, 5, 5)
    doubled = x[:, :4].repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
    assert_close(silent(block, block.convolutions[-1])(x, torch.randn(2, 3)), doubled)


def test_a_deep_block_of_the_discriminator_keeps_channels_and_adds_new_ones():
    block = biggan_deep.Reduce(4, 6, "none", halve=True)
    x = torch.randn(2, 4, 8, 8)
    halved = nn.functional.avg_pool2d(x, 2)
    y = silent(block, block.widen)(x)
    assert_close(y[:, :4], halved)
    assert_close(y[:, 4:], block.new(halved))


def test_bottlenecks_have_a_quarter_of_the_channels():
    expand = biggan_deep.Expand(32, 16, 3, "batch", double=False)
    assert [c.out_channels for c in expand.convolutions] == [8, 8, 8, 16]
    assert [c.kernel_size for c in expand.convolutions] == [(1, 1), (3, 3), (3, 3), (1, 1)]
    assert biggan_deep.Reduce(32, 64, "none", halve=False).widen.in_channels == 16


def test_biggan_deep_has_two_blocks_for_each_doubling():
    kinds = (biggan_deep.Expand, biggan_deep.Reduce)
    for player in (generator(biggan_deep), discriminator(biggan_deep)):
        assert len([m for m in player.modules() if isinstance(m, kinds)]) == 2 * 3


def test_a_block_doubles_what_it_adds_to():
    up = sagan.Up(4, 6, 3, "batch")
    x = torch.randn(2, 4, 8, 8)
    doubled = x.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
    assert_close(silent(up, up.outer)(x, torch.randn(2, 3)), up.shortcut(doubled))
