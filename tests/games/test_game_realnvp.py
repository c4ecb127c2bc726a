"""The flow's game: its bits, by hand and by quadrature."""

import math
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from ganlab.build import build
from ganlab.engine import play
from ganlab.errors import ConfigError
from ganlab.games.realnvp import RealNVP, dequantised
from ganlab.networks.realnvp import Flow, unbounded
from ganlab.priors.normal import Normal


class Flat(nn.Module):
    """A density of 1 everywhere, as noise in the unit cube has it."""

    dim = 4

    def log_density(self, z):
        return torch.zeros(len(z))


class Linear(nn.Module):
    """z = a x of any shape."""

    def __init__(self, latent, shape):
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(3.0))
        self.shape = shape

    def forward(self, z):
        return (z / self.factor).view(-1, *self.shape)

    def encode(self, x):
        volume = x[0].numel() * self.factor.abs().log()
        return self.factor * x.flatten(1), volume.expand(len(x))


def game(shape, kind=Linear, dim=None):
    return RealNVP(SimpleNamespace(generator=kind), shape, Normal(dim))


def small_flow(latent, shape):
    return Flow(latent, shape, width=8, depth=1, norm="layer")


def test_the_log_density_of_normal_noise():
    z = torch.randn(5, 3, dtype=torch.float64)
    expected = torch.distributions.Normal(0.0, 1.0).log_prob(z).sum(1)
    assert_close(Normal(3).log_density(z), expected)


def test_a_prior_without_dimension_is_given_that_of_the_samples():
    played = game((1, 4, 4))
    assert played.prior.dim == 16
    assert played.sample(3).shape == (3, 1, 4, 4)


def test_the_bits_of_points_are_those_of_their_density():
    """x ~ N(0, 1/9) is 3 x ~ N(0, 1)."""
    x = torch.tensor([[0.1, -0.2], [0.0, 0.5]])
    expected = -torch.distributions.Normal(0.0, 1 / 3).log_prob(x).sum(1) / 2 / math.log(2)
    assert_close(game((2,)).bits(x), expected)


def test_a_picture_of_which_all_levels_are_as_likely_has_8_bits():

    class Even(Linear):
        def encode(self, x):
            # From a width of 256 / 127.5 in each dimension to the unit cube.
            return torch.zeros(len(x), 4), torch.full((len(x),), 4 * math.log(127.5 / 256))

    played = game((1, 2, 2), Even)
    played.prior = Flat()
    levels = torch.randint(256, (3, 1, 2, 2)) / 127.5 - 1
    assert_close(played.bits(levels), torch.full((3,), 8.0))


def test_the_probabilities_of_all_levels_sum_to_one():
    """Of a picture of one pixel, whose logit is standard normal: by quadrature in each level."""

    class Logit(Linear):
        def encode(self, x):
            y, volume = unbounded(x)
            return y.flatten(1), volume

    played = game((1, 1, 1), Logit)
    inside = (torch.arange(256 * 400) + 0.5) / 400 - 0.5
    x = (inside / 127.5 - 1).double().view(-1, 1, 1, 1)
    z, volume = played.generator.encode(x)
    masses = (played.prior.log_density(z) + volume).exp() / 127.5 / 400
    edge = torch.distributions.Normal(0.0, 1.0).cdf(torch.logit(torch.tensor(0.05)))
    assert_close(masses.sum().item(), 1 - 2 * edge.item(), rtol=1e-4, atol=0)


def test_dequantised_pictures_are_evenly_spread_over_their_levels():
    pictures = (torch.arange(256) / 127.5 - 1).view(-1, 1, 1, 1).expand(-1, 1, 40, 40)
    places = (dequantised(pictures) + 1) * 127.5
    spread = places - (pictures + 1) * 127.5
    assert_close(spread.abs().max().item(), 0.5, rtol=0, atol=1e-3)
    assert_close(spread.mean().item(), 0.0, rtol=0, atol=2e-3)
    assert_close(spread.var().item(), 1 / 12, rtol=0.01, atol=0)


def test_a_trained_flow_has_fewer_bits_than_before():
    torch.manual_seed(0)
    played = game((2,), small_flow)
    real = torch.randn(128, 2) @ torch.tensor([[0.3, 0.25], [0.0, 0.1]]) + 1
    exact = torch.distributions.MultivariateNormal(
        torch.ones(2), torch.tensor([[0.09, 0.075], [0.075, 0.0725]])
    )
    entropy = exact.entropy().item() / 2 / math.log(2)
    optimizers = {"flow": torch.optim.Adam(played.movable("flow"), lr=0.03)}
    bits = []

    def note(number, game, record):
        bits.append(record["flow/bits_per_dimension"].item())

    play(played, optimizers, iter([{"data": real}] * 100), range(1, 101), 0, observers=[note])
    assert bits[0] > entropy + 1
    assert entropy - 0.2 < bits[-1] < entropy + 0.2


def test_the_shipped_model_takes_its_noise_from_the_data(tiny):
    experiment = build(tiny("model=realnvp"))
    assert experiment.game.prior.dim == 256
    assert experiment.averaged().sample(2).abs().max() <= 1


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["prior=uniform"], r"prior=uniform.*log_density"),
        (["network=mlp"], r"network=mlp.*encode"),
        (["loss=hinge"], "loss=hinge.*loss=none"),
        (["penalty=r1"], "penalty=r1.*penalty=none"),
        (["model.latent=7"], "model.latent=7.*model.latent=256"),
    ],
)
def test_what_a_flow_cannot_play_with_is_refused(tiny, words, named):
    with pytest.raises(ConfigError, match=named):
        build(tiny("model=realnvp", *words))
