"""What the tests share: a cache of their own, tiny configurations, real data where they are."""

import copy
import functools
import gc
import logging
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from omegaconf import DictConfig
from PIL import Image

from ganlab.compose import compose

TINY = ("runtime=cpu", "runtime.precision=fp32", "batch_size=8", "network.width=4")


def pytest_collection_finish():
    """What is imported by now stays: the garbage collector need not look through it each time."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure():
    gc.unfreeze()


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory):
    """All tests prepare data into one directory, unless they choose another; none downloads."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANLAB_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("OMP_NUM_THREADS", "1")  # of the processes that tests start
        patch.setenv("GANLAB_OFFLINE", "true")
        yield


@pytest.fixture(autouse=True)
def one_thread():
    """Tiny tensors gain nothing from threads, and several test runs may share the machine."""
    torch.set_num_threads(1)


@pytest.fixture
def told(caplog):
    """What was said."""
    log = logging.getLogger("ganlab")
    before, log.propagate = log.propagate, True
    caplog.set_level(logging.INFO, "ganlab")
    yield caplog
    log.propagate = before


@pytest.fixture(scope="session")
def mnist_root():
    """Where MNIST lies, if it does."""
    beside = Path(__file__).parents[2] / "shared" / "data"
    root = Path(os.environ.get("GANLAB_DATA") or beside)
    if not (root / "MNIST").is_dir():
        pytest.skip("no MNIST on this machine; GANLAB_DATA says where it is")
    return root


@pytest.fixture(scope="session")
def colours(tmp_path_factory):
    """Words for colour pictures of two classes, 16 pixels wide."""
    root = tmp_path_factory.mktemp("colours")
    random = np.random.default_rng(0)
    for number in range(32):
        directory = root / ("odd" if number % 2 else "even")
        directory.mkdir(exist_ok=True)
        pixels = random.integers(256, size=(16, 16, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(directory / f"{number}.png")
    return "dataset=folder", f"dataset.path={root}", "dataset.resolution=16"


@pytest.fixture(scope="session")
def tiny():
    """Compose words into a configuration whose rounds take milliseconds, by default of digits."""

    @functools.cache
    def composed(words: tuple[str, ...]) -> DictConfig:
        elsewhere = any(word.startswith(("dataset=", "experiment=")) for word in words)
        coarse = [] if elsewhere else ["dataset.resolution=16"]
        return compose([*TINY, *coarse, *words]).config

    return lambda *words: copy.deepcopy(composed(words))
