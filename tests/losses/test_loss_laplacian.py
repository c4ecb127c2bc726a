"""The Laplacian pyramid against what its levels must be, and its loss by hand."""

import pytest
import torch
from torch.testing import assert_close

from ganlab.losses.laplacian import Laplacian, blurred, expanded, pyramid

SIDES = [8, 14, 16, 28, 32]


@pytest.mark.parametrize("side", SIDES)
def test_the_levels_make_the_picture_again(side):
    x = torch.randn(2, 3, side, side)
    *details, whole = pyramid(x)
    for detail in reversed(details):
        whole = detail + expanded(whole, detail)
    assert_close(whole, x)


@pytest.mark.parametrize("side", SIDES)
def test_a_grey_picture_has_no_details(side):
    *details, rest = pyramid(torch.full((1, 1, side, side), 0.7))
    assert all(detail.abs().max() < 1e-6 for detail in details)
    assert_close(rest, torch.full_like(rest, 0.7))


@pytest.mark.parametrize(
    ("side", "sides"), [(4, [4]), (7, [7]), (8, [8, 4]), (28, [28, 14, 7]), (32, [32, 16, 8, 4])]
)
def test_each_level_is_half_as_wide(side, sides):
    assert [level.shape[2] for level in pyramid(torch.randn(1, 1, side, side))] == sides


def test_the_blur_is_binomial_in_each_channel():
    x = torch.zeros(1, 2, 9, 9)
    x[0, 1, 4, 4] = 256.0
    binomial = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0])
    assert_close(blurred(x)[0, 1, 2:7, 2:7], torch.outer(binomial, binomial))
    assert not blurred(x)[0, 0].any()


@pytest.mark.parametrize("side", [8, 32])
def test_a_constant_error_costs_its_size_once_and_its_square(side):
    """Only the rest of the pyramid has it."""
    real = torch.randn(3, 1, side, side)
    cost = Laplacian(2.0).reconstruction(real + 0.5, real)
    assert_close(cost.item(), 0.5 + 2 * 0.25)


def test_levels_weigh_four_times_as_much_as_the_next_finer_ones():
    """Sums of absolute errors times 4^j, over the number of values."""
    errors = torch.randn(2, 3, 16, 16)
    sums = [4**j * level.abs().sum() for j, level in enumerate(pyramid(errors))]
    cost = Laplacian(0.0).reconstruction(errors, torch.zeros_like(errors))
    assert_close(cost, sum(sums) / errors.numel())


def test_points_have_one_level():
    decoded, real = torch.randn(5, 2), torch.randn(5, 2)
    expected = (decoded - real).abs().mean() + (decoded - real).square().mean()
    assert_close(Laplacian(1.0).reconstruction(decoded, real), expected)


def test_gradients():
    real = torch.randn(1, 1, 8, 8, dtype=torch.float64)
    decoded = torch.randn_like(real).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: Laplacian(1.0).reconstruction(x, real), decoded)


def test_it_is_in_full_precision_under_autocast():
    decoded, real = torch.randn(2, 1, 16, 16), torch.randn(2, 1, 16, 16)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = Laplacian(1.0).reconstruction(decoded, real)
    assert_close(inside, Laplacian(1.0).reconstruction(decoded, real), rtol=0, atol=0)
