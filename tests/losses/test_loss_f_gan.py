"""Each divergence of the table against two Gaussians, its conjugate, and where floats end."""

import math

import pytest
import torch
from torch.testing import assert_close

from ganlab.losses import f_gan
from ganlab.losses.f_gan import (
    GAN,
    KL,
    Hellinger,
    Jeffrey,
    JensenShannon,
    LogLambertW,
    Neyman,
    Pearson,
    ReverseKL,
    TotalVariation,
)
from ganlab.losses.minimax import Minimax
from ganlab.losses.non_saturating import NonSaturating

LN_2 = math.log(2)
X = torch.linspace(-12, 12, 20001, dtype=torch.float64)
# Equal variances keep both chi-squared divergences finite.
P, Q = (torch.distributions.Normal(torch.tensor(m, dtype=torch.float64), 1.0) for m in (0.0, 0.7))
U = (P.log_prob(X) - Q.log_prob(X)).exp()

ROWS = {  # f(u), the best V by solving g(V) = f'(u), D_f in closed form where there is one
    KL: (lambda u: u * u.log(), lambda u: u.log() + 1, 0.49 / 2),
    ReverseKL: (lambda u: -u.log(), lambda u: u.log(), 0.49 / 2),
    Pearson: (lambda u: (u - 1) ** 2, lambda u: 2 * (u - 1), math.exp(0.49) - 1),
    Neyman: (lambda u: (1 - u) ** 2 / u, lambda u: 2 * u.log(), math.exp(0.49) - 1),
    Hellinger: (lambda u: (u.sqrt() - 1) ** 2, lambda u: u.log() / 2, 2 - 2 * math.exp(-0.49 / 8)),
    Jeffrey: (lambda u: (u - 1) * u.log(), lambda u: u.log() + 1 - 1 / u, 0.49),
    JensenShannon: (
        lambda u: u * u.log() - (u + 1) * ((1 + u) / 2).log(),
        lambda u: u.log(),
        None,
    ),
    GAN: (lambda u: u * u.log() - (u + 1) * (u + 1).log(), lambda u: u.log(), None),
}
ALL = [*ROWS, TotalVariation]


def integral(y):
    return torch.trapezoid(y, X)


def objective(loss, v, p, q):
    """E_p g(V) - E_q f*(g(V)) of densities on the grid."""
    return integral(p * loss.activation(v)) - integral(q * loss.conjugate(v))


@pytest.mark.parametrize("kind", ROWS)
def test_the_best_objective_is_the_divergence_and_others_are_below_it(kind):
    f, best, closed = ROWS[kind]
    p, q, loss = P.log_prob(X).exp(), Q.log_prob(X).exp(), kind(True)
    expected = integral(q * f(U))
    assert_close(objective(loss, best(U), p, q), expected, rtol=1e-9, atol=1e-9)
    if closed is not None:
        assert_close(expected.item(), closed, rtol=1e-9, atol=1e-9)
    for other in (best(U) + 0.1, best(U) - 0.1, 0.9 * best(U)):
        assert objective(loss, other, p, q) < expected - 1e-4


def test_total_variation_is_reached_where_g_is_a_half_on_either_side():
    p, q = P.log_prob(X).exp(), Q.log_prob(X).exp()
    expected = 2 * P.cdf(torch.tensor(0.35, dtype=torch.float64)) - 1  # half the distance
    v = torch.where(p > q, 50.0, -50.0).double()  # V is infinite where the bound is tight
    assert_close(objective(TotalVariation(True), v, p, q), expected, rtol=1e-5, atol=1e-5)


def test_the_original_game_is_twice_jensen_shannon_less_ln_4():
    real, fake = torch.randn(2, 50, dtype=torch.float64, generator=torch.manual_seed(0))
    difference = GAN(True).discriminator(real, fake) - JensenShannon(True).discriminator(real, fake)
    assert_close(difference.item(), 2 * LN_2)


@pytest.mark.parametrize("saturating", [True, False])
def test_the_original_game_is_minimax_or_the_non_saturating_one(saturating):
    real, fake = torch.randn(2, 50, generator=torch.manual_seed(0))
    other = Minimax() if saturating else NonSaturating()
    assert_close(GAN(saturating).discriminator(real, fake), other.discriminator(real, fake))
    assert_close(GAN(saturating).generator(fake), other.generator(fake))


@pytest.mark.parametrize("kind", ROWS)
def test_the_threshold_is_what_the_best_discriminator_says_of_equal_densities(kind):
    f, best, _ = ROWS[kind]
    one = torch.ones((), dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(f(one), one)
    assert_close(slope.item(), kind.threshold)
    v = best(one.detach())
    assert_close(kind(True).activation(v).item(), kind.threshold)
    assert v.item() == (1.0 if kind is KL else 0.0)


@pytest.mark.parametrize("kind", ALL)
def test_the_slope_of_the_conjugate_is_the_ratio_of_densities_that_v_stands_for(kind):
    v = torch.linspace(-1.5, 3.0, 31, dtype=torch.float64, requires_grad=True)
    loss = kind(True)
    in_t = (
        torch.autograd.grad(loss.conjugate(v).sum(), v)[0]
        / (torch.autograd.grad(loss.activation(v).sum(), v)[0])
    )
    if kind is TotalVariation:
        expected = torch.ones_like(v)
    else:
        expected = v.detach()  # the ratio u that V is best for has this V again
        in_t = ROWS[kind][1](in_t)
    assert_close(in_t, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("saturating", [True, False])
@pytest.mark.parametrize("kind", ALL)
def test_both_ways_of_the_generator(kind, saturating):
    fake, loss = torch.tensor([0.3, -0.4, 1.2]), kind(saturating)
    expected = loss.conjugate(fake) if saturating else loss.activation(fake)
    assert_close(loss.generator(fake), -expected.mean())


@pytest.mark.parametrize("kind", ALL)
def test_gradients_agree_with_finite_differences_twice(kind):
    torch.manual_seed(0)
    v = torch.randn(9, dtype=torch.float64, requires_grad=True)
    for way in (kind(True).activation, kind(True).conjugate):
        assert torch.autograd.gradcheck(way, v)
        assert torch.autograd.gradgradcheck(way, v)


# Where the mathematics is finite in float32, and what it is there: (v, g(v), f*(g(v))).
FAR = {
    TotalVariation: [(1e3, 0.5, 0.5), (-1e3, -0.5, -0.5)],
    KL: [(1e3, 1e3, None), (-1e3, -1e3, 0.0)],
    ReverseKL: [(1e3, 0.0, 999.0), (-1e3, None, -1001.0)],
    Pearson: [(1e3, 1e3, 251e3), (-1e3, -1e3, -1.0)],
    Neyman: [(1e3, 1.0, 2.0)],
    Hellinger: [(1e3, 1.0, None), (-1e3, None, -1.0)],
    Jeffrey: [(-1e3, -1e3, -7.9008300)],
    JensenShannon: [(1e3, LN_2, 1e3 - LN_2), (-1e3, LN_2 - 1e3, -LN_2)],
    GAN: [(1e3, 0.0, 1e3), (-1e3, -1e3, 0.0)],
}


@pytest.mark.parametrize("kind", ALL)
def test_a_thousand_is_no_trouble_where_the_mathematics_is_finite(kind):
    for v, g, conjugate in FAR[kind]:
        at = torch.tensor(v, requires_grad=True)
        for way, expected in ((kind(True).activation, g), (kind(True).conjugate, conjugate)):
            if expected is not None:
                value = way(at)
                assert_close(value.item(), expected, rtol=1e-5, atol=1e-6)
                assert torch.autograd.grad(value, at)[0].isfinite()


def test_jeffrey_follows_the_table_up_to_where_its_parts_overflow():
    t = torch.linspace(-80.0, 60.0, 57, dtype=torch.float64)
    w = LogLambertW.apply(1 - t).exp()
    assert_close(w * w.exp(), (1 - t).exp(), rtol=1e-9, atol=0)  # the definition of W
    assert_close(Jeffrey(True).conjugate(t), w + 1 / w + t - 2, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("s", [-1e30, -1e4, -1.0, 0.0, 1.0, 1.0001, 2.0, 1e4, 1e30])
def test_the_logarithm_of_lambert_w_solves_its_equation(s):
    s = torch.tensor(s)
    y = LogLambertW.apply(s)
    assert_close(y + y.exp(), s, rtol=1e-5, atol=1e-6)


def test_the_estimate_is_minus_the_discriminators_loss():
    real, fake = torch.randn(2, 8, requires_grad=True)
    loss = KL(True)
    found = loss.measures(real, fake)["divergence_estimate"]
    assert_close(found, -loss.discriminator(real, fake).detach())


def test_every_divergence_is_tested():
    kinds = {c for c in vars(f_gan).values() if isinstance(c, type)}
    assert {k for k in kinds if issubclass(k, f_gan.Divergence)} - {f_gan.Divergence} == set(ALL)
