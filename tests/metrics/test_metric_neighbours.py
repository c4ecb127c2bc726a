"""Precision, recall, density and coverage: brute force, the reference, and what they catch."""

import gc

import pytest
import torch
from torch_fidelity.metric_prc import prc_features_to_metric

from ganlab.metrics import neighbours
from ganlab.metrics.metric import Impossible

NAMES = ("precision", "recall", "density", "coverage")
RANDOM = torch.Generator().manual_seed(0)
REAL = torch.randn(1500, 8, generator=RANDOM)
SAME = torch.randn(1500, 8, generator=RANDOM)
FAKE = torch.randn(1100, 8, generator=RANDOM) * 0.7 + 0.2


@pytest.fixture
def judged(case, metric):
    return lambda real, fake: {n: metric(n)(case(real, fake))[n] for n in NAMES}


def brute_force(real, fake):
    """All four as their papers define them, from whole matrices in float64; k is 3, 3, 5 and 5."""
    real, fake = real.double(), fake.double()

    def reach(points, k):
        others = (points[:, None] - points[None]).norm(dim=2)
        others.fill_diagonal_(torch.inf)
        return others.sort(1).values[:, k - 1]

    between = (real[:, None] - fake[None]).norm(dim=2)
    in_three, in_five = (between <= reach(real, k)[:, None] for k in (3, 5))
    return {
        "precision": float(in_three.any(0).double().mean()),
        "recall": float((between <= reach(fake, 3)[None]).any(1).double().mean()),
        "density": float(in_five.double().sum()) / (5 * len(fake)),
        "coverage": float((between.amin(1) <= reach(real, 5)).double().mean()),
    }


def test_brute_force_agrees(judged):
    real, fake = REAL[:800], FAKE[:600]
    assert judged(real, fake) == pytest.approx(brute_force(real, fake), rel=1e-9)


def test_brute_force_agrees_far_from_the_origin(judged):
    real, fake = REAL[:300] + 1000, FAKE[:200] + 1000
    assert judged(real, fake) == pytest.approx(brute_force(real, fake), rel=1e-9)


def test_torch_fidelity_agrees(judged):
    settings = {"prc_neighborhood": 3, "prc_batch_size": 500, "save_cpu_ram": True}
    expected = prc_features_to_metric(FAKE.double(), REAL.double(), verbose=False, **settings)
    found = judged(REAL, FAKE)
    assert found["precision"] == pytest.approx(expected["precision"], rel=1e-4)
    assert found["recall"] == pytest.approx(expected["recall"], rel=1e-4)


def test_by_hand(case, metric):
    real, fake = torch.tensor([[0.0], [1.0], [3.0]]), torch.tensor([[0.5], [9.0]])
    # To their nearest other it is 1, 1 and 2: 0.5 lies in the first two balls, 9 in none.
    assert metric("precision", k=1)(case(real, fake))["precision"] == 1 / 2
    assert metric("density", k=1)(case(real, fake))["density"] == 2 / 2
    assert metric("coverage", k=1)(case(real, fake))["coverage"] == 2 / 3
    assert metric("recall", k=1)(case(real, fake))["recall"] == 1  # both fakes reach 8.5 far


def test_a_side_has_full_precision_and_recall_of_itself(judged):
    found = judged(REAL, REAL)
    assert found["precision"] == found["recall"] == found["coverage"] == 1


def test_equal_distributions_have_the_expected_density_and_coverage(judged):
    found = judged(REAL, SAME)
    assert found["density"] == pytest.approx(1, abs=0.1)
    assert found["coverage"] == pytest.approx(1 - 2**-5, abs=0.02)


def test_a_generator_of_one_class_lacks_recall_and_coverage_but_not_precision(judged):
    centres = 20 * torch.eye(8)[torch.arange(1500) % 8]
    found = judged(REAL + centres, SAME[:1000] + 20 * torch.eye(8)[0])
    assert found["precision"] > 0.7
    assert found["coverage"] == pytest.approx(1 / 8, abs=0.02)
    assert found["recall"] < 1 / 7


def test_noise_lacks_precision_and_density(judged):
    found = judged(REAL, SAME * 30)
    assert found["precision"] < 0.01
    assert found["density"] < 0.01


@pytest.mark.parametrize("name", NAMES)
def test_too_few_samples_for_k_neighbours_are_refused_with_numbers(name, case, metric):
    with pytest.raises(Impossible, match="3 samples have no 3 neighbours"):
        metric(name, k=3)(case(REAL[:3], REAL[:3]))


@pytest.mark.parametrize("k", [1, 5, 6, 20])
def test_radii_are_those_of_the_kth_other(k):
    whole = torch.cdist(REAL.double(), REAL.double()).sort(1).values[:, k]
    found = neighbours.radii(REAL, k).sqrt().double()
    torch.testing.assert_close(found, whole, rtol=1e-4, atol=0)


def test_what_is_kept_of_features_goes_with_them():
    features = torch.randn(50, 4)
    before = len(neighbours._nearest)
    first = neighbours.radii(features, 3)
    assert neighbours.radii(features, 3).data_ptr() == first.data_ptr()
    assert len(neighbours._nearest) == before + 1
    del features
    gc.collect()
    assert len(neighbours._nearest) <= before
