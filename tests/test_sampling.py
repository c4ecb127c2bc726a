"""Samples that depend on (seed, index) only, and the pictures made of them."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal

from ganlab.build import build
from ganlab.options import options
from ganlab.sampling import draw, quantise, tile

MODELS = sorted(options([])["model"])
NETWORKS = sorted(options([])["network"])


@pytest.fixture(scope="module")
def game(tiny):
    return build(tiny("model=dcgan")).averaged()


def same(game, many, few):
    assert torch.equal(draw(game, many, seed=3)[:few], draw(game, few, seed=3))


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("network", NETWORKS)
def test_a_sample_does_not_depend_on_how_many_are_drawn(tiny, model, network):
    same(build(tiny(f"model={model}", f"network={network}")).averaged(), 10, 5)


@pytest.mark.parametrize("many", [64, 65, 200])
@pytest.mark.parametrize("few", [1, 10, 64, 65])
def test_a_sample_does_not_depend_on_how_many_chunks_are_drawn(game, many, few):
    same(game, max(many, few), few)


def test_every_seed_and_every_index_has_its_own_sample(game):
    samples = torch.cat([draw(game, 130, seed) for seed in (0, 1)])
    assert len(samples.flatten(1).unique(dim=0)) == 260


def test_as_many_are_drawn_as_asked_for(game):
    assert [draw(game, n, 0).shape for n in (1, 64, 65)] == [(n, 1, 16, 16) for n in (1, 64, 65)]


def test_drawing_leaves_the_random_state_alone(game):
    before = torch.get_rng_state()
    draw(game, 70, 0)
    assert torch.equal(torch.get_rng_state(), before)


def test_drawing_leaves_the_game_alone(game):
    before = {name: tensor.clone() for name, tensor in game.state_dict().items()}
    draw(game, 70, 0)
    assert all(torch.equal(tensor, before[name]) for name, tensor in game.state_dict().items())


def test_samples_are_float32_without_a_graph(game):
    samples = draw(game, 3, 0)
    assert samples.dtype == torch.float32
    assert not samples.requires_grad


def test_the_ends_of_the_range_are_0_and_255():
    ends = torch.tensor([-1.0, 1.0, -1.5, 1.5]).view(4, 1, 1, 1)
    assert_array_equal(quantise(ends).ravel(), [0, 255, 0, 255])


def test_every_grey_value_survives_normalisation():
    greys = torch.arange(256)
    pictures = ((greys - 127.5) / 127.5).view(256, 1, 1, 1)
    assert_array_equal(quantise(pictures).ravel(), greys.numpy())


def test_quantised_pictures_end_in_their_channels():
    pictures = torch.zeros(2, 3, 4, 5)
    pictures[:, 1] = 1
    assert quantise(pictures).shape == (2, 4, 5, 3)
    assert_array_equal(quantise(pictures)[0, 0, 0], [128, 255, 128])


@pytest.mark.parametrize(("n", "columns"), [(7, 3), (6, 3), (1, 1), (5, 1), (2, 5)])
def test_picture_k_lies_in_row_k_over_c_and_column_k_modulo_c(n, columns):
    pictures = np.random.default_rng(0).integers(256, size=(n, 2, 3, 1), dtype=np.uint8)
    grid = tile(pictures, columns)
    assert grid.shape == (-(-n // columns) * 2, columns * 3, 1)
    for k, picture in enumerate(pictures):
        row, column = divmod(k, columns)
        assert_array_equal(grid[row * 2 : row * 2 + 2, column * 3 : column * 3 + 3], picture)


def test_what_is_left_of_a_grid_is_black():
    grid = tile(np.full((3, 1, 1, 1), 255, np.uint8), columns=2)
    assert_array_equal(grid[..., 0], [[255, 255], [255, 0]])


@pytest.mark.parametrize(("n", "side"), [(1, 1), (4, 2), (5, 3), (9, 3), (64, 8)])
def test_a_grid_is_as_square_as_can_be(n, side):
    assert tile(np.zeros((n, 1, 1, 1), np.uint8)).shape[1] == side
