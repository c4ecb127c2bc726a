"""Penalties of critics whose gradients are known, where they look, and what they leave alone."""

import inspect
import math
from pathlib import Path

import pytest
import torch
from hydra.utils import get_class, instantiate
from omegaconf import OmegaConf
from torch import nn
from torch.func import functional_call
from torch.testing import assert_close

from ganlab.penalties.clip import Clip
from ganlab.penalties.dragan import Dragan
from ganlab.penalties.gradient import Gradient
from ganlab.penalties.lipschitz import Lipschitz
from ganlab.penalties.none import NoPenalty
from ganlab.penalties.r1 import R1
from ganlab.penalties.r1_r2 import R1R2

FILES = sorted((Path(__file__).parents[2] / "conf" / "penalty").glob("*.yaml"))
CONFIGS = {file.stem: OmegaConf.load(file) for file in FILES}
PENALTIES = {name: instantiate(conf) for name, conf in CONFIGS.items()}
SHAPE = (2, 4, 4)
DIMENSIONS = math.prod(SHAPE)
LOOKING = [Gradient(1.0), Lipschitz(1.0), Dragan(1.0, 0.5)]  # these run the critic themselves


class Linear(nn.Module):
    """The critic w.x, every entry of w alike, |w| = `norm`."""

    def __init__(self, norm):
        super().__init__()
        self.w = nn.Parameter(torch.full((DIMENSIONS,), norm / math.sqrt(DIMENSIONS)))

    def forward(self, x):
        return x.flatten(1) @ self.w


class Quadratic(nn.Module):
    """The critic a |x|^2 / 2, whose gradient is a x."""

    def __init__(self):
        super().__init__()
        self.a = nn.Parameter(torch.tensor(1.0))

    def forward(self, x):
        return self.a * x.flatten(1).square().sum(1) / 2


class Watched(nn.Module):
    """The critic w.x with |w| = 1, which keeps what it was asked about."""

    def __init__(self):
        super().__init__()
        self.critic = Linear(1.0)

    def forward(self, x):
        self.seen = x.detach()
        return self.critic(x)


class Featured:
    """Any critic, with features."""

    def __init__(self, critic):
        self.critic = critic

    def __call__(self, x):
        return self.critic(x)

    def features(self, x):
        return x.flatten(1)


def convolutional():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1), nn.Tanh(), nn.Flatten(), nn.Linear(64, 1), nn.Flatten(0)
    )


def batches(n, **options):
    torch.manual_seed(1)
    return torch.randn(n, *SHAPE, **options), torch.randn(n, *SHAPE, **options) + 1


def penalise(penalty, critic, real, fake):
    """What a game does: gradients where they are needed, then the logits in full precision."""
    real = real.clone().requires_grad_() if "real" in penalty.needs else real
    fake = fake.clone().requires_grad_() if "fake" in penalty.needs else fake
    with torch.autocast("cpu", enabled=False):
        real_logits, fake_logits = critic(real), critic(fake)
    return penalty(Featured(critic), real, fake, real_logits, fake_logits)


@pytest.fixture(params=PENALTIES)
def penalty(request):
    return PENALTIES[request.param]


@pytest.mark.parametrize("name", CONFIGS)
def test_yaml_names_every_parameter_and_only_yaml_has_values(name):
    conf = CONFIGS[name]
    parameters = inspect.signature(get_class(conf._target_)).parameters
    demanded = {n for n, p in parameters.items() if p.kind is p.POSITIONAL_OR_KEYWORD} - {"every"}
    assert demanded <= set(conf) - {"_target_"} <= {*parameters, "every"}


def test_penalty_is_a_finite_scalar_that_leaves_no_gradients_behind(penalty):
    critic, (real, fake) = convolutional(), batches(4)
    value = penalise(penalty, critic, real, fake)
    assert value.shape == ()
    assert value.dtype == torch.float32
    assert value.isfinite()
    assert value >= 0
    assert all(p.grad is None for p in critic.parameters())
    assert set(penalty.needs) <= {"real", "fake"}


def test_penalty_adds_to_the_loss_of_any_critic_and_can_be_left(penalty):
    critic, (real, fake) = convolutional(), batches(4)
    (critic(real).mean() + penalise(penalty, critic, real, fake)).backward()
    penalty.after(critic)
    assert all(p.isfinite().all() and p.grad.isfinite().all() for p in critic.parameters())


def test_gradient_with_respect_to_weights_agrees_with_finite_differences(penalty):
    torch.manual_seed(0)
    critic = nn.Sequential(
        nn.Flatten(), nn.Linear(DIMENSIONS, 3), nn.Tanh(), nn.Linear(3, 1), nn.Flatten(0)
    ).double()
    real, fake = batches(3, dtype=torch.float64)
    names, weights = zip(*critic.named_parameters(), strict=True)

    def value(*weights):
        torch.manual_seed(2)  # the same mixing weights at every call
        moved = dict(zip(names, weights, strict=True))
        return penalise(penalty, lambda x: functional_call(critic, moved, x), real, fake) + sum(
            0 * w.sum() for w in weights
        )

    assert torch.autograd.gradcheck(value, weights, fast_mode=True)


def test_bfloat16_autocast_does_not_reach_the_penalty(penalty):
    critic, (real, fake) = convolutional(), batches(8)

    def value_and_gradients(enabled):
        torch.manual_seed(2)
        with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            value = penalise(penalty, critic, real, fake)
        if not value.requires_grad:
            return [value]
        weights = list(critic.parameters())
        return [value, *torch.autograd.grad(value, weights, materialize_grads=True)]

    assert_close(value_and_gradients(True), value_and_gradients(False), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("n", [1, 16, 64])
@pytest.mark.parametrize(
    ("penalty", "norm", "expected"),
    [
        (Gradient(1.0), 1.0, 0.0),
        (Gradient(1.0), 5.0, 16.0),
        (Gradient(10.0), 5.0, 160.0),
        (Gradient(1.0), 0.5, 0.25),
        (Gradient(1.0), 0.0, 1.0),
        (Lipschitz(1.0), 5.0, 16.0),
        (Lipschitz(10.0), 1.5, 2.5),
        (Dragan(1.0, 0.5), 1.0, 0.0),
        (Dragan(1.0, 0.5), 5.0, 16.0),
        (Dragan(10.0, 0.5), 0.0, 10.0),
        (R1(10.0), 5.0, 125.0),
        (R1R2(10.0), 5.0, 250.0),
        (R1(3.0), 0.0, 0.0),
        (NoPenalty(), 5.0, 0.0),
        (Clip(0.01), 5.0, 0.0),
    ],
)
def test_linear_critic_costs_the_same_at_every_batch_size(penalty, norm, expected, n):
    value = penalise(penalty, Linear(norm), *batches(n))
    assert_close(value.detach(), torch.tensor(expected), rtol=1e-5, atol=1e-5)


def test_slopes_below_one_cost_exactly_nothing_under_the_lipschitz_penalty():
    critic = Linear(0.9)
    value = penalise(Lipschitz(10.0), critic, *batches(16))
    value.backward()
    assert value == 0
    assert not critic.w.grad.any()


@pytest.mark.parametrize("penalty", LOOKING)
def test_flat_critic_has_finite_gradients(penalty):
    critic = Linear(0.0)
    penalise(penalty, critic, *batches(4)).backward()
    assert critic.w.grad.isfinite().all()


def test_zero_centred_penalties_are_taken_where_their_names_say():
    real, fake = batches(16)
    at_real, at_fake = (x.flatten(1).square().sum(1).mean() for x in (real, fake))
    r1, r1_r2 = (penalise(penalty, Quadratic(), real, fake) for penalty in (R1(4.0), R1R2(4.0)))
    assert_close(r1.detach(), 2 * at_real)
    assert_close(r1_r2.detach(), 2 * (at_real + at_fake))


def test_zero_centred_penalties_run_the_critic_no_second_time():
    real, fake = (x.requires_grad_() for x in batches(4))
    critic = Linear(2.0)
    values = [
        penalty(None, real, fake, critic(real), critic(fake)) for penalty in (R1(1.0), R1R2(1.0))
    ]
    assert_close(torch.stack(values).detach(), torch.tensor([2.0, 4.0]))


@pytest.mark.parametrize("penalty", [Gradient(1.0), Lipschitz(1.0)])
def test_each_sample_is_mixed_by_one_weight_of_its_own(penalty):
    (real, fake), critic = batches(2000), Watched()
    penalise(penalty, critic, real, fake)
    weights = ((critic.seen - real) / (fake - real)).flatten(1)
    per_sample = weights.median(1, keepdim=True).values
    assert_close(critic.seen, torch.lerp(real, fake, per_sample.view(-1, 1, 1, 1)))
    assert per_sample.unique().numel() > 1900
    assert per_sample.min() >= 0
    assert per_sample.max() <= 1
    # U[0, 1) over 2000 samples: standard errors .0065 of the mean, .0017 of the variance.
    assert per_sample.mean().item() == pytest.approx(1 / 2, abs=0.03)
    assert per_sample.var().item() == pytest.approx(1 / 12, abs=0.008)


def test_dragan_pushes_each_sample_up_by_its_own_share_of_one_deviation():
    n, wide, spread = 500, 1000, 0.5
    torch.manual_seed(0)
    scales = torch.cat([torch.full((wide,), 3.0), torch.full((wide,), 0.1)])
    real = torch.randn(n, 2 * wide, dtype=torch.float64) * scales
    around = Dragan(10.0, spread).around(real)
    noise = (around - real) / (spread * real.std(correction=0))
    share = noise.amax(1)  # the largest of 2000 draws from U[0, a) is a, but for 1 in 2000
    assert noise.min() >= 0
    assert noise.max() < 1
    # Within a sample U[0, a), in loud and quiet dimensions alike: mean a / 2, sd a / sqrt 12.
    for half in noise.split(wide, 1):
        assert_close(half.mean(1) / share, torch.full((n,), 0.5).double(), rtol=0, atol=0.05)
        assert_close(half.std(1) / share, torch.full((n,), 12**-0.5).double(), rtol=0, atol=0.03)
    # Across samples a ~ U[0, 1): standard error of the mean .013.
    assert share.mean().item() == pytest.approx(0.5, abs=0.05)
    assert share.std().item() == pytest.approx(12**-0.5, abs=0.03)


def test_dragan_looks_near_the_real_samples_and_ignores_the_fake():
    (real, fake), critic = batches(16), Watched()
    penalise(Dragan(1.0, 0.5), critic, real, fake * math.nan)
    reach = 0.5 * real.std()
    assert ((critic.seen - real).abs() <= reach).all()


def test_dragan_of_a_single_number_has_nowhere_to_go():
    one = torch.ones(1, 1)
    assert_close(Dragan(1.0, 0.5).around(one), one)


@pytest.mark.parametrize("penalty", LOOKING)
def test_generator_is_not_reached(penalty):
    real, noise = batches(4)
    generator = nn.Conv2d(2, 2, 1)
    penalise(penalty, Quadratic(), real, generator(noise)).backward()
    assert generator.weight.grad is None


def test_clipping_keeps_every_parameter_within_the_limit_and_small_ones_as_they_are():
    critic = convolutional()
    before = [p.detach().clone() for p in critic.parameters()]
    Clip(0.01).after(critic)
    for old, new in zip(before, critic.parameters(), strict=True):
        assert new.abs().max() <= 0.01
        assert_close(new.detach(), old.clamp(-0.01, 0.01), rtol=0, atol=0)
        assert new.requires_grad


@pytest.mark.parametrize("name", [name for name in PENALTIES if name != "clip"])
def test_other_penalties_leave_the_critic_alone_afterwards(name):
    critic = convolutional()
    before = [p.detach().clone() for p in critic.parameters()]
    PENALTIES[name].after(critic)
    assert_close([p.detach() for p in critic.parameters()], before, rtol=0, atol=0)
