"""FID: the formula of two Gaussians, its laws, and the references."""

import pytest
import torch
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torchmetrics.image.fid import FrechetInceptionDistance

from ganlab.metrics.fid import frechet
from ganlab.metrics.metric import Impossible

D = 24
RANDOM = torch.Generator().manual_seed(0)
REAL = torch.randn(500, D, generator=RANDOM).relu()
FAKE = (torch.randn(400, D, generator=RANDOM) @ torch.randn(D, D, generator=RANDOM) + 0.5).relu()


def double(*values):
    return torch.tensor(values, dtype=torch.float64)


def test_diagonal_gaussians_have_the_distance_of_their_deviations():
    one, other = double(1.0, 2.0, 3.0), double(4.0, 2.0, 0.5)
    mean = double(0.5, 0.0, -1.0)
    found = frechet(double(0.0, 0.0, 0.0), one.square().diag(), mean, other.square().diag())
    assert found == pytest.approx(float((one - other).square().sum() + mean.square().sum()))


def test_covariances_that_do_not_commute():
    one, other = double([2.0, 1.0], [1.0, 2.0]), double([3.0, 0.0], [0.0, 1.0])
    # In the plane tr (AB)^(1/2) = (tr AB + 2 det(AB)^(1/2))^(1/2): here tr AB = 8, det AB = 9.
    expected = 4 + 4 - 2 * (8 + 2 * 3) ** 0.5
    zero = double(0.0, 0.0)
    assert frechet(zero, one, zero, other) == pytest.approx(expected)
    assert frechet(zero, other, zero, one) == pytest.approx(expected)


def test_singular_covariances():
    line, other = double([1.0, 1.0], [1.0, 1.0]), double([1.0, -1.0], [-1.0, 1.0])
    zero = double(0.0, 0.0)
    assert frechet(zero, line, zero, line) == pytest.approx(0, abs=1e-12)
    assert frechet(zero, line, zero, other) == pytest.approx(4)
    assert frechet(zero, line, zero, 0 * line) == pytest.approx(2)


def test_what_was_seen_is_at_no_distance_from_itself(case, metric):
    assert metric("fid")(case(REAL, REAL))["fid"] == pytest.approx(0, abs=1e-9)


def test_a_shift_is_the_square_of_its_length(case, metric):
    shift = torch.linspace(-1, 1, D, dtype=torch.float64)
    found = metric("fid")(case(REAL.double(), REAL.double() + shift))["fid"]
    assert found == pytest.approx(float(shift.square().sum()), rel=1e-9)


def test_torch_fidelity_agrees(case, metric):
    statistics = [fid_features_to_statistics(side.double()) for side in (FAKE, REAL)]
    expected = fid_statistics_to_metric(*statistics, verbose=False)["frechet_inception_distance"]
    assert metric("fid")(case(REAL, FAKE))["fid"] == pytest.approx(expected, rel=1e-8)


def test_torchmetrics_agrees(case, metric):
    class Pixels(torch.nn.Module):
        num_features = D

        def forward(self, pictures):
            return pictures.flatten(1)

    other = FrechetInceptionDistance(Pixels(), normalize=True, input_img_size=(1, 4, 6))
    other.set_dtype(torch.float64)
    for side, is_real in ((REAL, True), (FAKE, False)):
        other.update(side.view(-1, 1, 4, 6).double(), real=is_real)
    expected = float(other.compute())
    assert metric("fid")(case(REAL, FAKE))["fid"] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    ("real", "fake", "words"),
    [
        (REAL, FAKE[:D], ["24 fake", "24 features", "give 25 or more"]),
        (REAL[:7], FAKE, ["7 real", "24 features", "kid"]),
    ],
)
def test_fewer_samples_than_features_are_refused_with_numbers(case, metric, real, fake, words):
    with pytest.raises(Impossible) as reason:
        metric("fid")(case(real, fake))
    assert all(word in str(reason.value) for word in words)


def test_one_sample_more_than_features_is_enough(case, metric):
    assert metric("fid")(case(REAL[: D + 1], FAKE[: D + 1]))["fid"] > 0
