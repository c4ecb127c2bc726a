"""What is read from a classifier's answers: inception score, quality, diversity, classes."""

import math
from types import SimpleNamespace

import pytest
import torch
from torch.nn.functional import one_hot
from torch_fidelity.metric_isc import isc_features_to_metric

from ganlab.metrics.classes_kl import expected
from ganlab.metrics.metric import Impossible
from ganlab.metrics.seen import Answers, Seen

RANDOM = torch.Generator().manual_seed(0)
LOGITS = 2 * torch.randn(1003, 10, generator=RANDOM)
CERTAIN = 1000.0
# How often each digit occurs among the 60,000 of MNIST.
DIGITS = torch.tensor([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949.0]) / 60_000


def sure(classes, total):
    """The logits of a classifier without doubt."""
    return CERTAIN * one_hot(classes, total).float()


@pytest.fixture
def judged(answered, metric):
    def judge(name, fake, real=None):
        return metric(name)(answered(fake, real))

    return judge


def test_torch_fidelity_agrees_on_the_inception_score(judged):
    reference = isc_features_to_metric(LOGITS, splits=10, shuffle=False)
    found = judged("inception_score", LOGITS)
    assert found["inception_score"] == pytest.approx(reference["inception_score_mean"], rel=1e-9)
    deviation = reference["inception_score_std"]
    assert found["inception_score_deviation"] == pytest.approx(deviation, rel=1e-6)


def test_sure_answers_spread_evenly_score_the_number_of_classes(judged):
    found = judged("inception_score", sure(torch.arange(200) % 10, 10))
    assert found["inception_score"] == pytest.approx(10)
    assert found["inception_score_deviation"] == pytest.approx(0, abs=1e-9)


def test_ten_splits_need_ten_samples(judged):
    with pytest.raises(Impossible, match="9 fake samples"):
        judged("inception_score", LOGITS[:9])
    assert judged("inception_score", LOGITS[:10])["inception_score"] == pytest.approx(1)


@pytest.mark.parametrize(
    ("logits", "quality", "diversity"),
    [
        (torch.zeros(30, 10), math.log(10), math.log(10)),  # clueless
        (sure(torch.arange(30) % 10, 10), 0, math.log(10)),  # perfect
        (sure(torch.zeros(30, dtype=torch.long), 10), 0, 0),  # collapsed
        (sure(torch.arange(30) % 2, 10), 0, math.log(2)),  # two classes only
    ],
)
def test_quality_and_diversity_tell_the_four_cases_apart(judged, logits, quality, diversity):
    assert judged("quality", logits)["quality"] == pytest.approx(quality, abs=1e-9)
    assert judged("diversity", logits)["diversity"] == pytest.approx(diversity, abs=1e-9)


def test_quality_and_diversity_make_up_the_inception_score_of_one_split(judged):
    q, d = judged("quality", LOGITS)["quality"], judged("diversity", LOGITS)["diversity"]
    whole = isc_features_to_metric(LOGITS, splits=1, shuffle=False)["inception_score_mean"]
    assert math.exp(d - q) == pytest.approx(whole)


def test_classes_are_found_by_a_single_fake(judged):
    found = judged("classes", sure(torch.tensor([0] * 28 + [3, 7]), 21))
    assert found == {"classes_found": 3}


def test_few_classes_are_charted(judged):
    real = sure(torch.arange(30) % 3, 3)
    charts = [judged("classes", fake, real)["classes"] for fake in (real, real[::3])]
    assert charts[0].shape == charts[1].shape
    assert (charts[0] != charts[1]).any()


def test_a_generator_of_one_class_is_at_ln_k_from_equal_shares(judged):
    real = sure(torch.arange(1000) % 10, 10)
    one = sure(torch.full((500,), 4), 10)
    assert judged("classes_kl", one, real)["classes_kl"] == pytest.approx(math.log(10))
    assert judged("classes", one, real)["classes_found"] == 1


def test_uneven_reals_set_what_is_expected(judged):
    real, even = sure((torch.arange(1000) % 10 > 0).long(), 2), sure(torch.arange(1000) % 2, 2)
    assert judged("classes_kl", real, real)["classes_kl"] == pytest.approx(0, abs=1e-6)
    apart = 0.5 * math.log(0.5 / 0.1) + 0.5 * math.log(0.5 / 0.9)
    assert judged("classes_kl", even, real)["classes_kl"] == pytest.approx(apart, rel=0.01)


def test_a_class_that_reals_lack_costs_much_but_not_everything(judged):
    real = sure(torch.arange(1000) % 2, 3)
    found = judged("classes_kl", sure(torch.full((100,), 2), 3), real)["classes_kl"]
    assert found == pytest.approx(math.log(1001.5 / 0.5))


def test_expected_shares_are_equal_unless_reals_say_otherwise():
    modes = (DIGITS[:, None, None] * DIGITS[:, None] * DIGITS).flatten()
    few = modes.multinomial(10_000, replacement=True, generator=RANDOM).bincount(minlength=1000)
    many = modes.multinomial(1_000_000, replacement=True, generator=RANDOM).bincount(minlength=1000)
    assert (expected(few.double()) == 1 / 1000).all()
    torch.testing.assert_close(expected(many.double()).float(), modes, rtol=0.2, atol=0)


@pytest.mark.parametrize(("shares", "kl"), [(torch.full((10,), 0.1), 0.0193), (DIGITS, 0.0235)])
def test_a_perfect_sampler_of_a_thousand_modes(metric, shares, kl):
    """The .0235 of the literature is chance, 999 / 52,000, and the unevenness of MNIST's digits."""
    modes = (shares[:, None, None] * shares[:, None] * shares).flatten()

    def side(n):
        answers = Answers(1000, n)
        drawn = modes.multinomial(n, replacement=True, generator=RANDOM)
        answers.histogram = drawn.bincount(minlength=1000)
        return Seen(n, torch.empty(0), answers=answers)

    found = metric("classes_kl")(SimpleNamespace(real=side(10_000), fake=side(26_000)))
    assert found["classes_kl"] == pytest.approx(kl, abs=0.003)
