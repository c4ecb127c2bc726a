import os
from pathlib import Path

import pytest

from ganlab.datasets.digits import Digits

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="session", autouse=True)
def shared_cache(tmp_path_factory):
    """All tests prepare into one directory of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANLAB_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    """A cache for this test alone."""
    cache = tmp_path / "cache"
    monkeypatch.setenv("GANLAB_CACHE", str(cache))
    return cache


@pytest.fixture(scope="session")
def data_root():
    """Where real data lie, if they do."""
    root = Path(os.environ.get("GANLAB_DATA") or REPOSITORY.parent / "shared" / "data")
    if not root.is_dir():
        pytest.skip("no real data on this machine")
    return root


@pytest.fixture(scope="session")
def digits():
    return Digits(resolution=32, held_out=0.0, flip=False)
