"""What is known by heart: copies among the samples, and the critic's partiality."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from ganlab.metrics.memorisation import nearer
from ganlab.metrics.metric import Impossible

RANDOM = torch.Generator().manual_seed(0)
SMOOTH = torch.randn(6, 64, generator=RANDOM)


def pictures(n):
    """uint8 pictures (n, 1, 8, 8) that differ in six ways, and are not symmetric."""
    z = torch.randn(n, 6, generator=RANDOM)
    return (128 + 20 * z @ SMOOTH).clamp(0, 255).to(torch.uint8).view(n, 1, 8, 8)


TRAINING, HELD_OUT, NEW = pictures(2000), pictures(400), pictures(400)


@pytest.fixture
def judged(metric, seen, training):
    """The verdict on fakes, seen by their pixels."""

    def judge(fake, held_out=HELD_OUT, **settings):
        sides = {"fake": fake, "held_out": held_out}
        looked = {n: seen(p.flatten(1).float(), samples=p) for n, p in sides.items()}
        return metric("memorisation", **settings)(
            SimpleNamespace(training=training(TRAINING), **looked)
        )

    return judge


def test_new_pictures_are_no_nearer_than_held_out_ones(judged):
    found = judged(NEW)
    assert found["memorisation"] == pytest.approx(0.5, abs=0.06)
    assert found["copied"] < 0.04


@pytest.mark.parametrize(
    "fake", [TRAINING[:300], TRAINING[1500:].flip(3)], ids=["repeated", "mirrored"]
)
def test_copies_are_caught(judged, fake):
    found = judged(fake)
    assert found["memorisation"] == 1
    assert found["copied"] == 1


def test_slightly_noisy_copies_are_caught(judged):
    noise = torch.randint(-2, 3, TRAINING[:300].shape, generator=RANDOM)
    found = judged((TRAINING[:300].int() + noise).clamp(0, 255).to(torch.uint8))
    assert found["memorisation"] > 0.95
    assert found["copied"] > 0.9


def test_the_share_of_copies_is_told(judged):
    found = judged(torch.cat([TRAINING[:100], NEW[:300]]))
    assert found["copied"] == pytest.approx(0.25, abs=0.04)


def test_pictures_unlike_any_are_not_copies(judged):
    noise = torch.randint(256, (100, 1, 8, 8), dtype=torch.uint8, generator=RANDOM)
    assert judged(noise)["memorisation"] == 0
    assert judged(noise)["copied"] == 0


def test_the_sheet_shows_copies_first_above_their_originals(judged):
    places = torch.tensor([7, 1234, 1999])
    sheet = judged(torch.cat([NEW[:50], TRAINING[places]]))["neighbours"]
    assert sheet.dtype == np.uint8
    for column in range(3):
        # A caption of 16 rows, gaps of 2, and pictures of 8 pixels magnified to 64.
        left = 2 + column * 68
        above, below = sheet[18:82, left : left + 64, 0], sheet[84:148, left : left + 64, 0]
        assert (above == below).all()
        assert any((above[::8, ::8] == TRAINING[p, 0].numpy()).all() for p in places)


def test_only_as_many_as_asked_are_looked_at(judged):
    copies_last = torch.cat([NEW[:150], TRAINING[:150]])
    assert judged(copies_last, samples=150)["copied"] < 0.1
    assert judged(copies_last)["copied"] > 0.5


def test_few_fakes_make_a_small_sheet(judged):
    assert judged(NEW[:1])["neighbours"].shape[2] == 3


def test_few_held_out_pictures_are_refused_with_numbers(judged):
    with pytest.raises(Impossible, match=r"99 held-out pictures.*100.*dataset\.held_out"):
        judged(NEW, HELD_OUT[:99])


def test_the_probability_of_being_nearer_counts_ties_by_half():
    ours, theirs = torch.tensor([0.0, 1.0, 2.0]), torch.tensor([1.0, 1.0, 3.0, 0.5])
    pairs = [(a < b) + (a == b) / 2 for a in ours.tolist() for b in theirs.tolist()]
    assert nearer(ours, theirs) == pytest.approx(sum(pairs) / 12)
    assert nearer(theirs, theirs) == pytest.approx(0.5)


@pytest.fixture
def gap(metric, seen, training):
    def judge(critic, held_out=HELD_OUT, seed=0, **settings):
        held_out = seen(samples=held_out)
        case = SimpleNamespace(
            seed=seed, critic=critic, held_out=held_out, training=training(TRAINING)
        )
        return metric("critic_gap", **settings)(case)["critic_gap"]

    return judge


def brightness(samples):
    return samples.float().flatten(1).mean(1)


def test_an_impartial_critic_has_no_gap(gap):
    assert gap(brightness) == pytest.approx(0, abs=0.2)


def test_the_gap_is_in_deviations_of_the_held_out_scores(gap):
    known = {bytes(p.numpy()) for p in TRAINING}

    def partial(samples):
        seen = torch.tensor([bytes(p.numpy()) in known for p in samples])
        return 10 * (brightness(samples) + 3 * deviation * seen)

    deviation = brightness(HELD_OUT).std()
    assert gap(partial) == pytest.approx(gap(brightness) + 3, rel=1e-5)


def test_training_pictures_are_taken_at_random(gap):
    assert gap(brightness, samples=50, seed=1) != gap(brightness, samples=50, seed=2)
    assert gap(brightness, samples=50, seed=1) == gap(brightness, samples=50, seed=1)


def test_a_critic_without_opinion_has_no_gap_to_tell(gap):
    with pytest.raises(Impossible, match="all held-out pictures alike"):
        gap(lambda samples: torch.ones(len(samples)))
