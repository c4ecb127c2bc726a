"""Every prior is standardised, keeps the shape of its distribution, and repeats under a seed."""

import inspect
import math
from pathlib import Path

import pytest
import torch
from hydra.utils import get_class, instantiate
from omegaconf import OmegaConf
from torch.testing import assert_close

from ganlab.priors.binomial import Binomial
from ganlab.priors.exponential import Exponential
from ganlab.priors.gamma import Gamma
from ganlab.priors.normal import Normal
from ganlab.priors.poisson import Poisson
from ganlab.priors.prior import Prior
from ganlab.priors.uniform import Uniform
from ganlab.priors.weibull import Weibull

FILES = sorted((Path(__file__).parents[2] / "conf" / "prior").glob("*.yaml"))
CONFIGS = {file.stem: OmegaConf.load(file) for file in FILES}
SHIPPED = [instantiate(conf, dim=8) for conf in CONFIGS.values()]
OTHERS = [
    Binomial(8, trials=1, probability=0.2),
    Binomial(8, trials=100, probability=0.9),
    Poisson(8, rate=0.5),
    Poisson(8, rate=50.0),
    Gamma(8, concentration=0.5),
    Gamma(8, concentration=20.0),
    Weibull(8, concentration=1.0),
    Weibull(8, concentration=8.0),
]


def draw(prior, n):
    torch.manual_seed(0)
    return prior(n, torch.device("cpu"))


def named(value):
    return type(value).__name__ if isinstance(value, Prior) else None


@pytest.mark.parametrize("name", CONFIGS)
def test_yaml_names_every_parameter_and_only_yaml_has_values(name):
    conf = CONFIGS[name]
    parameters = inspect.signature(get_class(conf._target_)).parameters
    assert set(parameters) == set(conf) - {"_target_"}
    assert all(p.default is inspect.Parameter.empty for p in parameters.values())


@pytest.mark.parametrize("prior", SHIPPED, ids=named)
def test_codes_have_one_row_per_sample_in_float32(prior):
    z = draw(prior, 3)
    assert prior.dim == 8
    assert z.shape == (3, 8)
    assert z.dtype == torch.float32
    assert z.isfinite().all()


@pytest.mark.parametrize("prior", SHIPPED, ids=named)
def test_draws_repeat_under_a_seed_and_go_on_without_it(prior):
    z = draw(prior, 50)
    again, onward = draw(prior, 50), prior(50, "cpu")
    assert_close(z, again, rtol=0, atol=0)
    assert not torch.equal(z, onward)


@pytest.mark.parametrize("prior", SHIPPED + OTHERS, ids=named)
def test_mean_is_zero_and_variance_one(prior):
    z = draw(prior, 25_000).double()
    n, squares = z.numel(), z.square()
    # Five standard errors: of the mean 1 / sqrt n, of the variance sqrt((kurtosis - 1) / n).
    assert z.mean().item() == pytest.approx(0, abs=5 / math.sqrt(n))
    assert squares.mean().item() == pytest.approx(1, abs=5 * squares.std().item() / math.sqrt(n))


@pytest.mark.parametrize("prior", SHIPPED, ids=named)
def test_dimensions_and_samples_are_independent(prior):
    z = draw(prior, 20_000)
    off_diagonal = torch.corrcoef(z.T) - torch.eye(8)
    assert off_diagonal.abs().max() < 5 / math.sqrt(20_000)
    assert torch.corrcoef(torch.stack([z[1:, 0], z[:-1, 0]]))[0, 1].abs() < 5 / math.sqrt(20_000)


@pytest.mark.parametrize(
    ("prior", "skewness"),
    [
        (Normal(8), 0.0),
        (Uniform(8), 0.0),
        (Binomial(8, trials=10, probability=0.2), 0.6 / math.sqrt(1.6)),
        (Poisson(8, rate=4.0), 0.5),
        (Exponential(8), 2.0),
        (Gamma(8, concentration=4.0), 1.0),
        (Weibull(8, concentration=1.0), 2.0),
        (Weibull(8, concentration=2.0), 0.6311107),  # Rayleigh: 2 sqrt(pi) (pi-3) / (4-pi)^1.5
    ],
    ids=named,
)
def test_skewness_is_that_of_the_distribution(prior, skewness):
    cubes = draw(prior, 25_000).double().pow(3)
    error = cubes.std().item() / math.sqrt(cubes.numel())
    assert cubes.mean().item() == pytest.approx(skewness, abs=5 * error)


@pytest.mark.parametrize(
    ("prior", "low", "high"),
    [
        (Uniform(8), -math.sqrt(3), math.sqrt(3)),
        (Binomial(8, trials=4, probability=0.5), -2.0, 2.0),
        (Exponential(8), -1.0, math.inf),
        (Poisson(8, rate=4.0), -2.0, math.inf),
        (Gamma(8, concentration=4.0), -2.0, math.inf),
        (Weibull(8, concentration=1.0), -1.0, math.inf),
    ],
    ids=named,
)
def test_support_is_that_of_the_distribution_and_is_reached(prior, low, high):
    z = draw(prior, 20_000)
    assert low - 1e-6 <= z.min().item() <= low + 0.25
    assert z.max().item() <= high + 1e-6
    assert z.max().item() >= min(high - 0.01, 4)


@pytest.mark.parametrize(
    ("prior", "mean", "deviation"),
    [
        (Binomial(8, trials=10, probability=0.3), 3.0, math.sqrt(2.1)),
        (Poisson(8, 2.5), 2.5, 2.5**0.5),
    ],
    ids=named,
)
def test_counts_lie_on_a_lattice(prior, mean, deviation):
    counts = draw(prior, 5000) * deviation + mean
    assert_close(counts, counts.round(), rtol=0, atol=1e-4)


def test_uniform_fills_its_interval_evenly():
    z = draw(Uniform(8), 25_000)
    counts = torch.histc(z, bins=20, min=-math.sqrt(3), max=math.sqrt(3))
    # 10000 expected in each of 20 bins, standard error 97.
    assert_close(counts, torch.full((20,), 10_000.0), rtol=0, atol=500)
