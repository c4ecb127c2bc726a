"""The classifier: trained once, kept by its content, and no burden to who asks for it."""

import logging
import logging.handlers
import multiprocessing
import queue

import numpy as np
import pytest
import torch

from ganlab.datasets.digits import Digits
from ganlab.datasets.mnist import MNIST
from ganlab.extractors import training
from ganlab.extractors.classifier import Classifier, accuracy, obtained
from ganlab.extractors.network import DIMENSIONS, Network, widths

TEN = tuple("0123456789")
SIZE = 16
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def digits():
    """Digits small enough to learn in a second or two, a fifth of them held out."""
    dataset = Digits(resolution=SIZE, held_out=0.2, flip=False)
    return dataset.arrays("train"), dataset.arrays("test")


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    """A cache for this test alone."""
    monkeypatch.setenv("GANLAB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def brief(monkeypatch):
    """A recipe of few steps."""
    monkeypatch.setattr(training, "LEAST_STEPS", 20)
    monkeypatch.setattr(training, "EPOCHS", 0)


def learnt(digits, content="digits"):
    return obtained("digits", *digits, TEN, content, "cpu")


def files(cache):
    """What is visible among the kept classifiers."""
    return sorted(path.name for path in (cache / "extractors").glob("*.pt"))


def test_digits_are_learnt_and_two_lines_say_so(digits, own_cache, told):
    found = learnt(digits)
    assert accuracy(found, digits[1]) >= 0.95
    features, _ = found(torch.from_numpy(digits[0]["data"].copy()))
    assert features.mean(0).abs().max() < 0.5  # standardised, as far as running statistics are
    assert 0.5 < features.std(0).min() < features.std(0).max() < 2
    assert (found.name, found.classes, found.resizing) == ("digits_classifier", TEN, "none")
    before, after = told.messages
    assert "10 classes" in before
    assert f"{len(digits[0]['data']):,} pictures" in before
    assert f"{accuracy(found, digits[1]):.2%} of the test pictures" in after
    assert str(own_cache / "extractors" / files(own_cache)[0]) in after


def test_it_is_trained_once_and_the_same_afterwards(digits, own_cache, told, brief):
    first = learnt(digits)
    told.clear()
    again = learnt(digits)
    assert told.messages == []
    assert again.sha256 == first.sha256
    pictures = torch.from_numpy(digits[1]["data"].copy())
    for one, other in zip(first(pictures), again(pictures), strict=True):
        assert torch.equal(one, other)


def test_other_data_have_another_classifier(digits, own_cache, brief):
    learnt(digits)
    learnt(digits, "other digits")
    obtained("digits", *digits, (*TEN, "none"), "digits", "cpu")
    assert len(files(own_cache)) == 3


@pytest.mark.parametrize("surroundings", [torch.no_grad, torch.inference_mode])
def test_it_depends_on_nothing_of_the_caller_and_changes_nothing(
    digits, tmp_path, monkeypatch, surroundings, brief
):
    found = []
    for seed in (1, 2):
        monkeypatch.setenv("GANLAB_CACHE", str(tmp_path / str(seed)))
        torch.manual_seed(seed)
        np.random.seed(seed)
        state = torch.get_rng_state(), np.random.get_state()[1].tolist()
        with surroundings(), torch.autocast("cpu", torch.bfloat16):
            found += [learnt(digits), learnt(digits)]  # trained, and from the cache
            assert not torch.is_grad_enabled()
        assert torch.is_grad_enabled()
        assert torch.equal(torch.get_rng_state(), state[0])
        assert np.random.get_state()[1].tolist() == state[1]
    assert len({each.sha256 for each in found}) == 1


@pytest.mark.parametrize("damage", ["cut", "flipped", "foreign"])
def test_a_damaged_file_is_told_of_and_replaced(digits, own_cache, told, brief, damage):
    first = learnt(digits)
    (path,) = (own_cache / "extractors").glob("*.pt")
    whole = path.read_bytes()
    flipped = whole[:1000] + bytes([whole[1000] ^ 1]) + whole[1001:]
    path.write_bytes({"cut": whole[:-1], "flipped": flipped, "foreign": b"hello"}[damage])
    told.clear()
    assert learnt(digits).sha256 == first.sha256
    assert f"{path} is damaged" in told.messages[0]
    assert path.read_bytes()[:32] == whole[:32]


def test_a_cache_that_cannot_be_written_stops_nothing(digits, tmp_path, monkeypatch, told, brief):
    (tmp_path / "file").touch()
    monkeypatch.setenv("GANLAB_CACHE", str(tmp_path / "file" / "cache"))
    assert learnt(digits).dimensions == DIMENSIONS
    assert any("cannot be written" in message for message in told.messages)


def say(digits, answers):
    """Put the classifier's sum, and how often one was trained for it."""
    said = queue.SimpleQueue()
    logging.getLogger("ganlab").addHandler(logging.handlers.QueueHandler(said))
    logging.getLogger("ganlab").setLevel(logging.INFO)
    answers.put((learnt(digits).sha256, said.qsize() // 2))


def test_of_two_at_once_one_trains_and_both_see_the_same(digits, own_cache, brief):
    fork = multiprocessing.get_context("fork")
    answers = fork.SimpleQueue()
    both = [fork.Process(target=say, args=(digits, answers)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(60)
    assert [process.exitcode for process in both] == [0, 0]
    one, other = answers.get(), answers.get()
    assert one[0] == other[0] == learnt(digits).sha256
    assert one[1] + other[1] == 1
    assert len(files(own_cache)) == 1


@pytest.mark.parametrize(
    ("size", "levels"),
    [(8, [64]), (16, [32, 64]), (28, [16, 32, 64]), (32, [16, 32, 64]), (64, [16, 16, 32, 64])],
)
@pytest.mark.parametrize("channels", [1, 3])
def test_any_size_and_any_number_of_classes_fit(size, levels, channels):
    assert widths(size) == levels
    seen = Classifier("some", Network((channels, size, size), 7), tuple("abcdefg"), CPU)
    features, logits = seen(torch.randint(256, (3, channels, size, size), dtype=torch.uint8))
    assert (features.shape, logits.shape) == ((3, DIMENSIONS), (3, 7))
    assert features.dtype == logits.dtype == torch.float32


def test_pictures_are_seen_one_by_one():
    torch.manual_seed(0)
    seen = Classifier("some", Network((1, 8, 8), 4), tuple("abcd"), CPU)
    pictures = torch.randint(256, (1203, 1, 8, 8), dtype=torch.uint8)
    together, alone = seen(pictures), seen(pictures[777:778])
    for whole, single in zip(together, alone, strict=True):
        assert len(whole) == 1203
        torch.testing.assert_close(whole[777:778], single)
        assert not whole.requires_grad


@pytest.mark.parametrize("count", [1, 100, 1_797, 60_000])
def test_every_picture_is_seen_before_any_is_seen_again(count):
    rows = training.batches(count)
    assert len(rows) == training.steps(count)
    assert {len(some) for some in rows} == {training.BATCH}
    times = torch.cat(rows).bincount(minlength=count)
    assert times.max() - times.min() <= 1


def test_few_pictures_are_seen_more_often_and_many_are_bounded():
    assert training.steps(1) == training.LEAST_STEPS
    assert training.steps(60_000) == training.EPOCHS * 60_000 // training.BATCH
    assert training.steps(10**9) == training.MOST_STEPS


@pytest.mark.slow
def test_a_part_of_mnist_suffices_for_97_percent(mnist_root, own_cache):
    dataset = MNIST(str(mnist_root), resolution=28, flip=False, offline=True)
    train, test = ({k: v[:10_000] for k, v in dataset.arrays(s).items()} for s in dataset.splits)
    found = obtained("mnist", train, test, TEN, "a part", "cpu")
    assert accuracy(found, test) >= 0.97
