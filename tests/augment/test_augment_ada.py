"""ADA: its controller by hand, how often it changes what, and how well it moves pictures."""

import math

import pytest
import torch
from torch.testing import assert_close

from ganlab.augment.ada import ADA
from ganlab.augment.colours import recoloured
from ganlab.augment.places import chances, places
from ganlab.augment.warp import finer, warped

MANY = 4000
EXTRA = 4.0  # standard errors that a share may be off


def ada(p=0.0, every=4, horizon=500_000, batch=64):
    made = ADA(0.6, every, horizon, batch)
    made.p.fill_(p)
    return made


def after(augment, *signs):
    for sign in signs:
        augment.after({"real_sign": torch.tensor(sign)})
    return augment.p.item()


def pictures(n, *shape, seed=0):
    torch.manual_seed(seed)
    return 2 * torch.rand(n, *shape) - 1


def likely(share, expected):
    error = math.sqrt(expected * (1 - expected) / MANY)
    assert share.double().mean().item() == pytest.approx(expected, abs=EXTRA * error + 1e-12)


# The controller


def test_after_four_moves_p_rises_by_four_batches_in_500k():
    step = 4 * 64 / 500_000
    augment = ada()
    assert after(augment, 1.0, 1.0, 1.0) == 0
    assert after(augment, 1.0) == pytest.approx(step)
    assert after(augment, 1.0, 1.0, 1.0) == pytest.approx(step)
    assert after(augment, 1.0) == pytest.approx(2 * step)
    assert after(augment, *[0.0] * 4) == pytest.approx(step)


@pytest.mark.parametrize(
    ("signs", "direction"),
    [
        ((1.0, 1.0, 0.5, 0.0), 1),  # mean .625
        ((1.0, 1.0, 0.3, 0.0), -1),  # mean .575
        ((-1.0, 1.0, 1.0, 1.0), -1),  # mean .5: the last alone does not count
    ],
)
def test_the_mean_of_four_moves_decides(signs, direction):
    assert after(ada(0.5), *signs) == pytest.approx(0.5 + direction * 4 * 64 / 500_000)


def test_p_does_not_fall_below_zero():
    assert after(ada(), *[-1.0] * 8) == 0


def test_p_rises_from_0_to_1_within_the_horizon_at_the_soonest():
    augment = ada(horizon=2560, batch=64)  # 40 moves
    assert after(augment, *[1.0] * 39) == pytest.approx(0.9)
    assert after(augment, 1.0) == pytest.approx(1.0)


def test_what_it_listens_to_is_the_mean_sign_of_the_reals_logits():
    logits = torch.tensor([[3.0, -0.1], [0.5, 2.0], [-7.0, 0.2], [1.0, 1.0]])
    measures = ada(0.25).measures(logits)
    assert measures["real_sign"].item() == pytest.approx((6 - 2) / 8)
    assert measures["augment_p"].item() == 0.25


def test_its_state_is_in_the_checkpoint_even_between_adaptations():
    one, other = ada(0.5), ada()
    after(one, 1.0, -1.0)
    other.load_state_dict(one.state_dict())
    assert after(one, 1.0, 1.0) == after(other, 1.0, 1.0) != 0.5


# How often


def test_at_p_0_a_picture_is_the_same_to_the_bit():
    for channels in (1, 3):
        x, p = pictures(16, channels, 8, 8), torch.zeros(())
        assert torch.equal(ada()(x), x)
        # As on an accelerator, which does not look whether p is 0:
        assert torch.equal(recoloured(warped(x, places(x, p)), p), x)


@pytest.mark.parametrize("p", [0.1, 0.5, 1.0])
def test_the_share_of_moved_pictures_is_as_the_kinds_have_it(p):
    torch.manual_seed(0)
    found = places(torch.empty(MANY, 1, 1, 1).expand(-1, -1, 1000, 1000), torch.tensor(p))
    moved = (found != torch.eye(3)).flatten(1).any(1)
    # mirrored one time in two, turned three times in four, the others by something always
    likely(moved, 1 - (1 - p / 2) * (1 - 3 * p / 4) * (1 - p) ** 5)


@pytest.mark.parametrize("p", [0.1, 0.5])
def test_the_share_of_recoloured_pictures_is_as_the_kinds_have_it(p):
    x = pictures(MANY, 3, 1, 2)
    coloured = (recoloured(x, torch.tensor(p)) != x).flatten(1).any(1)
    likely(coloured, 1 - (1 - p / 2) * (1 - p) ** 4)
    grey = (recoloured(x[:, :1], torch.tensor(p)) != x[:, :1]).flatten(1).any(1)
    likely(grey, 1 - (1 - p / 2) * (1 - p) ** 2)


def test_scales_turns_and_moves_are_as_large_as_the_paper_has_them():
    torch.manual_seed(0)
    found = places(torch.empty(MANY, 1, 32, 32), torch.ones(()))
    log_area = found[:, :2, :2].det().abs().log2()  # of the scale alone: a stretch keeps areas
    assert log_area.mean().item() == pytest.approx(0, abs=EXTRA * 0.4 / math.sqrt(MANY))
    assert log_area.std().item() == pytest.approx(0.4, rel=EXTRA / math.sqrt(2 * MANY))
    likely((found[:, :2, :2].det() < 0), 0.5)


def test_a_turn_by_any_angle_comes_before_or_after_a_stretch_or_both():
    """Either has the chance 1 - sqrt(1 - p), so that one of them or both have p."""
    found = chances(torch.tensor(0.36, dtype=torch.float64))
    assert_close(found, torch.tensor([0.36] * 4 + [0.2, 0.36, 0.2, 0.36]).double())
    assert chances(torch.tensor(1.5)).isfinite().all()


# Colours


@pytest.mark.parametrize("channels", [1, 3])
def test_grey_pictures_stay_grey(channels):
    grey = pictures(64, 1, 4, 4).expand(-1, channels, -1, -1)
    changed = recoloured(grey, torch.ones(()))
    assert_close(changed, changed[:, :1].expand_as(changed), rtol=0, atol=2e-6)
    assert not torch.equal(changed, grey)


def test_grey_pictures_get_another_brightness_contrast_and_sign():
    x = torch.tensor([0.0, 1.0]).view(1, 1, 1, 2).expand(MANY, 1, 1, 2)
    torch.manual_seed(0)
    dark, light = recoloured(x, torch.ones(())).flatten(1).double().unbind(1)
    gain = light - dark
    likely(gain < 0, 0.5)
    assert gain.abs().log2().std().item() == pytest.approx(0.5, rel=EXTRA / math.sqrt(2 * MANY))
    shift = dark / gain
    assert shift.std().item() == pytest.approx(0.2, rel=EXTRA / math.sqrt(2 * MANY))
    assert shift.mean().item() == pytest.approx(0.0, abs=EXTRA * 0.2 / math.sqrt(MANY))


def test_colours_change_by_a_gain_for_greys_and_a_turned_gain_for_the_rest():
    axes = torch.eye(3, dtype=torch.float64).view(3, 1, 3).expand(3, MANY, 3)
    black = torch.zeros(MANY, 3, 1, 1, dtype=torch.float64)
    torch.manual_seed(0)
    p = torch.ones((), dtype=torch.float64)
    images = []
    for axis in axes:
        torch.manual_seed(0)
        images.append(recoloured(axis.reshape(MANY, 3, 1, 1), p).flatten(1))
    torch.manual_seed(0)
    offset = recoloured(black, p).flatten(1)
    matrix = torch.stack(images, 2) - offset[:, :, None]
    grey = torch.ones(3, dtype=torch.float64) / math.sqrt(3)
    gain = matrix @ grey @ grey
    assert_close(matrix @ grey, gain[:, None] * grey)
    assert_close(grey @ matrix, gain[:, None] * grey)
    rest = matrix - gain[:, None, None] * torch.outer(grey, grey)
    square = rest @ rest.mT  # of a turn in the plane across the greys, times a gain
    plane = torch.eye(3).double() - torch.outer(grey, grey)
    size = (square.diagonal(dim1=1, dim2=2).sum(1) / 2)[:, None, None]
    assert_close(square, size * plane)
    saturation = (size.flatten().log2() / 2) - gain.abs().log2()
    assert saturation.std().item() == pytest.approx(1.0, rel=EXTRA / math.sqrt(2 * MANY))
    angles = torch.atan2(
        (rest[:, 1, 0] - rest[:, 0, 1]) * math.sqrt(3) / 2, rest.diagonal(dim1=1, dim2=2).sum(1) / 2
    )
    assert angles.cos().mean().abs() < EXTRA / math.sqrt(2 * MANY)
    likely(angles > math.pi / 2, 0.25)


# Moves


def moved(x, *rows):
    matrix = torch.tensor([*rows, [0.0, 0.0, 1.0]], dtype=x.dtype)
    return warped(x, matrix.expand(len(x), 3, 3))


def test_mirrored_and_turned_by_right_angles_pixels_are_copied():
    x = pictures(4, 2, 8, 8)
    assert_close(moved(x, [-1.0, 0.0, 0.0], [0.0, 1.0, 0.0]), x.flip(3))
    assert_close(moved(x, [0.0, -1.0, 0.0], [1.0, 0.0, 0.0]), x.rot90(1, (2, 3)))


def test_moved_by_whole_pixels_a_picture_goes_on_as_its_mirror_image():
    x = pictures(4, 1, 6, 8)
    by_two = moved(x, [1.0, 0.0, 2 * 2 / 8], [0.0, 1.0, 0.0])
    assert_close(by_two, torch.cat([x[..., 2:], x[..., [7, 6]]], 3))


def test_moved_by_half_a_pixel_waves_keep_their_shape():
    places = torch.arange(32) + 0.5
    for cycles in (1, 4, 8):  # of 32 pixels; at 16 no filter can tell
        wave = torch.cos(math.pi * cycles * places / 32)
        expected = torch.cos(math.pi * cycles * (places + 0.5) / 32)
        shifted = moved(wave.expand(1, 1, 4, 32), [1.0, 0.0, 1 / 32], [0.0, 1.0, 0.0])
        assert_close(shifted[0, 0, 0], expected, rtol=0, atol=0.02)


def test_what_lies_between_pixels_is_interpolated_without_a_change_of_level():
    matrix = finer(16, torch.device("cpu"), torch.float64)
    assert_close(matrix.sum(1), torch.ones(33).double())
    assert torch.equal(matrix[1::2], torch.eye(16).double())
    assert_close(matrix, matrix.flip(0, 1))
