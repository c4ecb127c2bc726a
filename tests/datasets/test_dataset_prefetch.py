"""A failing or forgotten prefetching thread never hangs anyone."""

import contextlib
import gc
import resource
import shutil
import threading
import time

import pytest

from ganlab.datasets.digits import Digits
from ganlab.datasets.prefetch import Prefetcher
from ganlab.errors import DataError


def working():
    return [t for t in threading.enumerate() if t.name == "prefetch"]


def in_time(condition, seconds=5.0):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


def fails_at_three(number):
    if number == 3:
        raise ZeroDivisionError("three")
    return number


@pytest.fixture
def streaming(own_cache):
    dataset = Digits(resolution=8, held_out=0.0, flip=False)
    batches = dataset.batches(50, 0, "cpu", False)
    yield dataset, batches
    batches.close()


def array_of(dataset):
    return dataset.directory / "train-data.npy"


@pytest.fixture
def no_more_files():
    """Inside, this process may open no further file."""

    @contextlib.contextmanager
    def limit():
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))  # those that are open stay so
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    return limit


def drain(batches):
    for _ in range(100):
        next(batches)


def test_results_come_in_order_and_a_failure_where_it_happened():
    ahead = Prefetcher(fails_at_three, 0)
    assert [next(ahead) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ZeroDivisionError, match="three"):
        next(ahead)
    with pytest.raises(RuntimeError, match="gone"):
        next(ahead)


@pytest.mark.parametrize("end", ["close", "collect"])
def test_the_thread_ends(end):
    before = len(working())
    ahead = Prefetcher(lambda number: number, 0)
    assert len(working()) == before + 1
    if end == "close":
        ahead.close()
    del ahead
    gc.collect()
    assert in_time(lambda: len(working()) == before)


def test_the_thread_is_a_daemon_and_restarting_leaves_one(streaming):
    _, batches = streaming
    for consumed in (5, 2, 30):
        batches.consumed = consumed
        next(batches)
    assert [t.daemon for t in working()] == [True]


@pytest.mark.parametrize("fault", ["shrunk", "vanished"])
def test_an_array_that_changes_under_the_thread_is_an_error_with_its_name(streaming, fault):
    dataset, batches = streaming
    next(batches)
    if fault == "shrunk":
        with open(array_of(dataset), "r+b") as file:
            file.truncate(5000)
    else:
        array_of(dataset).unlink()
    start = time.monotonic()
    with pytest.raises(
        DataError, match=r"(?s)Reading batch \d+ failed.*train-data.npy.*ganlab data prune"
    ):
        drain(batches)
    with pytest.raises(DataError, match="train-data"):  # again, rather than hang
        next(batches)
    assert time.monotonic() - start < 5


def test_whatever_fails_in_the_thread_is_an_error_with_its_reason(streaming, no_more_files):
    _, batches = streaming
    next(batches)
    start = time.monotonic()
    with (
        no_more_files(),
        pytest.raises(DataError, match=r"Reading batch \d+ failed.*Too many open"),
    ):
        drain(batches)
    assert time.monotonic() - start < 5
    next(batches)  # the fault is over, and reading goes on


@pytest.mark.parametrize("resident", [True, False])
def test_an_array_that_is_gone_before_the_first_batch_is_an_error(own_cache, resident):
    dataset = Digits(resolution=8, held_out=0.0, flip=False)
    dataset.prepare()
    array_of(dataset).unlink()
    with pytest.raises(DataError, match="train-data"):
        next(dataset.batches(50, 0, "cpu", resident))


def test_arrays_that_vanish_once_they_are_held_harm_nobody(own_cache):
    dataset = Digits(resolution=8, held_out=0.0, flip=False)
    batches = dataset.batches(50, 0, "cpu", True)
    shutil.rmtree(dataset.directory)
    drain(batches)


def test_a_directory_that_vanishes_under_the_thread_is_an_error(streaming):
    dataset, batches = streaming
    next(batches)
    shutil.rmtree(dataset.directory)
    start = time.monotonic()
    with pytest.raises(DataError, match=r"(?s)Reading batch \d+ failed.*ganlab data prune"):
        drain(batches)
    assert time.monotonic() - start < 5
