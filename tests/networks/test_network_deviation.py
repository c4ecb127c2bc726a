"""Minibatch deviation against numbers worked out by hand."""

import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck
from torch.testing import assert_close

from ganlab.networks.deviation import Deviation, divisor


def column(*values):
    """One channel of one pixel a sample."""
    return torch.tensor(values).view(-1, 1, 1, 1)


def test_groups_are_dealt_out_in_strides():
    seen = Deviation(2)(column(1.0, 3.0, 5.0, 11.0))  # pairs are 1 and 5, 3 and 11
    assert_close(seen.flatten(1), torch.tensor([[1.0, 2], [3.0, 4], [5.0, 2], [11.0, 4]]))


def test_the_deviation_is_the_mean_over_channels_and_places():
    x = torch.zeros(2, 2, 1, 2)
    x[1] = torch.tensor([[[2.0, 4.0]], [[6.0, 8.0]]])
    assert_close(Deviation(4)(x)[:, 2], torch.full((2, 1, 2), (1 + 2 + 3 + 4) / 4))


def test_what_came_in_goes_out_unchanged_beside_one_more_channel():
    x = torch.randn(8, 3, 4, 4)
    seen = Deviation(4)(x)
    assert seen.shape == (8, 4, 4, 4)
    assert_close(seen[:, :3], x, rtol=0, atol=0)


def test_samples_all_alike_deviate_by_no_more_than_what_keeps_the_root_smooth():
    assert_close(Deviation(4)(torch.ones(4, 2, 3, 3))[:, 2], torch.full((4, 3, 3), 1e-4))


@pytest.mark.parametrize(
    ("n", "most", "size"), [(8, 4, 4), (6, 4, 3), (7, 4, 1), (2, 4, 2), (64, 32, 32), (10, 4, 2)]
)
def test_a_group_is_the_largest_divisor_of_the_batch_up_to_what_is_asked(n, most, size):
    assert divisor(n, most) == size


def test_half_precision_is_computed_in_full_and_returned_in_half():
    x = 1000 + torch.randn(4, 2, 3, 3).bfloat16()
    seen = Deviation(4)(x)
    assert seen.dtype == torch.bfloat16
    variances = x.float().var(0, correction=0)
    assert_close(
        seen[0, 2, 0, 0].item(), variances.add(1e-8).sqrt().mean().item(), rtol=1e-2, atol=0
    )


def test_variances_that_half_precision_does_not_reach_are_no_trouble():
    x = column(-2000.0, 2000.0).half()  # their square is far beyond its largest number
    assert (Deviation(2)(x)[:, 1] == 2000).all()


def test_the_gradient_of_a_pair_is_half_its_sign():
    x = column(1.0, 5.0).requires_grad_()
    Deviation(2)(x)[:, 1].sum().backward()  # both rows show |x1 - x0| / 2
    assert_close(x.grad.flatten(), torch.tensor([-1.0, 1.0]))


@pytest.mark.parametrize("group", [2, 4])
def test_gradients_are_right_twice_over(group):
    x = torch.randn(4, 2, 2, 1, dtype=torch.double, requires_grad=True)
    assert gradcheck(Deviation(group), x)
    assert gradgradcheck(Deviation(group), x)


def test_a_batch_of_noise_deviates_by_its_own_deviation():
    torch.manual_seed(0)
    x = 3 * torch.randn(256, 4, 8, 8)
    seen = Deviation(256)(x)[:, 4]
    assert_close(seen.mean().item(), 3.0, rtol=0.01, atol=0)
    assert_close(seen, seen[:1, :1, :1].expand_as(seen), rtol=0, atol=0)
