"""One filter blurs, halves and doubles: constants stay, and halving is doubling's adjoint."""

import pytest
import torch
from torch.nn.functional import conv_transpose2d, interpolate
from torch.testing import assert_close

from ganlab.networks.filters import Blur, Double, Halve

ROW = torch.tensor([1.0, 3.0, 3.0, 1.0])


def test_a_blur_keeps_constants_and_is_1_3_3_1():
    blur = Blur(2, padding=0)
    assert_close(blur(torch.full((1, 2, 8, 8), 5.0)), torch.full((1, 2, 5, 5), 5.0))
    point = torch.zeros(1, 2, 7, 7)
    point[0, 0, 3, 3] = 64.0
    assert_close(blur(point)[0], torch.stack([torch.outer(ROW, ROW), torch.zeros(4, 4)]))


def test_doubling_keeps_constants_and_is_linear_between_places():
    x = torch.randn(2, 3, 6, 6)
    inner = (..., slice(1, -1), slice(1, -1))
    assert_close(Double(3)(torch.ones(2, 3, 6, 6))[inner], torch.ones(2, 3, 10, 10))
    bilinear = interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
    assert_close(Double(3)(x)[inner], bilinear[inner])


def test_doubling_is_the_filter_between_inserted_zeros_up_to_the_border():
    x = torch.randn(2, 3, 6, 6)
    filled = torch.outer(ROW, ROW).repeat(3, 1, 1, 1) / 16
    assert_close(Double(3)(x), conv_transpose2d(x, filled, stride=2, padding=1, groups=3))


def test_halving_weighs_four_pixels_in_a_row_one_three_three_one():
    x = torch.zeros(1, 1, 1, 8).repeat(1, 1, 8, 1)
    x[..., 3] = 8.0
    assert_close(Halve(1)(x)[0, 0, 1], torch.tensor([0.0, 3.0, 1.0, 0.0]))


def test_halving_and_doubling_are_adjoint_up_to_the_area():
    x, y = torch.randn(1, 2, 8, 8), torch.randn(1, 2, 4, 4)
    assert_close(4 * (Halve(2)(x) * y).sum(), (x * Double(2)(y)).sum())


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_doubling_computes_in_the_type_of_its_input_whatever_the_context(dtype):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert Double(3)(torch.ones(2, 3, 4, 4, dtype=dtype)).dtype == dtype
