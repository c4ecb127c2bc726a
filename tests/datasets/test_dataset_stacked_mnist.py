"""Three digits in one picture, and the thousand modes that makes."""

import contextlib
from multiprocessing import get_all_start_methods, get_context

import numpy as np
import pytest
import torch
from torch import distributed

from ganlab.datasets.cache import entries
from ganlab.datasets.mnist import MNIST
from ganlab.datasets.stacked_mnist import StackedMNIST
from ganlab.errors import ConfigError, DataError

SIZE = 6


@pytest.fixture(scope="module")
def stack(data_root):
    if not (data_root / "MNIST").is_dir():
        pytest.skip("no MNIST on this machine")
    made = StackedMNIST(str(data_root), 28, True)
    made.prepare()
    return made


def batch(stack, number=0, seed=1, resident="auto", size=SIZE):
    with contextlib.closing(stack.batches(size, seed, "cpu", resident)) as batches:
        batches.consumed = number
        return next(batches)


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[k], other[k]) for k in one)


@pytest.fixture(scope="module")
def known(stack):
    """The label of every picture of MNIST's training split, by its bytes."""
    digits = stack.channel.arrays("train")
    pairs = zip(digits["data"], digits["label"], strict=True)
    return {picture.tobytes(): int(label) for picture, label in pairs}


def uint8(data):
    return ((data + 1) * 127.5).round().to(torch.uint8).numpy()


def test_a_picture_is_three_digits_and_its_label_reads_them(stack, known):
    found = batch(stack, size=200)
    for picture, label in zip(uint8(found["data"]), found["label"].tolist(), strict=True):
        assert f"{label:03d}" == "".join(str(known[digit.tobytes()]) for digit in picture)


@pytest.mark.parametrize("split", ["train", "test"])
def test_the_arrays_are_one_stack_of_their_split(stack, split):
    digits, made = stack.channel.arrays(split), stack.arrays(split)
    assert len(made["data"]) == len(made["label"]) == len(digits["data"]) // 3
    assert made["data"].dtype == np.uint8
    pairs = zip(digits["data"], digits["label"], strict=True)
    labels = {picture.tobytes(): int(label) for picture, label in pairs}
    for picture, label in zip(made["data"][:500], made["label"], strict=False):
        assert f"{label:03d}" == "".join(str(labels[digit.tobytes()]) for digit in picture)
    again = stack.arrays(split)
    assert all(np.array_equal(made[name], again[name]) for name in made)


def test_all_modes_are_there_about_equally_often(stack):
    """20,000 draws of 1,000 nearly equal modes: about 20 each, none 0 (e^-20)."""
    counts = np.bincount(stack.arrays("train")["label"], minlength=1000)
    assert counts.shape == (1000,)
    assert counts.min() > 0
    share = counts / counts.sum()
    assert 0.02 < (share * np.log(share * 1000)).sum() < 0.06  # 999 / 40,000 and unequal digits


def test_an_epoch_has_every_digit_once_and_the_next_combines_them_anew(stack):
    batches = stack.batches(20_000, 0, "cpu", True)
    first, second = (next(batches) for _ in range(2))
    of_digits = next(stack.channel.batches(60_000, 0, "cpu", True))
    assert torch.equal(first["data"].view(60_000, 1, 28, 28), of_digits["data"])
    assert not torch.equal(first["label"].sort().values, second["label"].sort().values)


def test_resident_and_streamed_and_resumed_batches_are_the_same_bits(stack):
    with contextlib.closing(stack.batches(999, 1, "cpu", True)) as steady:
        for number in range(22):  # across the end of an epoch
            expected = next(steady)
            if number in (0, 19, 20, 21):
                for resident in (True, False, "auto"):
                    assert same(expected, batch(stack, number, 1, resident, 999))
        assert steady.consumed == 22


def test_seeds_differ(stack):
    assert not same(batch(stack, seed=1), batch(stack, seed=2))


def take_part(stack, rank, count, directory):
    """One of `count` processes: keeps its rows of batch 7."""
    store = distributed.FileStore(str(directory / "store"), count)
    distributed.init_process_group("gloo", store=store, rank=rank, world_size=count)
    torch.save(batch(stack, 7, resident=rank % 2 == 0), directory / f"{rank}")


@pytest.mark.skipif("fork" not in get_all_start_methods(), reason="needs to fork")
@pytest.mark.parametrize("count", [2, 3])
def test_all_processes_together_have_the_batch_of_one(stack, count, tmp_path):
    fork = get_context("fork")
    ranks = [fork.Process(target=take_part, args=(stack, r, count, tmp_path)) for r in range(count)]
    for process in ranks:
        process.start()
    for process in ranks:
        process.join(60)
    parts = [torch.load(tmp_path / f"{rank}") for rank in range(count)]
    assert [len(part["label"]) for part in parts] == [SIZE // count] * count
    expected = batch(stack, 7)
    assert same(expected, {name: torch.cat([part[name] for part in parts]) for name in expected})


def test_the_facts(stack):
    assert stack.spec.shape == (3, 28, 28)
    assert stack.spec.count == 20_000
    assert stack.spec.classes[:2] == ("000", "001")
    assert len(stack.spec.classes) == 1000
    assert stack.splits == ("train", "test")
    assert batch(stack).keys() == set(stack.spec.columns)
    assert stack.fingerprint != stack.channel.fingerprint
    assert stack.describe().items() > stack.channel.describe().items()
    assert stack.check().faults == []


def test_the_digits_are_those_of_mnist_and_its_classifier_judges(stack, data_root):
    mnist = MNIST(str(data_root), 28, False, True)
    assert stack.tutor is stack.channel
    assert stack.tutor.tutor is stack.channel
    assert stack.tutor.fingerprint == mnist.fingerprint
    assert stack.tutor.directory == mnist.directory
    assert not [entry for entry in entries() if entry.name == "stacked_mnist"]


def test_a_batch_larger_than_an_epoch_is_refused_with_both_numbers(stack):
    with pytest.raises(ConfigError, match=r"20001.*20000"):
        stack.batches(20_001, 0, "cpu", True)


def test_a_split_that_is_not_there_is_refused(stack):
    with pytest.raises(DataError, match="no split 'held'"):
        stack.arrays("held")


def test_without_mnist_the_message_names_its_files(tmp_path, own_cache):
    missing = StackedMNIST(str(tmp_path), 32, True)
    assert missing.state == "missing"
    assert not missing.prepared
    with pytest.raises(DataError, match="train-images-idx3"):
        missing.prepare()
