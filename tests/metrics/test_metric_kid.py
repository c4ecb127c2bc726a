"""KID: the references, its unbiasedness, and how it is refused."""

import pytest
import torch
from torch_fidelity.metric_kid import kid_features_to_metric
from torchmetrics.image.kid import poly_mmd

from ganlab.metrics.kid import discrepancy
from ganlab.metrics.metric import Impossible

RANDOM = torch.Generator().manual_seed(0)
REAL = torch.randn(700, 16, generator=RANDOM).relu()
OTHER = torch.randn(900, 16, generator=RANDOM).relu()
FAKE = OTHER * 1.5


@pytest.mark.parametrize("seed", [0, 7])
def test_torch_fidelity_agrees_subset_by_subset(case, metric, seed):
    reference = kid_features_to_metric(
        FAKE.double(),
        REAL.double(),
        kid_subsets=5,
        kid_subset_size=300,
        rng_seed=seed,
        verbose=False,
    )
    found = metric("kid", subsets=5, subset_size=300)(case(REAL, FAKE, seed))
    assert found["kid"] == pytest.approx(reference["kernel_inception_distance_mean"], rel=1e-4)
    deviation = reference["kernel_inception_distance_std"]
    assert found["kid_deviation"] == pytest.approx(deviation, rel=1e-4)


def test_torchmetrics_agrees():
    expected = float(poly_mmd(FAKE[:700].double(), REAL.double()))
    assert discrepancy(FAKE[:700], REAL) == pytest.approx(expected, rel=1e-4)


def test_by_hand():
    x, y = torch.tensor([[1.0], [2.0]]), torch.tensor([[0.0], [-1.0]])
    # k(1, 2) = 27 and k(0, -1) = 1 within; k is 1, 0, 1 and -1 between.
    assert discrepancy(x, y) == pytest.approx(27 + 1 - 2 * (1 + 0 + 1 - 1) / 4)


def test_equal_distributions_give_zero_within_its_deviation(case, metric):
    found = metric("kid", subsets=50, subset_size=300)(case(REAL, OTHER))
    assert abs(found["kid"]) < 2 * found["kid_deviation"]


def test_few_samples_are_halved_so_that_subsets_differ(case, metric):
    found = metric("kid")(case(REAL[:200], FAKE[:200]))
    assert found["kid_deviation"] > 0
    assert found == metric("kid", subset_size=100)(case(REAL[:200], FAKE[:200]))


def test_large_seeds_are_taken(case, metric):
    few = metric("kid", subsets=2, subset_size=50)
    assert few(case(REAL, FAKE, 2**63 - 1)) != few(case(REAL, FAKE, 0))


def test_very_few_samples_are_refused_with_numbers(case, metric):
    with pytest.raises(Impossible, match="99 fake and 700 real samples"):
        metric("kid")(case(REAL, FAKE[:99]))
