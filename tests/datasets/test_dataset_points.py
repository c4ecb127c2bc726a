"""Points of the plane: the mixtures of PacGAN (arXiv:1712.04086)."""

import math

import pytest
import torch

from ganlab.datasets.grid import Grid
from ganlab.datasets.ring import Ring
from ganlab.errors import DataError

RING = Ring(modes=8, radius=1.0, deviation=0.01)
GRID = Grid(side=5, step=2.0, deviation=0.05)
BOTH = pytest.mark.parametrize("dataset", [RING, GRID], ids=["ring", "grid"])


def batch(dataset, number=0, size=20_000, seed=0):
    batches = dataset.batches(size, seed, "cpu", "auto")
    batches.consumed = number
    return next(batches)


def test_the_ring_has_eight_different_modes_evenly_spaced():
    assert torch.allclose(RING.modes.norm(dim=1), torch.ones(8))
    gaps = (RING.modes - RING.modes.roll(1, 0)).norm(dim=1)
    assert torch.allclose(gaps, torch.full((8,), 2 * math.sin(math.pi / 8)))


def test_the_grid_is_five_by_five_two_apart_around_the_origin():
    ticks = torch.tensor([-4.0, -2, 0, 2, 4])
    assert torch.equal(GRID.modes, torch.cartesian_prod(ticks, ticks))


@BOTH
def test_the_modes_have_equal_weight_and_the_stated_deviation(dataset):
    points = batch(dataset)
    nearest = torch.cdist(points["data"], dataset.modes).argmin(dim=1)
    assert torch.equal(nearest, points["label"])
    share = nearest.bincount() / len(nearest)
    assert torch.allclose(share, torch.full_like(share, 1 / len(dataset.modes)), atol=0.01)
    offset = points["data"] - dataset.modes[points["label"]]
    assert offset.std() == pytest.approx(dataset.deviation, rel=0.03)
    assert offset.mean().abs() < dataset.deviation / 50


@BOTH
def test_within_three_deviations_lie_as_many_as_should(dataset):
    points = batch(dataset, size=100_000)
    distance = torch.cdist(points["data"], dataset.modes).min(dim=1).values
    near = (distance < 3 * dataset.deviation).float().mean().item()
    assert near == pytest.approx(1 - math.exp(-4.5), abs=0.002)  # 98.9 %, a Rayleigh tail


@BOTH
def test_a_batch_depends_on_seed_and_number_alone(dataset):
    steady = dataset.batches(16, 5, "cpu", True)
    for _ in range(3):
        next(steady)
    fourth = next(steady)["data"]
    assert torch.equal(fourth, batch(dataset, 3, 16, 5)["data"])
    assert not torch.equal(fourth, batch(dataset, 4, 16, 5)["data"])
    assert not torch.equal(fourth, batch(dataset, 3, 16, 6)["data"])
    assert steady.consumed == 4


@BOTH
def test_the_contract_of_points(dataset):
    points = batch(dataset, size=7)
    assert points["data"].shape == (7, 2)
    assert points["data"].dtype == torch.float32
    assert points["label"].dtype == torch.int64
    assert not dataset.spec.is_image
    assert dataset.spec.shape == (2,)
    assert dataset.spec.count is None
    assert dataset.splits == ()
    with pytest.raises(DataError, match="no split 'train'"):
        dataset.arrays("train")
