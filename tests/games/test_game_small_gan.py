"""Coresets cover what they are taken from, and batches of them consume the data by schedule."""

import itertools
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from ganlab.augment.none import NoAugment
from ganlab.build import build
from ganlab.games.small_gan import SmallGAN, coreset
from ganlab.losses.non_saturating import NonSaturating
from ganlab.penalties.none import NoPenalty
from ganlab.priors.normal import Normal


def radius(points, kept):
    """How far the farthest point is from the nearest that is kept."""
    return torch.cdist(points, points[kept]).min(1).values.max()


def best(points, size):
    """The least radius there is."""
    subsets = itertools.combinations(range(len(points)), size)
    return min(radius(points, list(kept)) for kept in subsets)


# Coresets


@pytest.mark.parametrize("size", [1, 2, 3, 5])
@pytest.mark.parametrize("seed", range(5))
def test_a_coreset_covers_at_most_twice_as_badly_as_the_best(size, seed):
    generator = torch.Generator().manual_seed(seed)
    points = torch.randn(10, 2, generator=generator)
    assert radius(points, coreset(points, size)) <= 2 * best(points, size) + 1e-6


def test_one_of_each_cluster_is_kept():
    clusters = torch.arange(6.0).repeat_interleave(5)[:, None] * 100
    points = clusters + torch.randn(30, 3)
    assert sorted((coreset(points, 6) // 5).tolist()) == list(range(6))


@pytest.mark.parametrize("size", [1, 7, 30])
@pytest.mark.parametrize("spread", [0.0, 1.0])
def test_rows_are_kept_once_even_where_points_are_equal(size, spread):
    points = spread * torch.randn(30, 2)
    points[10:20] = points[:10]
    kept = coreset(points, size)
    assert kept.shape == (size,)
    assert len(set(kept.tolist())) == size


def test_the_farthest_come_first():
    points = torch.tensor([[0.0], [1.0], [10.0], [4.0]])
    assert coreset(points, 4).tolist() == [0, 2, 3, 1]


# Batches


def small(oversampling=4, turns=1):
    network = SimpleNamespace(
        generator=lambda latent, shape: nn.Linear(latent, *shape),
        discriminator=lambda shape, outputs: nn.Linear(*shape, outputs),
    )
    parts = {"network": network, "shape": (2,), "loss": NonSaturating(), "prior": Normal(2)}
    parts |= {"penalty": NoPenalty(), "augment": NoAugment(), "discriminator_turns": turns}
    return SmallGAN(**parts, oversampling=oversampling, features=32)


class Numbered:
    """Endless batches of the numbers 0, 1, 2, ..., each its own label."""

    def __init__(self, size):
        self.size, self.consumed = size, 0

    def __next__(self):
        numbers = torch.arange(self.size) + self.size * self.consumed
        self.consumed += 1
        return {"data": torch.stack([numbers, -numbers], 1).float(), "label": numbers}


@pytest.mark.parametrize("turns", [1, 3])
@pytest.mark.parametrize("oversampling", [1, 4])
def test_each_turn_of_the_discriminator_consumes_its_share_of_batches(oversampling, turns):
    game, batches = small(oversampling, turns), Numbered(8)
    for number in (1, 2):
        list(game.round(number, batches))
        assert batches.consumed == number * oversampling * turns


def test_a_batch_is_a_coreset_of_those_that_were_drawn_labels_included():
    batch = next(small().covering(Numbered(8)))
    assert_close(batch["data"][:, 0], batch["label"].float())
    assert len(set(batch["label"].tolist())) == 8
    assert {0, 31} <= set(batch["label"].tolist()) <= set(range(32))


def test_without_oversampling_a_batch_is_the_one_drawn_in_another_order():
    batch = next(small(1).covering(Numbered(8)))
    assert sorted(batch["label"].tolist()) == list(range(8))


def test_noise_is_a_coreset_of_more_noise():
    game = small()
    torch.manual_seed(0)
    z = game.noise(8)
    torch.manual_seed(0)
    drawn = Normal(2)(32, "cpu")
    assert_close(z, drawn[coreset(drawn, 8)])


def test_noise_lies_farther_apart_than_as_much_that_was_drawn():
    def nearest(draw):
        return torch.stack([torch.pdist(draw()).min() for _ in range(30)]).mean()

    game = small()
    assert nearest(lambda: game.noise(8)) > 2 * nearest(lambda: game.prior(8, "cpu"))


# Features of real samples


def test_points_of_the_plane_are_their_own_features():
    assert_close(small().projection, torch.eye(2))


def test_coresets_are_chosen_in_full_precision():
    game, points = small(), [torch.full((8, 2), 1000.0) for _ in range(4)]
    points[2][5, 0] += 1  # in bfloat16 as far from the others as they are from each other
    with torch.autocast("cpu", dtype=torch.bfloat16):
        batch = next(game.covering(iter([{"data": drawn} for drawn in points])))
    assert 1001.0 in batch["data"][:2, 0]


def test_pictures_are_projected_by_what_the_seed_and_the_checkpoint_fix(tiny):
    one, other = (build(tiny("model=small_gan")).game for _ in range(2))
    assert one.projection.shape == (256, 32)
    assert_close(one.state_dict()["projection"], other.projection)


def test_a_projection_keeps_distances_on_the_whole(tiny):
    projection = build(tiny("model=small_gan", "model.game.features=128")).game.projection
    points = torch.randn(20, 256)
    shares = torch.pdist(points @ projection) / torch.pdist(points) / 128**0.5
    assert_close(shares, torch.ones_like(shares), rtol=0.3, atol=0.0)
