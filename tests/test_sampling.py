"""Samples that depend on (seed, index) only, and the pictures made of them."""

import re

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal

from ganlab.build import build
from ganlab.combinations import PICTURES, alone
from ganlab.commands.sample import format_of, refuse_unfit
from ganlab.errors import ConfigError
from ganlab.options import options
from ganlab.sampling import GAP, GREY, draw, quantise, tile

MODELS = sorted(options([])["model"])
WORDS = [f"model={m}" for m in MODELS] + [f"network={n}" for n in alone("gan", "network", PICTURES)]


@pytest.fixture(scope="module")
def game(tiny):
    return build(tiny("model=dcgan")).averaged()


def same(game, many, few):
    assert torch.equal(draw(game, many, seed=3)[:few], draw(game, few, seed=3))


@pytest.mark.parametrize("word", WORDS)
def test_a_sample_does_not_depend_on_how_many_are_drawn(tiny, word):
    same(build(tiny("model=gan", word)).averaged(), 10, 5)


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
    assert grid.shape == (-(-n // columns) * (2 + GAP) - GAP, columns * (3 + GAP) - GAP, 1)
    for k, picture in enumerate(pictures):
        row, column = (
            place * (side + GAP) for place, side in zip(divmod(k, columns), (2, 3), strict=True)
        )
        assert_array_equal(grid[row : row + 2, column : column + 3], picture)


def test_what_lies_between_pictures_and_what_is_left_of_a_grid_is_grey():
    grid = tile(np.full((3, 1, 1, 1), 255, np.uint8), columns=2)[..., 0]
    assert_array_equal(np.argwhere(grid == 255), [[0, 0], [0, 1 + GAP], [1 + GAP, 0]])
    assert set(grid[grid != 255]) == {GREY}


@pytest.mark.parametrize(("n", "side"), [(1, 1), (4, 2), (5, 3), (9, 3), (64, 8)])
def test_a_grid_is_as_square_as_can_be(n, side):
    assert tile(np.zeros((n, 1, 1, 1), np.uint8)).shape[1] == side * (1 + GAP) - GAP


@pytest.mark.parametrize(
    ("asked", "out", "format"),
    [
        ("", "", "grid"),
        ("npz", "", "npz"),
        ("", "a.png", "grid"),
        ("", "a.NPZ", "npz"),
        ("", "a/", "png"),
        ("", "a", "grid"),
        ("png", "a", "png"),
        ("npz", "a", "npz"),
        ("grid", "b.c/a", "grid"),
    ],
)
def test_the_format_follows_what_out_ends_in(asked, out, format):
    assert format_of(asked, out) == format


@pytest.mark.parametrize(
    ("asked", "out"),
    [("grid", "a.npz"), ("npz", "a.png"), ("png", "a.png"), ("npz", "a/"), ("", "a.jpg")],
)
def test_an_end_that_contradicts_the_format_is_refused(asked, out):
    with pytest.raises(ConfigError, match=re.escape(f"out={out}: end it in ")):
        format_of(asked, out)


@pytest.mark.parametrize(("format", "n", "shape"), [("grid", 10_001, [1, 8, 8]), ("png", 1, [2])])
def test_what_a_format_is_not_for_is_refused_before_it_is_drawn(format, n, shape):
    with pytest.raises(ConfigError, match="format=npz"):
        refuse_unfit(format, n, shape)


def test_a_cloud_may_have_any_number_of_points():
    refuse_unfit("grid", 100_000, [2])


def test_a_long_drawing_says_how_far_it_is(game, monkeypatch, caplog):
    monkeypatch.setattr("ganlab.sampling.QUIET_S", 0.0)
    with caplog.at_level("INFO", "ganlab"):
        draw(game, 130, 0)
    assert "drawn: 128 of 130 samples" in caplog.text
