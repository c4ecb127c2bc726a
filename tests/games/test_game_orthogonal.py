"""Orthogonal regularisation: the Gram matrix of filters, off its diagonal."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from ganlab.games.orthogonal import gram_penalty
from ganlab.networks.weights import spectral


def off_diagonal(w):
    """|W W^T * (1 - I)|^2, as it is written."""
    return ((w @ w.T) * (1 - torch.eye(len(w), dtype=w.dtype))).square().sum()


@pytest.mark.parametrize("shape", [(3, 7), (7, 3), (4, 4)])
def test_it_is_the_squared_norm_of_the_gram_matrix_off_its_diagonal(shape):
    torch.manual_seed(0)
    layer = nn.Linear(shape[1], shape[0]).double()
    assert_close(gram_penalty(layer), off_diagonal(layer.weight))


def test_it_sums_over_all_layers_and_leaves_out_biases_norms_and_embeddings():
    layers = nn.Sequential(nn.Conv2d(3, 5, 3), nn.BatchNorm2d(5), nn.Flatten(), nn.Linear(5, 4))
    expected = off_diagonal(layers[0].weight.flatten(1)) + off_diagonal(layers[3].weight)
    assert_close(gram_penalty(layers), expected)
    assert_close(gram_penalty(nn.ModuleList([layers, nn.Embedding(9, 4)])), expected)


def test_filters_of_a_transposed_convolution_are_its_outputs():
    layer = nn.ConvTranspose2d(3, 5, 2).double()
    assert_close(gram_penalty(layer), off_diagonal(layer.weight.transpose(0, 1).flatten(1)))


def test_orthogonal_filters_of_any_length_cost_nothing():
    layer = nn.Linear(8, 5).double()
    nn.init.orthogonal_(layer.weight)
    layer.weight.data *= torch.arange(1, 6)[:, None]
    assert_close(gram_penalty(layer).item(), 0.0)
    layer.weight.data[1] = layer.weight.data[0]
    assert_close(gram_penalty(layer).item(), 2.0)


@pytest.mark.parametrize("shape", [(3, 7), (7, 3)])
def test_its_gradient_is_twice_that_of_the_released_code(shape):
    """Which adds 2 (W W^T * (1 - I)) W."""
    layer = nn.Linear(shape[1], shape[0], bias=False).double()
    w = layer.weight
    gram_penalty(layer).backward()
    released = 2 * ((w @ w.T) * (1 - torch.eye(len(w)))) @ w
    assert_close(w.grad, 2 * released)


def test_under_a_constraint_it_is_of_the_parameter_that_an_optimizer_moves():
    plain, constrained = nn.Linear(6, 4), nn.Linear(6, 4)
    constrained.load_state_dict(plain.state_dict())
    spectral(constrained).train()
    before = constrained.parametrizations.weight[0]._u.clone()
    assert_close(gram_penalty(constrained), gram_penalty(plain))
    assert torch.equal(constrained.parametrizations.weight[0]._u, before)


def test_it_is_in_full_precision_under_autocast():
    layer = nn.Linear(6, 4)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(gram_penalty(layer), gram_penalty(layer.float()))
        assert_close(gram_penalty(layer), off_diagonal(layer.weight.detach().double()).float())
