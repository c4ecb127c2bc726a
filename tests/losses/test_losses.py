"""Every loss on numbers worked out by hand, its gradients, and its limits."""

import inspect
import math
from pathlib import Path

import pytest
import torch
from hydra.utils import get_class, instantiate
from omegaconf import OmegaConf
from torch.testing import assert_close

from ganlab.losses.gaussian import Gaussian
from ganlab.losses.hinge import Hinge
from ganlab.losses.least_squares import LeastSquares
from ganlab.losses.loss import Loss
from ganlab.losses.minimax import Minimax
from ganlab.losses.non_saturating import NonSaturating
from ganlab.losses.wasserstein import Wasserstein

FILES = sorted((Path(__file__).parents[2] / "conf" / "loss").glob("*.yaml"))
CONFIGS = {file.stem: OmegaConf.load(file) for file in FILES}
ADVERSARIAL = [name for name, conf in CONFIGS.items() if issubclass(get_class(conf._target_), Loss)]
EXPONENTIAL = {"f_kl", "f_reverse_kl", "f_neyman", "f_hellinger", "f_jeffrey"}


def turns(loss, real, fake):
    """Both players' losses on these logits."""
    on_generator = loss.generator(fake, real) if loss.paired else loss.generator(fake)
    return loss.discriminator(real, fake), on_generator


def logits(*values, **options):
    return torch.tensor(values, **options)


@pytest.fixture(params=ADVERSARIAL)
def loss(request):
    made = instantiate(CONFIGS[request.param])
    for state in made.buffers():
        state.fill_(0.5)  # the balance of BEGAN starts where fakes teach nothing
    return made


@pytest.mark.parametrize("name", CONFIGS)
def test_yaml_names_every_parameter_and_only_yaml_has_values(name):
    conf = CONFIGS[name]
    parameters = inspect.signature(get_class(conf._target_)).parameters
    assert set(parameters) == set(conf) - {"_target_"}
    assert all(p.default is inspect.Parameter.empty for p in parameters.values())


def test_both_losses_are_finite_scalars_and_teach_their_player(loss):
    real, fake = torch.randn(2, 8, generator=torch.manual_seed(0)).requires_grad_()
    on_discriminator, on_generator = turns(loss, real, fake)
    assert on_discriminator.shape == on_generator.shape == ()
    for value, taught in [(on_discriminator, real), (on_discriminator, fake), (on_generator, fake)]:
        (gradient,) = torch.autograd.grad(value, taught, retain_graph=True)
        assert gradient.isfinite().all()
        assert gradient.any()


def test_players_pull_the_fake_logits_apart(loss):
    real, fake = logits(0.7), logits(0.2, requires_grad=True)
    down, up = (torch.autograd.grad(value, fake)[0] for value in turns(loss, real, fake))
    assert down > 0 > up


def test_gradients_agree_with_finite_differences(loss):
    torch.manual_seed(0)
    real, fake = (torch.randn(8, dtype=torch.float64, requires_grad=True) for _ in range(2))
    assert torch.autograd.gradcheck(lambda r, f: turns(loss, r, f), (real, fake))


@pytest.mark.parametrize("loss", [n for n in ADVERSARIAL if n not in EXPONENTIAL], indirect=True)
@pytest.mark.parametrize("real", [-1e4, 1e4])
@pytest.mark.parametrize("fake", [-1e4, 1e4])
def test_extreme_logits_stay_finite(loss, real, fake):
    real, fake = logits(real, requires_grad=True), logits(fake, requires_grad=True)
    for value in turns(loss, real, fake):
        reached = torch.autograd.grad(value, (real, fake), materialize_grads=True)
        assert value.isfinite()
        assert all(gradient.isfinite().all() for gradient in reached)


def test_means_do_not_depend_on_the_batch_size(loss):
    real, fake = torch.randn(2, 5, generator=torch.manual_seed(0))
    once, thrice = turns(loss, real, fake), turns(loss, real.repeat(3), fake.repeat(3))
    assert_close(once, thrice)


def test_measures_are_detached_scalars(loss):
    real, fake = torch.randn(2, 5, requires_grad=True)
    for value in loss.measures(real, fake).values():
        assert value.shape == ()
        assert not value.requires_grad


LN_2 = math.log(2)
R, F = (2.0, -1.0), (0.5, -3.0)
# -log s(r) - log(1 - s(f)) over R and F, by the definition of the sigmoid.
CROSS_ENTROPY = sum(math.log(1 + math.exp(-r)) for r in R) / 2 + (
    sum(math.log(1 + math.exp(f)) for f in F) / 2
)


@pytest.mark.parametrize(
    ("loss", "real", "fake", "on_discriminator", "on_generator"),
    [
        (Minimax(), (0.0, 0.0), (0.0, 0.0), 2 * LN_2, -LN_2),
        (NonSaturating(), (0.0, 0.0), (0.0, 0.0), 2 * LN_2, LN_2),
        (LeastSquares(), (0.0, 0.0), (0.0, 0.0), 0.5, 0.5),
        (Hinge(), (0.0, 0.0), (0.0, 0.0), 2.0, 0.0),
        (Wasserstein(), (0.0, 0.0), (0.0, 0.0), 0.0, 0.0),
        (Minimax(), R, F, CROSS_ENTROPY, -0.5113325),  # -(ln(1 + e^.5) + ln(1 + e^-3)) / 2
        (NonSaturating(), R, F, CROSS_ENTROPY, 1.7613325),  # (ln(1 + e^-.5) + ln(1 + e^3)) / 2
        (LeastSquares(), R, F, (1 + 4 + 0.25 + 9) / 4, (0.25 + 16) / 4),
        (Hinge(), R, F, (0 + 2) / 2 + (1.5 + 0) / 2, 1.25),
        (Wasserstein(), R, F, -1.25 - 0.5, 1.25),
    ],
)
def test_closed_forms(loss, real, fake, on_discriminator, on_generator):
    expected = torch.tensor(on_discriminator), torch.tensor(on_generator)
    assert_close(turns(loss, logits(*real), logits(*fake)), expected)


def test_losing_generator_keeps_its_gradient_only_if_it_does_not_saturate():
    def slope(loss):
        fake = logits(-20.0, requires_grad=True)
        return torch.autograd.grad(loss.generator(fake), fake)[0]

    assert_close(slope(NonSaturating()), logits(-1.0))
    assert_close(slope(Minimax()), logits(-math.exp(-20)), atol=1e-12, rtol=1e-4)


def test_hinge_ignores_samples_beyond_the_margin():
    real, fake = logits(1.5, 0.5, requires_grad=True), logits(-1.5, 0.5, requires_grad=True)
    Hinge().discriminator(real, fake).backward()
    assert_close(real.grad, logits(0.0, -0.5))
    assert_close(fake.grad, logits(0.0, 0.5))


def test_wasserstein_estimate_is_real_minus_fake():
    estimate = Wasserstein().measures(logits(*R), logits(*F))
    assert_close(estimate, {"wasserstein_estimate": torch.tensor(0.5 + 1.25)})


def test_gaussian_sums_over_a_sample_and_averages_over_the_batch():
    real, decoded = torch.zeros(3, 2, 4, 4), torch.full((3, 2, 4, 4), 0.5)
    decoded[0] = 1.0
    expected = (32 * 1.0 + 2 * 32 * 0.25) / 3 / (2 * 0.5**2)
    assert_close(Gaussian(0.5).reconstruction(decoded, real), torch.tensor(expected))


def test_gaussian_is_the_likelihood_without_its_constant():
    decoded, real = torch.randn(2, 4, 6, dtype=torch.float64, generator=torch.manual_seed(0))
    density = torch.distributions.Normal(decoded, 0.3)
    expected = (density.log_prob(decoded) - density.log_prob(real)).sum(1).mean()
    assert_close(Gaussian(0.3).reconstruction(decoded, real), expected)


def test_gaussian_gradients_agree_with_finite_differences():
    decoded, real = torch.randn(2, 3, 2, 2, dtype=torch.float64)
    assert torch.autograd.gradcheck(Gaussian(0.5).reconstruction, (decoded.requires_grad_(), real))


def test_gaussian_of_a_bfloat16_decoder_is_summed_in_full_precision():
    real = torch.rand(4, 3, 32, 32, generator=torch.manual_seed(0))
    decoded = torch.rand(4, 3, 32, 32).bfloat16()
    value = Gaussian(0.5).reconstruction(decoded, real)
    assert value.dtype == torch.float32
    assert_close(value, Gaussian(0.5).reconstruction(decoded.float(), real))
