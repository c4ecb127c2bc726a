"""Paths between noise vectors, against closed forms."""

import math

import pytest
import torch
from torch.testing import assert_close

from ganlab.latent import linear, spherical

BOTH = pytest.mark.parametrize("path", [linear, spherical])
SHARES = torch.linspace(0, 1, 9)


def ends(pairs=5, dim=7):
    return torch.randn(2, pairs, dim, generator=torch.Generator().manual_seed(0))


@BOTH
def test_both_ends_are_met_to_the_bit(path):
    start, end = ends()
    way = path(start, end, SHARES)
    assert way.shape == (5, 9, 7)
    assert way.dtype == torch.float32
    assert torch.equal(way[:, 0], start)
    assert torch.equal(way[:, -1], end)


def test_the_middle_of_a_straight_path_is_the_mean():
    start, end = ends()
    assert_close(linear(start, end, torch.tensor([0.5]))[:, 0], (start + end) / 2)


@pytest.mark.parametrize("degrees", [1e-3, 1.0, 60.0, 90.0, 179.0])
def test_a_spherical_path_turns_evenly_and_keeps_the_norm(degrees):
    angle = math.radians(degrees)
    start, end = torch.tensor([[2.0, 0.0]]), 2 * torch.tensor([[math.cos(angle), math.sin(angle)]])
    at = SHARES * angle
    expected = 2 * torch.stack([at.cos(), at.sin()], dim=1)[None]
    assert_close(spherical(start, end, SHARES), expected, rtol=1e-5, atol=1e-5)


def test_the_middle_between_orthogonal_vectors_of_unequal_norm():
    start, end = torch.tensor([[3.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    middle = spherical(start, end, torch.tensor([0.5]))
    assert_close(middle, torch.tensor([[[3.0, 1.0]]]) * math.sqrt(0.5))


@pytest.mark.parametrize("factor", [1.0, -1.0, 2.0, -0.5])
def test_where_two_vectors_span_no_circle_the_path_is_straight(factor):
    start, _ = ends()
    way = spherical(start, factor * start, SHARES)
    assert_close(way, linear(start, factor * start, SHARES))


@pytest.mark.parametrize("share", [0.0, 1e-5])
def test_noise_next_to_nothing_and_next_to_the_opposite_gives_finite_paths(share):
    start, other = ends()
    for end in (share * other, share * other - start):
        assert spherical(start, end, SHARES).isfinite().all()
        assert spherical(end, start, SHARES).isfinite().all()
