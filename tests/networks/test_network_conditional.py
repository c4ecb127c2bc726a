"""Norms that are told a code: gains 1 + A y and biases B y of each sample's own."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from ganlab.errors import ConfigError
from ganlab.networks.conditional import BARE_2D, ConditionalNorm
from ganlab.networks.layers import NORMS_2D


@pytest.fixture
def x():
    torch.manual_seed(0)
    return 3 + 2 * torch.randn(8, 6, 4, 4)


def test_a_batch_norm_has_the_moments_that_the_code_says(x):
    """All samples told one code: channel means B y, deviations |1 + A y|."""
    norm = ConditionalNorm(6, 5, "batch")
    code = torch.randn(5)
    y = norm(x, code.expand(8, 5))
    deviation, mean = torch.std_mean(y, (0, 2, 3), correction=0)
    assert_close(mean, norm.bias.weight @ code, rtol=1e-4, atol=1e-5)
    assert_close(deviation, (1 + norm.gain.weight @ code).abs(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["batch", "layer", "instance"])
def test_each_sample_has_the_gains_and_biases_of_its_own_code(x, name):
    norm, code = ConditionalNorm(6, 5, name), torch.randn(8, 5)
    bare = BARE_2D[name](6)(x)
    told = [
        bare[n] * (1 + norm.gain.weight @ code[n]).view(6, 1, 1)
        + (norm.bias.weight @ code[n]).view(6, 1, 1)
        for n in range(8)
    ]
    assert_close(norm(x, code), torch.stack(told))


@pytest.mark.parametrize("name", list(NORMS_2D))
def test_told_nothing_but_zeros_it_is_the_bare_norm(x, name):
    assert_close(ConditionalNorm(6, 5, name)(x, torch.zeros(8, 5)), BARE_2D[name](6)(x))


@pytest.mark.parametrize("name", list(NORMS_2D))
def test_gains_and_biases_of_their_own_are_for_norms_without_a_code(x, name):
    assert not list(BARE_2D[name](6).parameters())
    own = ConditionalNorm(6, 0, name)
    assert [p.shape for p in own.parameters()] == [p.shape for p in NORMS_2D[name](6).parameters()]
    assert_close(own(x, torch.zeros(8, 0)), NORMS_2D[name](6)(x))


def test_without_normalisation_there_are_biases_only(x):
    norm, code = ConditionalNorm(6, 5, "none"), torch.randn(8, 5)
    assert norm.gain is None
    assert_close(norm(x, code), x + (code @ norm.bias.weight.T)[:, :, None, None])


def test_gains_and_biases_are_linear_without_constant_terms():
    linears = [m for m in ConditionalNorm(6, 5, "batch").modules() if isinstance(m, nn.Linear)]
    assert [(m.in_features, m.bias) for m in linears] == [(5, None)] * 2


def test_an_unknown_norm_is_refused():
    with pytest.raises(ConfigError, match=r"norm=bogus: .*none, batch, layer, instance"):
        ConditionalNorm(6, 5, "bogus")
