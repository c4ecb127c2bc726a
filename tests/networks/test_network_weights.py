"""Constraints on weights: what they make of layers, through training, saving and half precision."""

import copy
import math

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from ganlab.errors import ConfigError
from ganlab.networks.weights import constrain, equalised

LAYERS = {
    "linear": lambda: nn.Linear(12, 7),
    "embedding": lambda: nn.Embedding(9, 6),
    "convolution": lambda: nn.Conv2d(3, 8, 3),
    "transposed": lambda: nn.ConvTranspose2d(5, 4, 4, 2, 1),
}
INPUTS = {
    "linear": torch.ones(2, 12),
    "embedding": torch.arange(9),
    "convolution": torch.ones(2, 3, 8, 8),
    "transposed": torch.ones(2, 5, 4, 4),
}


def matrix(layer):
    """The weight as (outputs, rest)."""
    weight = layer.weight.detach()
    return (weight.transpose(0, 1) if isinstance(layer, nn.ConvTranspose2d) else weight).flatten(1)


@pytest.mark.parametrize("name", LAYERS)
def test_the_spectral_norm_is_one_within_a_hundredth_through_training(name):
    torch.manual_seed(0)
    layer = constrain(LAYERS[name](), "spectral")
    optimizer = torch.optim.Adam(layer.parameters(), lr=1e-2)
    for _ in range(60):
        (layer(INPUTS[name]) - 1).square().mean().backward()
        optimizer.step()
        optimizer.zero_grad()
    layer.eval()
    assert_close(torch.linalg.matrix_norm(matrix(layer), 2).item(), 1.0, rtol=0.01, atol=0)


def test_the_vectors_move_in_training_only_and_are_saved():
    layer = constrain(nn.Linear(12, 7), "spectral")
    layer.parametrizations.weight.original.data.normal_()
    kept = copy.deepcopy(layer.state_dict())
    layer.eval()(torch.ones(1, 12))
    assert all(torch.equal(layer.state_dict()[k], kept[k]) for k in kept)
    layer.train()(torch.ones(1, 12))
    moved = {k for k in kept if not torch.equal(layer.state_dict()[k], kept[k])}
    assert moved == {"parametrizations.weight.0._u", "parametrizations.weight.0._v"}


def test_the_norm_is_estimated_in_full_precision_under_autocast():
    one = constrain(nn.Linear(64, 64, bias=False), "spectral")
    other = copy.deepcopy(one)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = one.weight
    assert_close(inside, other.weight, rtol=0, atol=0)


def test_an_equalised_layer_draws_from_a_standard_normal_and_scales_by_hes_constant():
    torch.manual_seed(0)
    layer = constrain(nn.Conv2d(16, 400, 3), "equalised")
    original = layer.parametrizations.weight.original
    assert_close(original.std().item(), 1.0, rtol=0.02, atol=0)
    assert_close(layer.weight, original * math.sqrt(2 / (16 * 9)))
    assert not layer.bias.any()


def test_a_smaller_rate_starts_alike_and_moves_that_much_less():
    torch.manual_seed(0)
    layer = equalised(nn.Linear(50, 2000), gain=1.0, rate=0.01)
    assert_close(layer.weight.std().item(), 1 / math.sqrt(50), rtol=0.02, atol=0)
    before = layer.weight.detach().clone()
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.1)
    layer(torch.ones(1, 50)).sum().backward()
    optimizer.step()
    step = 0.1 * 0.01 / math.sqrt(50)
    assert_close(before - layer.weight, torch.full_like(before, step), rtol=1e-3, atol=1e-6)
    assert_close(layer.bias, torch.full((2000,), -0.1 * 0.01), rtol=1e-3, atol=1e-6)


def test_a_transposed_convolution_counts_the_inputs_of_a_unit():
    layer = equalised(nn.ConvTranspose2d(5, 40, 4), gain=1.0)
    assert layer.parametrizations.weight[0].scale == pytest.approx(1 / math.sqrt(5 * 16))


def test_every_layer_of_a_network_is_constrained_once_and_norms_are_not():
    network = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4), nn.Sequential(nn.Linear(4, 1)))
    constrain(constrain(network, "spectral"), "spectral")
    parametrised = [name for name, _ in network.named_parameters() if "original" in name]
    assert parametrised == [f"{k}.parametrizations.weight.original" for k in ("0", "2.0")]


def test_an_unknown_constraint_is_refused_with_those_there_are():
    with pytest.raises(ConfigError, match="weights=bogus: they are plain, spectral, equalised"):
        constrain(nn.Linear(1, 1), "bogus")


def test_an_equalised_layer_may_be_spectral_too():
    torch.manual_seed(0)
    layer = constrain(equalised(nn.Linear(30, 20), rate=0.1), "spectral")
    for _ in range(50):
        layer(torch.ones(1, 30))
    assert_close(torch.linalg.matrix_norm(layer.eval().weight, 2).item(), 1.0, rtol=0.01, atol=0)
    assert len(constrain(layer, "equalised").parametrizations.weight) == 2
