"""Points against their density: modes, divergences, sliced Wasserstein distance."""

import math

import pytest
import torch

from ganlab.metrics.case import Mixture
from ganlab.metrics.divergence import grid, log_masses

N = 10_000
ORIGIN = torch.zeros(1, 2)


def drawn(mixture, modes=None, seed=0):
    """Points of some of a mixture's modes, by default of all."""
    random = torch.Generator().manual_seed(seed)
    centres = mixture.modes if modes is None else mixture.modes[:modes]
    index = torch.randint(len(centres), (N,), generator=random)
    return centres[index] + mixture.deviation * torch.randn(N, 2, generator=random)


def test_a_perfect_model_finds_all_modes_with_the_quality_of_a_gaussian(metric, points, ring):
    found = metric("modes")(points(drawn(ring), ring))
    assert found["modes_found"] == 8
    assert found["high_quality"] == pytest.approx(1 - math.exp(-4.5), abs=0.004)


def test_modes_left_out_are_not_found(metric, points, ring):
    assert metric("modes")(points(drawn(ring, 3), ring))["modes_found"] == 3


def test_a_mode_is_found_by_one_sample_within_three_deviations(metric, points, ring):
    near, far = ring.modes[2] + torch.tensor([0.029, 0.0]), ring.modes[5] + torch.tensor([0.031, 0])
    found = metric("modes")(points(torch.stack([near, far]), ring))
    assert found == {"modes_found": 1, "high_quality": 0.5}


def test_masses_of_cells_are_products_of_normal_intervals():
    edges = grid(Mixture(ORIGIN, 2.0), 10)
    torch.testing.assert_close(edges[0], torch.linspace(-10, 10, 11).double())
    masses = log_masses(Mixture(ORIGIN, 2.0), edges).exp()
    normal = torch.distributions.Normal(torch.tensor(0.0).double(), 2.0)
    along = normal.cdf(edges[0]).diff()
    torch.testing.assert_close(masses[:-1], torch.outer(along, along).flatten())
    assert float(masses.sum()) == pytest.approx(1, abs=1e-12)
    assert float(masses[-1]) == pytest.approx(2 * math.erfc(5 / 2**0.5), rel=1e-6)


def test_masses_reach_every_cell_however_far(ring):
    masses = log_masses(ring, grid(ring, 101))
    assert masses.isfinite().all()
    assert float(masses.exp().sum()) == pytest.approx(1, abs=1e-12)
    # The middle is 100 deviations from every mode: about exp(-98.5^2 / 2).
    assert float(masses[50 * 101 + 50]) == pytest.approx(-(98.5**2) / 2, rel=0.01)


def test_mirrored_mixtures_have_mirrored_masses():
    mixture = Mixture(torch.tensor([[0.0, 0.0], [3.0, 1.0]]), 0.2)
    edges = grid(mixture, 40)
    masses = log_masses(mixture, edges)[:-1].view(40, 40)
    mirrored = log_masses(Mixture(-mixture.modes, 0.2), -edges.flip(1))[:-1].view(40, 40)
    torch.testing.assert_close(masses, mirrored.flip(0, 1), rtol=1e-9, atol=1e-9)


def test_a_perfect_model_has_the_divergence_of_chance(metric, points, ring):
    found = metric("divergence", cells=50)(points(drawn(ring), ring))
    cells = int((log_masses(ring, grid(ring, 50)).exp() > 1e-4).sum())
    assert found["js"] == pytest.approx(cells / (8 * N), rel=0.5)
    assert found["total_variation"] < 0.05
    assert 0 < found["reverse_kl"] < 0.02


def test_modes_left_out_have_the_divergences_of_their_share(metric, points, ring):
    found = metric("divergence", cells=50)(points(drawn(ring, 4), ring))
    # Half of the modes have all the mass, q = 2 p, and are 3 p / 2 in the middle.
    js = (math.log(1 / 1.5) / 2 + math.log(2) / 2) / 2 + math.log(2 / 1.5) / 2
    assert found["js"] == pytest.approx(js, abs=0.01)
    assert found["total_variation"] == pytest.approx(0.5, abs=0.03)
    assert found["reverse_kl"] == pytest.approx(math.log(2), abs=0.03)


@pytest.mark.parametrize("astray", [50.0, torch.inf, torch.nan])
def test_samples_outside_of_everything_have_the_greatest_divergences(metric, points, ring, astray):
    found = metric("divergence")(points(torch.full((100, 2), astray), ring))
    assert found["js"] == pytest.approx(math.log(2), abs=1e-5)
    assert found["total_variation"] == pytest.approx(1, abs=1e-5)
    assert 10 < found["reverse_kl"] < 20


def test_a_stray_weighs_in_the_reverse_divergence_by_its_distance(metric, points, ring):
    fake = drawn(ring)
    fake[:10] = 0
    found = metric("divergence")(points(fake, ring))
    assert found["js"] < 0.02
    assert found["reverse_kl"] == pytest.approx(10 / N * 5000, rel=0.1)


def test_coinciding_modes_are_one(metric, points):
    one, two = Mixture(ORIGIN, 0.1), Mixture(ORIGIN.repeat(2, 1), 0.1)
    fake = drawn(one)
    assert metric("divergence")(points(fake, one)) == metric("divergence")(points(fake, two))


def test_a_shift_is_a_distance_of_its_length_over_the_root_of_dimensions(metric, points):
    real, shift = torch.randn(500, 2), torch.tensor([3.0, 4.0])
    found = metric("swd", projections=2000)(points(real + shift, real=real))["swd"]
    assert found == pytest.approx(5 / 2**0.5, rel=0.03)


def test_on_a_line_it_is_the_wasserstein_distance(metric, points):
    # Of the quantiles of N(0, 1) and N(2, 9): sqrt(2^2 + (3 - 1)^2).
    levels = (torch.arange(20_000, dtype=torch.float64) + 0.5) / 20_000
    real = torch.special.ndtri(levels).float()[:, None]
    found = metric("swd")(points(2 + 3 * real, real=real))["swd"]
    assert found == pytest.approx(8**0.5, rel=1e-3)


def test_unequal_numbers_move_shares_of_samples(metric, points):
    real, fake = torch.tensor([[0.0], [3.0]]), torch.tensor([[0.0], [3.0], [3.0]])
    # A sixth of the mass goes from 0 to 3.
    assert metric("swd")(points(fake, real=real))["swd"] == pytest.approx((9 / 6) ** 0.5)
    assert metric("swd")(points(real, real=fake))["swd"] == pytest.approx((9 / 6) ** 0.5)


def test_repeated_samples_change_nothing(metric, points):
    real, fake = torch.randn(2, 50, 2)
    once = metric("swd")(points(fake, real=real))["swd"]
    assert metric("swd")(points(fake.repeat(3, 1), real=real))["swd"] == pytest.approx(once)


def test_pictures_are_compared_in_their_pixels(metric, points):
    black = torch.zeros(30, 3, 8, 8, dtype=torch.uint8)
    found = metric("swd", projections=5000)(points(black + 255, real=black))["swd"]
    # Every pixel moves by 2, in all |v| = 2 sqrt(192): over sqrt(192) that is 2.
    assert found == pytest.approx(2, rel=0.05)


def test_lines_depend_on_the_seed_alone(metric, points):
    real, fake = torch.randn(2, 50, 2)
    one, again, other = (metric("swd")(points(fake, real=real, seed=s)) for s in (0, 0, 1))
    assert one == again != other
