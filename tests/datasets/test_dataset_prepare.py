"""Prepared data are whole or not there, and are read back at once."""

import json
import multiprocessing
import os
import resource
import shutil
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from ganlab.datasets.digits import Digits
from ganlab.errors import ConfigError, DataError, OutputError
from ganlab.files import cache_root

FORK = multiprocessing.get_context("fork")


def small(held_out=0.0):
    return Digits(resolution=16, held_out=held_out, flip=False)


def prepare_after(barrier):
    barrier.wait()
    small().prepare(lambda done, total: time.sleep(0.2))


def die_while_preparing():
    small().prepare(lambda done, total: os.kill(os.getpid(), signal.SIGKILL))


def prepare_with_little_space():
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
    try:
        small().prepare()
    except OutputError as error:
        os._exit(error.exit_code)


def run(*targets, **options):
    processes = [FORK.Process(target=target, **options) for target in targets]
    for process in processes:
        process.start()
    for process in processes:
        process.join(30)
    return [process.exitcode for process in processes]


def visible(cache):
    return [path for path in cache.iterdir() if path.suffix != ".lock"]


def test_arrays_are_memory_maps_of_bytes_and_the_spec_is_measured(own_cache):
    dataset = small()
    arrays = dataset.arrays("train")
    assert isinstance(arrays["data"], np.memmap)
    assert arrays["data"].dtype == arrays["label"].dtype == np.uint8
    assert arrays["data"].shape == (1797, 1, 16, 16)
    assert dataset.spec.shape == (1, 16, 16)
    assert dataset.spec.count == 1797
    assert dataset.spec.classes == tuple("0123456789")
    assert dataset.spec.is_image


def test_constructing_and_describing_prepare_nothing(own_cache):
    described = small().describe()
    assert str(own_cache) in described["prepared"]
    assert not own_cache.exists()


def test_progress_reaches_the_end_and_a_second_time_is_silent(own_cache):
    reports = []
    small().prepare(lambda *counts: reports.append(counts))
    assert reports[-1] == (1797, 1797)
    small().prepare(lambda *counts: pytest.fail("prepared twice"))


def test_opening_again_takes_milliseconds(own_cache):
    small().prepare()

    def seconds():
        start = time.perf_counter()
        small().arrays("train")
        return time.perf_counter() - start

    assert min(seconds() for _ in range(5)) < 0.1


def test_two_at_once_end_well(own_cache):
    barrier = FORK.Barrier(2)
    assert run(prepare_after, prepare_after, args=(barrier,)) == [0, 0]
    assert visible(own_cache) == [small().directory]
    small().stored.verify()


def test_what_a_killed_preparation_left_is_ignored_and_removed(own_cache):
    assert run(die_while_preparing) == [-signal.SIGKILL]
    (left,) = visible(own_cache)
    assert left != small().directory
    small().stored.verify()
    assert visible(own_cache) == [small().directory]


def test_a_full_disk_leaves_nothing_behind(own_cache):
    assert run(prepare_with_little_space) == [OutputError.exit_code]
    assert visible(own_cache) == []


def test_too_little_space_is_seen_beforehand(own_cache):
    huge = Digits(resolution=10**6, held_out=0.0, flip=False)
    with pytest.raises(OutputError, match=r"[\d,]{15,} bytes needed, [\d,]+ free.*GANLAB_CACHE"):
        huge.prepare()
    assert visible(own_cache) == []


def test_a_cache_that_cannot_be_made_is_named(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("GANLAB_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(OutputError, match="GANLAB_CACHE"):
        small().prepare()


@pytest.mark.parametrize("name", ["train-data.npy", "spec.json"])
@pytest.mark.parametrize("fault", ["shrunk", "vanished"])
def test_damage_is_seen_at_opening_with_the_remedy(own_cache, name, fault):
    dataset = small()
    dataset.prepare()
    victim = dataset.directory / name
    victim.write_bytes(victim.read_bytes()[:200]) if fault == "shrunk" else victim.unlink()
    with pytest.raises(DataError, match=rf"(?s){name}.*prune digits` removes {dataset.directory}"):
        small().prepare()
    shutil.rmtree(dataset.directory)
    small().prepare()


def test_a_changed_byte_is_found_by_its_checksum(own_cache):
    dataset = small()
    dataset.stored.verify()
    with open(dataset.directory / "train-data.npy", "r+b") as file:
        file.seek(1000)
        file.write(b"\xaa\x55")
    with pytest.raises(DataError, match="sha256"):
        small().stored.verify()


def test_the_facts_are_written_down(own_cache):
    small().prepare()
    facts = json.loads((small().directory / "spec.json").read_text())
    assert facts["counts"] == {"train": 1797}
    assert len(facts["splits"]["train"]["data"]["sha256"]) == 64


def test_held_out_splits_by_content(own_cache):
    half, tenth = small(held_out=0.5), small(held_out=0.1)
    assert half.splits == ("train", "test")
    counts = [len(half.arrays(split)["data"]) for split in half.splits]
    assert sum(counts) == 1797
    assert abs(counts[1] - 898) < 100
    few, many = (set(map(bytes, d.arrays("test")["data"])) for d in (tenth, half))
    assert few < many  # a larger share keeps what a smaller one held out
    assert not many & set(map(bytes, half.arrays("train")["data"]))


def test_wrong_shares_and_splits_are_refused(own_cache):
    with pytest.raises(ConfigError, match="held_out"):
        small(held_out=1.0)
    with pytest.raises(DataError, match="no split 'test'"):
        small().arrays("test")


def test_without_the_environment_the_user_cache_is_used(monkeypatch):
    monkeypatch.delenv("GANLAB_CACHE")
    assert cache_root().is_relative_to(Path.home()) or "XDG_CACHE_HOME" in os.environ
