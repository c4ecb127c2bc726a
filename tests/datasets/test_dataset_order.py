"""The order law: what batch k holds depends on (seed, k) alone."""

import pytest
import torch

from ganlab.datasets.batches import normalised
from ganlab.datasets.digits import Digits
from ganlab.datasets.order import Order
from ganlab.errors import ConfigError

CPU = torch.device("cpu")


def batches_of(dataset, resident, seed=3, batch_size=100):
    return dataset.batches(batch_size, seed, "cpu", resident)


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[k], other[k]) for k in one)


@pytest.mark.parametrize(("count", "batch_size"), [(12, 4), (13, 5), (7, 7), (10, 9), (5, 1)])
def test_every_epoch_is_a_permutation_and_batches_cross_its_end(count, batch_size):
    order = Order(count, batch_size, seed=1, device=CPU)
    sequence = torch.cat([order(k) for k in range(3 * count)])
    epochs = sequence[: len(sequence) // count * count].view(-1, count)
    assert (epochs.sort(dim=1).values == torch.arange(count)).all()


@pytest.mark.parametrize("resident", [True, False])
def test_no_batch_is_short_though_one_sample_is_left_over(digits, resident):
    batches = batches_of(digits, resident, batch_size=449)  # 1797 = 4 * 449 + 1
    assert [len(next(batches)["data"]) for _ in range(10)] == [449] * 10


def test_epochs_and_seeds_differ():
    first, other = Order(100, 10, 0, CPU), Order(100, 10, 1, CPU)
    assert not torch.equal(first.epoch(0), first.epoch(1))
    assert not torch.equal(first.epoch(0), other.epoch(0))


def test_the_order_is_written_in_stone():
    """A new NumPy that draws otherwise would silently change every resumed run."""
    assert Order(10, 10, seed=0, device=CPU)(0).tolist() == [4, 6, 2, 7, 3, 5, 9, 0, 8, 1]


@pytest.mark.parametrize("resident", [True, False])
@pytest.mark.parametrize("consumed", [0, 1, 17, 18, 40])
def test_setting_consumed_equals_having_consumed(digits, resident, consumed):
    steady, resumed = batches_of(digits, True), batches_of(digits, resident)
    next(resumed)
    resumed.consumed = consumed
    for _ in range(consumed):
        next(steady)
    for _ in range(4):
        assert same(next(steady), next(resumed))
    assert resumed.consumed == steady.consumed == consumed + 4


def test_streamed_resident_and_auto_give_the_same_bits():
    flipped = Digits(resolution=32, held_out=0.0, flip=True)
    ways = [batches_of(flipped, resident) for resident in (True, False, "auto")]
    for _ in range(40):  # two epochs and more
        held, streamed, chosen = map(next, ways)
        assert same(held, streamed)
        assert same(held, chosen)


def test_batches_are_what_the_contract_says(digits):
    batch = next(batches_of(digits, "auto"))
    assert batch["data"].shape == (100, *digits.spec.shape)
    assert batch["data"].dtype == torch.float32
    assert batch["label"].dtype == torch.int64
    assert batch.keys() == set(digits.spec.columns)


@pytest.mark.parametrize("resident", [True, False])
def test_the_index_says_which_samples_they_are(digits, resident):
    batches = batches_of(digits, resident)
    for _ in range(20):  # more than an epoch
        batch = next(batches)
        assert batch["index"].dtype == torch.int64
        stored = {
            name: column[batch["index"].numpy()] for name, column in digits.arrays("train").items()
        }
        assert torch.equal(batch["data"], normalised(torch.from_numpy(stored["data"])))
        assert batch["label"].tolist() == stored["label"].tolist()


def test_mirrored_samples_have_no_index():
    flipped = Digits(resolution=32, held_out=0.0, flip=True)
    assert next(batches_of(flipped, True)).keys() == set(flipped.spec.columns) == {"data", "label"}


def test_normalisation_is_exact_at_both_ends_and_symmetric():
    scaled = normalised(torch.arange(256, dtype=torch.uint8))
    assert scaled[0] == -1
    assert scaled[-1] == 1
    assert torch.equal(scaled, -scaled.flip(0))
    assert torch.equal(scaled, (torch.arange(256) - 127.5) * torch.tensor(1 / 127.5))


def test_a_flip_mirrors_about_half_of_a_batch_and_nothing_else(digits):
    flipped = Digits(resolution=32, held_out=0.0, flip=True)
    plain, mirrored = (next(batches_of(d, True, batch_size=1000)) for d in (digits, flipped))
    turned = (plain["data"] != mirrored["data"]).flatten(1).any(1)
    assert torch.equal(mirrored["data"][turned], plain["data"][turned].flip(-1))
    assert 400 < turned.sum() < 600
    assert torch.equal(plain["label"], mirrored["label"])


def test_a_batch_larger_than_the_data_is_refused_with_both_numbers(digits):
    with pytest.raises(ConfigError, match=r"5000.*1797"):
        digits.batches(5000, 0, "cpu", True)


def test_the_global_generator_is_left_alone(digits):
    torch.manual_seed(0)
    before = torch.random.get_rng_state()
    next(batches_of(digits, False))
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_the_device_changes_no_bit():
    flipped = Digits(resolution=32, held_out=0.0, flip=True)
    on_host = batches_of(flipped, True)
    ways = [flipped.batches(100, 3, "cuda", resident) for resident in (True, False)]
    for _ in range(40):
        expected, held, streamed = next(on_host), *map(next, ways)
        assert held["data"].is_cuda
        assert same(expected, {k: v.cpu() for k, v in held.items()})
        assert same(expected, {k: v.cpu() for k, v in streamed.items()})
