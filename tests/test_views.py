"""What is drawn while a run trains: fixed noise, true pulls, and nothing disturbed."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from recipes import ADVERSARIAL, POINTED, one_of_each_game
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import nn
from torch.testing import assert_close

from ganlab import runs
from ganlab.augment.none import NoAugment
from ganlab.build import build
from ganlab.cli import dispatch
from ganlab.engine import play
from ganlab.games.gan import GAN
from ganlab.losses.least_squares import LeastSquares
from ganlab.losses.wasserstein import Wasserstein
from ganlab.penalties.none import NoPenalty
from ganlab.priors.normal import Normal
from ganlab.sampling import decode, noise, quantise
from ganlab.views import CELLS, NOISE, PAIRS, between, views

RING = ("dataset=ring", "network.width=8")


class Parabola(nn.Module):
    """Samples x score -|x|^2: real is the origin."""

    def forward(self, x):
        return -x.square().sum(1, keepdim=True)


class Pairs(LeastSquares):
    """A loss of pairs: the generator minimises the mean of (real - fake)^2."""

    paired = True

    def generator(self, fake, real=None):
        return (real - fake).square().mean()


def game(loss):
    network = SimpleNamespace(
        generator=lambda latent, shape: nn.Linear(latent, *shape),
        discriminator=lambda shape, outputs: Parabola(),
    )
    parts = {"loss": loss, "penalty": NoPenalty(), "prior": Normal(2), "augment": NoAugment()}
    return GAN(network, (2,), **parts, discriminator_turns=1)


def points(seed):
    return torch.randn(16, 2, generator=torch.Generator().manual_seed(seed))


def test_a_critic_that_falls_away_from_the_origin_pulls_towards_it():
    """-grad of mean(|x|^2) by x is -2 x / N."""
    fake, real = points(0), points(1)
    pull = game(Wasserstein()).pull({"data": fake}, {"data": real})
    assert_close(pull, -2 * fake / 16)


def test_a_loss_of_pairs_pulls_each_sample_by_its_partner():
    """-grad of mean((r - f)^2) by x is 2 (r - f) f' / N, with f' = -2 x."""
    fake, real = points(0), points(1)
    short = (fake.square() - real.square()).sum(1, keepdim=True)
    pull = game(Pairs()).pull({"data": fake}, {"data": real})
    assert_close(pull, -4 * short * fake / 16)


@pytest.mark.parametrize("model", sorted({*POINTED} & {*ADVERSARIAL}))
def test_a_small_step_along_the_pull_lowers_the_generators_loss(tiny, model):
    played = build(tiny(f"model={model}", "dataset=ring")).game.eval()
    real = {"data": points(1), "label": torch.arange(16) % 8}
    with torch.no_grad():
        fake = {**played.fake(real), "data": points(0)}
    pull = played.pull(fake, real)
    further = {**fake, "data": fake["data"] + pull * 0.05 / pull.norm(dim=1).max()}
    before, after = (played.persuasion(batch, real).detach() for batch in (fake, further))
    assert after < before
    assert not pull.requires_grad
    assert all(parameter.grad is None for parameter in played.parameters())


@pytest.fixture(scope="module")
def experiment(tiny):
    return build(tiny("model=dcgan"))


def test_noise_is_fixed_by_its_seed_alone(experiment):
    torch.manual_seed(1)
    before = torch.get_rng_state()
    one, same, other = (noise(experiment.game, 4, seed) for seed in (0, 0, 1))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    assert torch.equal(torch.get_rng_state(), before)


def test_linear_and_spherical_strips_have_the_same_ends_and_different_middles(experiment):
    samples = between(experiment.averaged(), 5)
    assert samples.shape == (2, PAIRS, 5, 1, 16, 16)
    linear, spherical = samples
    assert_close(linear[:, [0, -1]], spherical[:, [0, -1]])
    assert not torch.allclose(linear[:, 2], spherical[:, 2])
    ends = decode(experiment.averaged(), noise(experiment.game, 2 * PAIRS, NOISE))
    assert_close(torch.cat([linear[:, 0], linear[:, -1]]), ends)


def test_the_strips_are_rows_under_a_title_each(experiment):
    strips = views(experiment)["interpolation"]()
    samples = between(experiment.averaged(), CELLS)
    top, side = (len(strips) - 2 * (PAIRS * 18 - 2)) // 2, 18
    for way in range(2):
        for row in range(PAIRS):
            y = top + way * (top + PAIRS * side - 2) + row * side
            for k in range(CELLS):
                cell = strips[y : y + 16, k * side : k * side + 16]
                assert np.array_equal(cell, quantise(samples[way, row, k][None])[0])


@pytest.mark.parametrize("model", sorted({*POINTED} & {*one_of_each_game()}))
def test_every_recipe_draws_its_panel_and_is_not_disturbed(tiny, model):
    experiment = build(tiny(f"model={model}", *RING))
    before = {name: tensor.clone() for name, tensor in experiment.game.state_dict().items()}
    modes = [module.training for module in experiment.game.modules()]
    torch.manual_seed(1)
    drawn_before = torch.get_rng_state()
    picture = views(experiment)["samples"]()
    assert picture.shape == (405, 744 if model == "vae" else 1158, 3)
    after = experiment.game.state_dict()
    assert all(torch.equal(after[name], before[name]) for name in before)
    assert [module.training for module in experiment.game.modules()] == modes
    assert all(parameter.grad is None for parameter in experiment.game.parameters())
    assert torch.equal(torch.get_rng_state(), drawn_before)


@pytest.mark.parametrize("words", [("model=dcgan",), ("model=dcgan", *RING)])
def test_training_is_the_same_to_the_bit_with_and_without_views(tiny, words):
    states = []
    for watched in (False, True):
        e = build(tiny(*words))
        drawn = [lambda *_, e=e: [view() for view in views(e).values()]] if watched else []
        play(e.game, e.optimizers, e.batches(), [1, 2, 3], 0, e.average, observers=drawn)
        states.append({**e.game.state_dict(), **e.average.state_dict()})
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


@pytest.mark.parametrize(
    ("dataset", "named"), [("digits", {"samples", "interpolation"}), ("ring", {"samples"})]
)
def test_files_and_tensorboard_hold_the_same_pictures(dataset, named, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["network.width=8", "batch_size=8", "rounds=2", "sample_every=1", "progress=none"]
    assert dispatch(["train", "model=gan", f"dataset={dataset}", "metrics=none", *words]) == 0
    run = runs.find("last", "outputs")
    ends = {"samples": "", "interpolation": "-interpolation"}
    files = {f"000000{k}{ends[name]}.png" for name in named for k in (1, 2)}
    assert {file.name for file in run.samples.iterdir()} == files
    found = EventAccumulator(str(run.path))
    found.Reload()
    assert set(found.Tags()["images"]) == named
    for name in named:
        images = found.Images(name)
        assert [image.step for image in images] == [1, 2]
        file = run.samples / f"0000002{ends[name]}.png"
        assert images[-1].encoded_image_string == file.read_bytes()
        assert (images[-1].width, images[-1].height) == Image.open(file).size


def test_samples_of_points_are_drawn_on_the_axes_of_their_data(tmp_path, monkeypatch):
    """An untrained generator's samples lie together; its picture shows them from afar."""
    monkeypatch.chdir(tmp_path)
    words = ["rounds=1", "progress=none", "batch_size=8", "dataset.radius=100.0", "metrics=none"]
    assert dispatch(["train", "model=gan", *RING, *words]) == 0
    assert dispatch(["sample", "last", "n=500", "out=far.png"]) == 0
    picture = np.asarray(Image.open("far.png"), dtype=int)
    rows, columns = np.nonzero(picture[..., 2] - picture[..., 0] > 100)  # blue dots
    assert np.ptp(rows) < 20
    assert np.ptp(columns) < 20


def test_runs_of_different_seeds_draw_their_pictures_from_the_same_noise(tiny):
    one, other = (build(tiny("model=dcgan", f"seed={seed}")) for seed in (1, 2))
    other.average.load_state_dict(one.average.state_dict())
    other.game.load_state_dict(one.game.state_dict())
    for name, view in views(one).items():
        assert np.array_equal(view(), views(other)[name]())
