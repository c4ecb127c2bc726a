"""The code: drawn, told to the generator, and read off its samples in one pass."""

import math
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from ganlab.augment.none import NoAugment
from ganlab.build import build
from ganlab.games.infogan import InfoGAN
from ganlab.losses.non_saturating import NonSaturating
from ganlab.penalties.none import NoPenalty
from ganlab.penalties.r1_r2 import R1R2
from ganlab.priors.normal import Normal

NOISE, CATEGORIES, CODES = 3, 4, 2


class Told(nn.Module):
    """Shows what it is given; moved by one weight."""

    def __init__(self):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(()))

    def forward(self, z):
        return self.gain * z


class Discriminator(nn.Module):
    """Counts the passes through its features."""

    def __init__(self, size):
        super().__init__()
        self.body, self.head, self.passes = nn.Linear(size, 5), nn.Linear(5, 1), 0

    def features(self, x):
        self.passes += 1
        return self.body(x)

    def forward(self, x):
        return self.head(self.features(x))


def game(codes=CODES, weight=1.0, penalty=None):
    size = NOISE + codes + CATEGORIES
    network = SimpleNamespace(
        generator=lambda latent, shape: Told(),
        discriminator=lambda shape, outputs: Discriminator(size),
    )
    parts = {"network": network, "shape": (size,), "loss": NonSaturating(), "prior": Normal(NOISE)}
    parts |= {"penalty": penalty or NoPenalty(), "augment": NoAugment(), "discriminator_turns": 1}
    return InfoGAN(**parts, categories=CATEGORIES, codes=codes, information_weight=weight)


def real(n=64, codes=CODES):
    return {"data": torch.randn(n, NOISE + codes + CATEGORIES)}


def silent(it):
    """With a Q that answers everything with zeros."""
    nn.init.zeros_(it.q[-1].weight)
    nn.init.zeros_(it.q[-1].bias)
    return it


def drawn(it, codes=CODES):
    """Fakes as the discriminator sees them: without a graph."""
    with torch.no_grad():
        return it.fake(real(codes=codes))


# What the generator is told


def test_z_is_noise_then_numbers_then_one_of_the_categories():
    fake = game().fake(real(1000))
    noise, numbers, category = fake["data"].detach().split([NOISE, CODES, CATEGORIES], 1)
    assert_close(numbers, fake["code"])
    assert_close(category, torch.eye(CATEGORIES)[fake["label"]])
    assert numbers.abs().max() <= 1
    assert_close(numbers.var().item(), 1 / 3, rtol=0.1, atol=0.0)
    assert_close(noise.var().item(), 1.0, rtol=0.1, atol=0.0)


def test_categories_are_drawn_evenly():
    counts = torch.bincount(game().fake(real(4000))["label"], minlength=CATEGORIES)
    assert_close(counts / 1000, torch.ones(CATEGORIES), rtol=0.15, atol=0.0)


def test_a_category_can_be_asked_for():
    label = torch.tensor([3, 1])
    samples = game().sample(2, label)
    assert_close(samples[:, -CATEGORIES:], torch.eye(CATEGORIES)[label])


def test_the_same_noise_can_be_told_every_category():
    it, z = game(), torch.randn(1, NOISE + CODES).expand(CATEGORIES, -1)
    samples = it.decode(z, torch.arange(CATEGORIES))
    assert_close(samples[:, -CATEGORIES:], torch.eye(CATEGORIES))
    assert_close(samples[:, :-CATEGORIES], z)


def test_without_numbers_there_are_categories_alone():
    it = game(codes=0)
    fake = drawn(it, codes=0)
    assert fake["code"].shape == (64, 0)
    assert it.judge(real(codes=0), fake).losses["information"].isfinite()


# What is read


@pytest.mark.parametrize("weight", [1.0, 0.5])
def test_a_silent_reader_pays_for_the_entropy_of_the_categories_and_half_the_squares(weight):
    it = silent(game(weight=weight))
    fake = drawn(it)
    expected = weight * (math.log(CATEGORIES) + fake["code"].square().sum(1).mean() / 2)
    assert_close(it.judge(real(), fake).losses["information"], expected)


def test_a_reader_that_is_right_pays_nothing():
    it = game()
    it.q = nn.Identity()
    label = torch.tensor([2, 0])
    code = torch.tensor([[0.5, -1.0], [0.0, 1.0]])
    read = torch.cat([100 * torch.eye(CATEGORIES)[label], code], 1)
    assert_close(it.unread({"features": read, "label": label, "code": code}).item(), 0.0)


def test_the_generator_minimises_its_own_loss_and_what_is_not_read():
    it = silent(game())
    fake = it.fake(real())
    plain = it.persuasion({"data": fake["data"]}, real())
    assert_close(it.persuasion(fake, real()) - plain, it.unread(fake))


@pytest.mark.parametrize("penalty", [NoPenalty(), R1R2(1.0)])
def test_logits_and_features_come_from_one_pass(penalty):
    it = game(penalty=penalty)
    judge, persuade = it.round(1, iter([real()]))
    assert it.discriminator.passes == 2 + 1
    assert judge.losses["information"] > 0
    assert persuade.losses["loss"] > 0


def test_logits_are_those_of_the_discriminator():
    it, fake = game(), game().fake(real())
    assert_close(it.logits(fake), it.discriminator(fake["data"]).squeeze(1))


class Talkative(Discriminator):
    """Says three things of a sample, whose features have one score."""

    def forward(self, x):
        return super().forward(x).expand(-1, 3)


def test_reals_and_fakes_are_judged_by_the_same_score():
    it = game()
    it.discriminator = Talkative(NOISE + CODES + CATEGORIES)
    assert it.logits(real()).shape == it.logits(it.fake(real())).shape == (64,)
    batch = real()
    it.judge(batch, drawn(it))
    assert batch.keys() == {"data"}


# Who moves


def test_the_reader_moves_with_the_generator():
    it = game()
    readers = {id(p) for p in it.q.parameters()}
    assert readers < {id(p) for p in it.movable("generator")}
    assert not readers & {id(p) for p in it.movable("discriminator")}


def test_both_players_learn_from_what_is_not_read():
    it = game()
    turn = it.judge(real(), drawn(it))
    turn.losses["information"].backward(inputs=it.movable("discriminator"))
    assert it.discriminator.body.weight.grad.any()
    assert it.discriminator.head.weight.grad is None
    fake = it.fake(real())
    it.persuasion(fake, real())
    it.unread(fake).backward(inputs=it.movable("generator"))
    assert all(p.grad.any() for p in (it.generator.gain, it.q[0].weight, it.q[-1].weight))


def test_the_generator_is_five_times_as_fast(tiny):
    moving = build(tiny("model=infogan")).optimizers
    rates = {player: moved.param_groups[0]["lr"] for player, moved in moving.items()}
    assert rates == {"generator": 1e-3, "discriminator": 2e-4}


def test_the_shipped_code_is_that_of_the_paper_for_mnist(tiny):
    it = build(tiny("model=infogan")).game
    assert (it.prior.prior.dim, it.classes, it.codes, it.information_weight) == (62, 10, 2, 1.0)
