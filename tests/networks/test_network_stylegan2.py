"""StyleGAN2's networks: modulation, filters, rates, and what a picture depends on."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.autograd import gradcheck, gradgradcheck
from torch.testing import assert_close

from ganlab.errors import ConfigError
from ganlab.networks.filters import Blur
from ganlab.networks.stylegan2 import Discriminator, Generator, levels
from ganlab.networks.stylegan2_layers import GAIN, Convolution, Down
from ganlab.networks.stylegan2_styled import Coloured, Noise, Styled, contracted, demodulation

LATENT, STYLE = 6, 5


def generator(shape=(3, 16, 16), condition=0, width=4, depth=2):
    torch.manual_seed(0)
    return Generator(LATENT, shape, width, 1024, STYLE, depth, condition)


def discriminator(shape=(3, 16, 16), residual=True, outputs=1):
    torch.manual_seed(0)
    return Discriminator(shape, outputs, 4, 1024, 4, residual)


def styled(up, size=8):
    """A layer in evaluation, its noise and bias not zero."""
    torch.manual_seed(0)
    layer = Styled(3, 4, size, STYLE, up).eval()
    nn.init.constant_(layer.noise.strength, 0.3)
    nn.init.normal_(layer.bias)
    return layer


def scaled(layer, factor):
    """Multiply what an affine layer of equalised rate answers."""
    with torch.no_grad():
        layer.parametrizations.weight.original.mul_(factor)
        layer.bias.mul_(factor)


# Modulation


@pytest.mark.parametrize("up", [False, True])
def test_what_is_demodulated_does_not_change_with_the_scale_of_the_style(up):
    layer, w = styled(up), torch.randn(2, STYLE)
    x = torch.randn(2, 3, 4 if up else 8, 4 if up else 8)
    before = layer(x, w)
    scaled(layer.style, 7.0)
    assert_close(layer(x, w), before)


def test_the_picture_scales_with_its_style():
    layer, w, x = Coloured(4, 3, STYLE), torch.randn(2, STYLE), torch.randn(2, 4, 8, 8)
    before = layer(x, w)
    scaled(layer.style, 7.0)
    assert_close(layer(x, w), 7 * before)


@pytest.mark.parametrize("up", [False, True])
def test_a_styled_layer_is_equations_1_and_3_sample_by_sample(up):
    layer, w = styled(up), torch.randn(3, STYLE)
    x = torch.randn(3, 3, 4 if up else 8, 4 if up else 8)
    for sample, style, found in zip(x, layer.style(w), layer(x, w), strict=True):
        weight = layer.weight * style[:, None, None]
        weight = weight / (weight.square().sum((1, 2, 3), keepdim=True) + 1e-8).sqrt()
        if up:
            y = layer.filter(F.conv_transpose2d(sample[None], weight.transpose(0, 1), stride=2))
        else:
            y = F.conv2d(sample[None], weight, padding=1)
        y = y + 0.3 * layer.noise.constant + layer.bias[:, None, None]
        assert_close(found, math.sqrt(2) * F.leaky_relu(y[0], 0.2))


def test_demodulation_is_in_full_precision_under_autocast():
    weight, scale = torch.randn(4, 16, 3, 3), torch.randn(5, 16)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = demodulation(weight, scale)
    assert torch.equal(inside, demodulation(weight, scale))


def test_demodulated_outputs_have_the_variance_of_the_inputs():
    torch.manual_seed(0)
    layer = Styled(64, 64, 16, STYLE, up=False).eval()
    scaled(layer.style, 3.0)
    y = layer(torch.randn(8, 64, 16, 16), torch.zeros(8, STYLE))[..., 1:-1, 1:-1]
    # A leaky ReLU times the root of two has (1 + .2^2) of the second moment.
    assert_close(y.square().mean().item(), 1.04, rtol=0.05, atol=0)


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_each_samples_own_1x1_convolution_keeps_the_format_of_its_gradient(memory_format):
    x = torch.randn(2, 5, 3, 4).contiguous(memory_format=memory_format).requires_grad_()
    weights = torch.randn(2, 3, 5)
    y = contracted(weights, x)
    assert_close(y, torch.einsum("noc,nchw->nohw", weights, x))
    (gradient,) = torch.autograd.grad(y.sum(), x)
    assert gradient.is_contiguous(memory_format=memory_format)


# Filters


def test_the_filter_after_an_upsampling_convolution_keeps_its_sum():
    layer = Styled(1, 1, 8, STYLE, up=True)
    nn.init.zeros_(layer.weight)
    with torch.no_grad():
        layer.weight[0, 0, 1, 1] = 1.0  # the identity, between inserted zeros
    flat = layer.convolved(torch.full((1, 1, 6, 6), 5.0))
    assert flat.shape == (1, 1, 12, 12)
    assert_close(flat[..., 2:-2, 2:-2], torch.full((1, 1, 8, 8), 5.0))


@pytest.mark.parametrize("residual", [False, True])
def test_a_block_halves_and_its_shortcut_is_linear(residual):
    block = Down(3, 5, residual)
    x = torch.randn(2, 3, 8, 8)
    assert block(x).shape == (2, 5, 4, 4)
    nn.init.zeros_(block.outer.parametrizations.weight.original)
    if residual:
        assert_close(block(-2 * x), -2 * block(x))
        filtered = Blur(3, padding=1)(x)[..., ::2, ::2]
        weight = block.shortcut[1].parametrizations.weight.original
        assert_close(block(x), F.conv2d(filtered, weight * math.sqrt(0.5 / 3)))
    else:
        assert not block(x).any()


# Equalised rates


def test_weights_start_normal_and_are_scaled_in_each_pass():
    torch.manual_seed(0)
    network = Generator(64, (3, 16, 16), 64, 1024, 64, 2, 0)
    for layer, rate in [(network.mapped[0], 0.01), (network.styled.style, 1.0)]:
        raw = layer.parametrizations.weight.original
        assert_close(raw.std().item(), 1 / rate, rtol=0.05, atol=0)
        assert_close(layer.weight, raw * (rate / 8))
    assert_close(network.styled.weight.std().item(), 1.0, rtol=0.05, atol=0)
    assert_close(network.styled.style.bias, torch.ones(64))


@pytest.mark.parametrize("inputs", [4, 16])
def test_a_step_of_adam_moves_the_mapping_a_hundredth_as_far(inputs):
    torch.manual_seed(0)
    layer = Generator(inputs, (3, 16, 16), 4, 1024, STYLE, 1, 0).mapped[0]
    before, bias = layer.weight.detach().clone(), layer.bias.detach().clone()
    stepped(layer, layer(torch.randn(8, inputs)).square().sum())
    moved = 0.002 * 0.01
    # Weights of a hundred are rounded to four digits of a step.
    assert_close(
        (layer.weight - before).abs().mean().item(), moved / inputs**0.5, rtol=0.01, atol=0
    )
    assert_close((layer.bias - bias).abs().max().item(), moved, rtol=1e-3, atol=0)


def test_a_step_of_adam_moves_a_convolution_by_its_gain_over_the_root_of_its_inputs():
    torch.manual_seed(0)
    layer = Convolution(4, 2, 3)
    before = layer.weight.detach().clone()
    stepped(layer, layer(torch.randn(2, 4, 8, 8)).square().sum())
    moved = 0.002 * math.sqrt(2 / (4 * 9))
    assert_close((layer.weight - before).abs().max().item(), moved, rtol=1e-3, atol=0)


def stepped(layer, loss):
    loss.backward()
    torch.optim.Adam(layer.parameters(), lr=0.002, betas=(0.0, 0.99)).step()


def test_a_convolution_times_its_gain_is_a_leaky_relu_times_its_gain():
    layer, x = Convolution(3, 2, 3), torch.randn(2, 3, 8, 8)
    nn.init.normal_(layer.bias)
    weight = layer.parametrizations.weight.original / math.sqrt(27)
    expected = GAIN * F.leaky_relu(F.conv2d(x, weight, layer.bias, padding=1), 0.2)
    assert_close(layer(x), expected)


# What a picture depends on


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("side", [8, 16, 28, 32, 64, 128, 256])
def test_every_doubling_of_four_to_seven_pixels(side, channels):
    shape = (channels, side, side)
    with torch.no_grad():
        pictures = generator(shape, width=2)(torch.randn(2, LATENT))
        assert pictures.shape == (2, *shape)
        for residual in (False, True):
            assert discriminator(shape, residual, outputs=3)(pictures).shape == (2, 3)


@pytest.mark.parametrize("shape", [(3, 4, 4), (1, 30, 30), (1, 16, 32), (2,)])
def test_other_shapes_are_refused(shape):
    for make in (generator, discriminator):
        with pytest.raises(ConfigError, match="network=stylegan2"):
            make(shape)


def test_a_level_has_its_share_of_the_base_up_to_the_width():
    assert levels((3, 256, 256), 512, 16384) == {
        **dict.fromkeys((4, 8, 16, 32), 512),
        **{64: 256, 128: 128, 256: 64},
    }
    assert list(levels((3, 32, 32), 512, 32768).values()) == [512] * 4


@pytest.mark.parametrize(("side", "layers"), [(8, 4), (32, 8), (256, 14)])
def test_there_are_two_styles_a_doubling(side, layers):
    network, w = generator((1, side, side), width=2), torch.randn(3, STYLE)
    assert_close(network.per_layer(w), w[:, None].repeat(1, layers, 1))


def test_the_last_style_is_that_of_the_last_picture_alone():
    network = generator().eval()
    styles = torch.randn(2, network.per_layer(torch.zeros(1, STYLE)).shape[1], STYLE)
    other = styles.clone()
    other[:, -1] = 0
    nn.init.zeros_(network.levels[-1].coloured.weight)
    assert_close(network.synthesis(other), network.synthesis(styles))
    other[:, -2] = 0
    nn.init.ones_(network.levels[-1].coloured.weight)
    assert not torch.allclose(network.synthesis(other), network.synthesis(styles))


def loud(network):
    """The same network with all its noise turned up."""
    for part in network.modules():
        if isinstance(part, Noise):
            nn.init.ones_(part.strength)
    return network


def test_in_evaluation_a_sample_depends_on_its_code_alone():
    network, z = loud(generator()).eval(), torch.randn(4, LATENT)
    samples = network(z)
    assert torch.equal(network(z), samples)
    assert_close(network(z[2:3]), samples[2:3])
    assert not torch.allclose(samples[0], samples[1])


def test_in_training_noise_is_drawn_and_starts_without_effect():
    network, z = generator(), torch.randn(4, LATENT)
    assert torch.equal(network(z), network(z))
    loud(network)
    assert not torch.allclose(network(z), network(z))
    one = [network(z) for _ in range(2) if torch.manual_seed(1)]
    assert torch.equal(*one)


def test_the_mean_of_w_follows_batches_in_training_only():
    network, z = generator(), torch.randn(64, LATENT)
    w = network.mapping(z)
    assert_close(network.w_average, 0.005 * w.mean(0))
    network.mapping(z)
    assert_close(network.w_average, (0.005 + 0.995 * 0.005) * w.mean(0))
    before = network.w_average.clone()
    network.eval()(z)
    assert torch.equal(network.w_average, before)
    assert not network.w_average.requires_grad


def test_codes_are_seen_by_their_direction():
    network, z = generator().eval(), torch.randn(4, LATENT)
    assert_close(network.mapping(3 * z), network.mapping(z))


def test_noise_and_embedding_are_normalised_each_by_itself():
    network, noise, embedding = generator(condition=2).eval(), torch.randn(4, 4), torch.randn(4, 2)
    w = network.mapping(torch.cat([noise, embedding], 1))
    assert_close(network.mapping(torch.cat([5 * noise, 0.1 * embedding], 1)), w)
    assert not torch.allclose(network.mapping(torch.cat([noise, embedding.flip(1)], 1)), w)


def test_truncation_goes_from_the_mean_to_w():
    network, w = generator(), torch.randn(4, STYLE)
    nn.init.normal_(network.w_average)
    assert torch.equal(network.truncated(w, 1.0), w)
    assert torch.equal(network.truncated(w, 0.0), network.w_average.expand(4, -1))
    assert_close(network.truncated(w, 0.5), (w + network.w_average) / 2)


def test_the_discriminator_has_features_and_a_head():
    network, x = discriminator(outputs=2), torch.randn(4, 3, 16, 16)
    features = network.features(x)
    assert features.shape == (4, network.head.in_features)
    assert_close(network(x), network.head(features))


# Derivatives


@pytest.mark.parametrize("up", [False, True])
def test_a_styled_layer_is_differentiable_twice(up):
    layer, side = styled(up, size=4).double(), 2 if up else 4
    inputs = torch.randn(1, 3, side, side).double(), torch.randn(1, STYLE).double()
    for each in inputs:
        each.requires_grad_()
    assert gradcheck(layer, inputs)
    assert gradgradcheck(layer, inputs)


def test_a_discriminator_is_differentiable_twice():
    torch.manual_seed(0)
    network = Discriminator((1, 8, 8), 1, 2, 1024, 2, True).double()
    x = torch.randn(2, 1, 8, 8).double().requires_grad_()
    assert gradcheck(network, x)
    assert gradgradcheck(network, x)
