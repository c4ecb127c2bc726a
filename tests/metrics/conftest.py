"""Cases put together by hand: what a metric is shown without a run, a dataset or an extractor."""

from types import SimpleNamespace

import pytest
import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf

from ganlab.metrics.case import Mixture, Training
from ganlab.metrics.seen import Answers, Moments, Seen
from ganlab.options import shipped


@pytest.fixture(scope="session")
def metric():
    """The metric of an option as it is shipped, or with other settings."""

    def made(name, **settings):
        return instantiate(OmegaConf.load(shipped() / "metrics" / f"{name}.yaml")[name], **settings)

    return made


@pytest.fixture(scope="session")
def seen():
    """One side of a case, seen in two chunks of unequal size."""

    def look(features=None, logits=None, samples=None):
        count = next(len(part) for part in (features, logits, samples) if part is not None)
        side = Seen(count, torch.zeros(count, 1, 8, 8, dtype=torch.uint8))
        if samples is not None:
            side.samples = samples
        if features is not None:
            side.features, side.moments = features, Moments(features.shape[1])
            for chunk in features.split(count // 2 + 1):
                side.moments.add(chunk)
        if logits is not None:
            side.answers = Answers(logits.shape[1], count)
            for chunk in logits.split(count // 2 + 1):
                side.answers.add(chunk)
        return side

    return look


@pytest.fixture(scope="session")
def case(seen):
    """A case of a real and a fake side, each given as features."""

    def put(real=None, fake=None, seed=0, **more):
        sides = {"real": real, "fake": fake}
        made = {name: seen(side) for name, side in sides.items() if side is not None}
        return SimpleNamespace(seed=seed, **made, **more)

    return put


@pytest.fixture(scope="session")
def points(seen):
    """A case of points of the plane, held against a mixture or against other points."""

    def put(fake, mixture=None, real=None, seed=0):
        sides = {"fake": seen(samples=fake), "real": None if real is None else seen(samples=real)}
        return SimpleNamespace(seed=seed, mixture=mixture, **sides)

    return put


@pytest.fixture(scope="session")
def answered(seen):
    """A case in which a classifier gave these logits."""

    def put(fake, real=None):
        classes = tuple(map(str, range(fake.shape[1])))
        real = fake if real is None else real
        return SimpleNamespace(real=seen(logits=real), fake=seen(logits=fake), classes=classes)

    return put


@pytest.fixture(scope="session")
def training():
    """Training pictures whose features are their pixels, so that mirrors are what they seem."""

    def put(pictures):
        def features():
            for chunk in pictures.split(300):
                yield pixels(chunk), pixels(chunk.flip(3))

        return Training(features, lambda index: pictures[index], len(pictures))

    return put


@pytest.fixture(scope="session")
def ring():
    """PacGAN's ring of eight modes."""
    angles = torch.arange(8) * (torch.pi / 4)
    return Mixture(torch.stack([angles.cos(), angles.sin()], 1), 0.01)


def pixels(pictures):
    return pictures.flatten(1).float()
