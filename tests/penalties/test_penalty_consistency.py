"""The consistency term: by hand, exactly nothing without dropout, and through both passes."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from ganlab.augment.none import NoAugment
from ganlab.build import build
from ganlab.games.gan import Critic
from ganlab.networks.mlp import Discriminator
from ganlab.penalties.consistency import Consistency
from ganlab.penalties.gradient import Gradient


class Told:
    """Answers each pass over the data with what it was told to say."""

    def __init__(self, logits, features):
        self.said, self.seen = iter(logits), iter(features)

    def __call__(self, x):
        # On interpolated points the logits must depend on them; their slope is of no interest.
        return 0 * x.flatten(1).sum(1) + (next(self.said) if not x.requires_grad else 0)

    def features(self, x):
        return next(self.seen)


def terms(penalty, critic, real, real_logits):
    """The penalty without that of the slopes, which is `weight` for a flat critic."""
    fake = torch.zeros_like(real)
    return penalty(critic, real, fake, real_logits, real_logits) - penalty.weight


@pytest.mark.parametrize(("margin", "expected"), [(0.0, (2.6 + 0.2) / 2), (0.5, (2.1 + 0.0) / 2)])
def test_disagreement_by_hand(margin, expected):
    first, second = torch.tensor([1.0, 3.0]), torch.tensor([2.0, 3.0])  # squares 1 and 0
    seen = torch.tensor([[0.0, 0.0], [1.0, 1.0]]), torch.tensor([[2.0, 2.0**0.5], [2.0, 2.0]])
    penalty = Consistency(10.0, consistency=2.0, features=0.1, margin=margin)
    found = terms(penalty, Told([second], seen), torch.zeros(2, 3), first)
    # Features differ by mean squares 3 and 1: 2 (1 + .3) and 2 (0 + .1).
    assert_close(found.item(), expected, rtol=1e-5, atol=1e-5)


def test_several_logits_a_sample_count_by_their_mean():
    penalty = Consistency(10.0, consistency=2.0, features=0.0, margin=0.0)
    critic = Told([torch.tensor([[1.0, 3.0]])], torch.zeros(2, 1, 4))
    critic_of_rows = lambda x: critic(x) if not x.requires_grad else 0 * x.sum(1, keepdim=True)  # noqa: E731
    critic_of_rows.features = critic.features
    found = terms(penalty, critic_of_rows, torch.zeros(1, 3), torch.zeros(1, 2))
    assert_close(found.item(), 2 * (1.0 + 9.0) / 2)


def mlp(dropout):
    torch.manual_seed(0)
    network = Discriminator((3,), 1, width=16, depth=3, norm="none", dropout=dropout)
    return Critic(NoAugment(), network)


def both(dropout):
    """The gradient penalty with and without consistency, at the same points."""
    critic, real, fake = mlp(dropout), torch.randn(32, 3), torch.randn(32, 3)
    found = []
    for penalty in (Consistency(10.0, 2.0, 0.1, 0.0), Gradient(10.0)):
        logits = critic(real)
        torch.manual_seed(1)
        found.append(penalty(critic, real, fake, logits, logits))
    return found


def test_without_dropout_it_is_exactly_nothing():
    consistent, plain = both(0.0)
    assert torch.equal(consistent, plain)


def test_without_dropout_it_is_exactly_nothing_in_a_game_in_bfloat16(tiny):
    game = build(tiny("model=wgan_ct")).game
    for module in game.discriminator.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    game.penalty.weight = 0.0
    real, fake = ({"data": torch.randn(8, 1, 16, 16)} for _ in range(2))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert game.judge(real, fake).losses["penalty"] == 0


def test_with_dropout_passes_disagree():
    consistent, plain = both(0.5)
    assert consistent > plain + 1e-4


def test_all_its_passes_teach_the_critic():
    critic, real = mlp(0.5), torch.randn(32, 3)
    penalty = Consistency(0.0, consistency=2.0, features=0.1, margin=0.0)
    logits = critic(real)
    penalty(critic, real, real, logits, logits).backward()
    assert all(p.grad.any() for p in critic.discriminator.features.parameters())
    assert critic.discriminator.head.weight.grad.any()


def test_the_recipe_drops_out_in_the_critic_in_every_pass(tiny):
    game = build(tiny("model=wgan_ct")).game
    assert isinstance(game.penalty, Consistency)
    drops = [m.p for m in game.discriminator.modules() if isinstance(m, nn.Dropout)]
    assert len(drops) >= 2
    assert set(drops) == {0.5}
    assert not any(isinstance(m, nn.Dropout) for m in game.generator.modules())
    x = torch.randn(4, 1, 16, 16)
    assert not torch.equal(game.logits({"data": x}), game.logits({"data": x}))
