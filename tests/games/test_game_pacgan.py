"""Packs: which rows they are made of, what is taken per pack, and what per sample."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.nn.functional import softplus
from torch.testing import assert_close

from ganlab.augment.augment import Augment
from ganlab.augment.none import NoAugment
from ganlab.build import build
from ganlab.errors import ConfigError
from ganlab.games.gan import GAN
from ganlab.games.pacgan import PacGAN, packed
from ganlab.losses.non_saturating import NonSaturating
from ganlab.penalties.gradient import Gradient
from ganlab.penalties.none import NoPenalty
from ganlab.penalties.r1 import R1
from ganlab.priors.normal import Normal


class Linear(nn.Module):
    """w . x, whatever the shape of x, with weights 1, 2, 3, ..."""

    def __init__(self, size):
        super().__init__()
        self.weight = nn.Parameter(torch.arange(1.0, size + 1))

    def forward(self, x):
        return x.flatten(1) @ self.weight[:, None]


class Shifted(Augment):
    """Adds to each sample the number of its row."""

    def change(self, x):
        return x + torch.arange(len(x)).view(-1, *[1] * (x.dim() - 1))


def game(packing=2, shape=(2,), penalty=None, augment=None, kind=PacGAN):
    size = torch.Size(shape).numel()
    network = SimpleNamespace(
        generator=lambda latent, shape: nn.Sequential(
            nn.Linear(latent, size), nn.Unflatten(1, shape)
        ),
        discriminator=lambda shape, outputs: Linear(torch.Size(shape).numel()),
    )
    parts = {"network": network, "shape": shape, "loss": NonSaturating(), "prior": Normal(3)}
    parts |= {"penalty": penalty or NoPenalty(), "augment": augment or NoAugment()}
    rest = {"packing": packing} if kind is PacGAN else {}
    return kind(**parts, discriminator_turns=1, **rest)


def rows(n, *shape):
    return {"data": torch.arange(1.0, 1 + n * torch.Size(shape).numel()).view(n, *shape)}


# Packing


def test_neighbouring_points_are_joined_coordinate_by_coordinate():
    expected = torch.tensor([[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]])
    assert_close(packed(rows(4, 2)["data"], 2), expected)


@pytest.mark.parametrize("packing", [1, 2, 3])
def test_neighbouring_pictures_are_joined_on_channels(packing):
    pictures = torch.randn(6, 3, 4, 5)
    packs = packed(pictures, packing)
    assert packs.shape == (6 // packing, 3 * packing, 4, 5)
    for k, pack in enumerate(packs):
        assert_close(pack, torch.cat(list(pictures[k * packing : (k + 1) * packing])))


def test_the_discriminator_is_built_for_packs_and_the_generator_for_samples(tiny):
    experiment = build(tiny("model=pacgan", "network=dcgan", "model.game.packing=4"))
    first = next(experiment.game.discriminator.modules().__iter__())
    (convolution, *_) = [m for m in first.modules() if isinstance(m, nn.Conv2d)]
    assert convolution.in_channels == 4
    assert experiment.game.sample(3).shape == (3, 1, 16, 16)


def test_losses_are_those_of_packs():
    real, fake = rows(4, 2), {"data": -rows(4, 2)["data"]}
    turn = game().judge(real, fake)
    logits = torch.tensor([1.0 + 4 + 9 + 16, 5.0 + 12 + 21 + 32])
    assert_close(turn.losses["loss"], softplus(-logits).mean() + softplus(-logits).mean())
    assert_close(turn.measures["score_real"].item(), 50.0)
    assert_close(turn.measures["score_fake"].item(), -50.0)


def test_every_sample_of_a_pack_is_pulled_by_its_own_weights():
    fake = {"data": torch.zeros(4, 2)}
    pull = game().pull(fake, rows(4, 2))
    weights = torch.tensor([[1.0, 2.0], [3.0, 4.0], [1.0, 2.0], [3.0, 4.0]])
    assert_close(pull, weights / 2 / 2)  # the slope of -log s at 0, and the mean of two packs


def test_the_generator_learns_from_packs_of_its_own_samples():
    it = game(4)
    turn = it.persuade(rows(8, 2))
    turn.losses["loss"].backward(inputs=it.movable("generator"))
    assert all(p.grad.any() for p in it.movable("generator"))


def test_packs_of_one_are_the_plain_gan():
    real, fake = rows(4, 2), {"data": torch.randn(4, 2)}
    packs, plain = game(1).judge(real, fake), game(kind=GAN).judge(real, fake)
    assert_close(packs.losses, plain.losses, rtol=0, atol=0)


# The penalty


def test_the_penalty_is_taken_per_pack():
    turn = game(2, penalty=R1(2.0)).judge(rows(4, 2), rows(4, 2))
    assert_close(turn.losses["penalty"].item(), 1.0 + 4 + 9 + 16)


def test_a_pack_lies_between_a_real_and_a_fake_one_by_one_share():
    seen = []
    it = game(2, penalty=Gradient(1.0), shape=(1, 2, 2))
    it.discriminator.register_forward_hook(lambda module, inputs, _: seen.append(inputs[0]))
    it.judge({"data": torch.zeros(6, 1, 2, 2)}, {"data": torch.ones(6, 1, 2, 2)})
    between = seen[-1].flatten(1)
    assert between.shape == (3, 8)
    assert_close(between, between[:, :1].expand(-1, 8))
    assert between[:, 0].unique().numel() == 3


# The augmentation


def test_samples_are_augmented_one_by_one():
    turn = game(2, augment=Shifted()).judge(
        {"data": torch.zeros(4, 2)}, {"data": torch.zeros(4, 2)}
    )
    logits = torch.tensor([0.0 + 0 + 3 + 4, 2.0 + 4 + 9 + 12])
    assert_close(turn.measures["score_real"], logits.mean())


# Scores


@pytest.mark.parametrize("packing", [1, 2, 3, 5])
@pytest.mark.parametrize("n", [1, 5, 6])
def test_every_sample_has_one_score(packing, n):
    assert game(packing).scores(rows(n, 2)).shape == (n,)


def test_a_score_is_that_of_a_sample_with_one_from_half_the_batch_away():
    x = rows(4, 2)["data"]
    expected = torch.stack([x[k] @ torch.tensor([1.0, 2]) for k in range(4)])
    expected += torch.stack([x[(k + 2) % 4] @ torch.tensor([3.0, 4]) for k in range(4)])
    assert_close(game().scores({"data": x}), expected)


# Refusals


@pytest.mark.parametrize(("size", "packing"), [(9, 2), (8, 3)])
def test_a_batch_that_is_no_multiple_is_refused(tiny, size, packing):
    with pytest.raises(ConfigError, match=f"batch_size={size}.*multiple of {packing}"):
        build(tiny("model=pacgan", f"batch_size={size}", f"model.game.packing={packing}"))
