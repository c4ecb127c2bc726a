"""Batches of pictures, gathered on the device or streamed to it: the same bits either way."""

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from ganlab.datasets import memory
from ganlab.datasets.order import Order, Purpose, random
from ganlab.datasets.prefetch import Prefetcher
from ganlab.datasets.stored import Column
from ganlab.errors import ConfigError, DataError
from ganlab.processes import mine, whole

Columns = dict[str, Tensor]


class Gather(Protocol):
    """Batch k as stored, and the rows' numbers as `index`, on the device."""

    def __call__(self, number: int) -> Columns: ...

    def close(self) -> None: ...


class PictureBatches:
    """Endless batches; set `consumed` to go on from another place."""

    def __init__(self, gather: Gather, seed: int, flip: bool):
        self.consumed = 0
        self._gather, self._seed, self._flip = gather, seed, flip
        self.close = gather.close

    def __iter__(self) -> "PictureBatches":
        return self

    def __next__(self) -> Columns:
        stored = self._gather(self.consumed)
        if self._flip:
            generator = random(self._seed, Purpose.FLIP, self.consumed)
            coins = mine(generator.integers(2, size=whole(len(stored["data"]))))
            stored["data"] = mirrored(stored["data"], coins == 1)
            del stored["index"]  # a picture and its mirror image are two samples
        self.consumed += 1
        return {
            name: normalised(column) if name == "data" else column.long()
            for name, column in stored.items()
        }


def mirrored(data: Tensor, which: np.ndarray) -> Tensor:
    """Pictures (N, C, H, W) with those mirrored where `which` (N,) is true."""
    mirror = torch.from_numpy(which).to(data.device, non_blocking=True)
    return torch.where(mirror[:, None, None, None], data.flip(-1), data)


def normalised(data: Tensor) -> Tensor:
    """uint8 0..255 to float32 -1..1, both ends exact, the same bits on every device."""
    if data.device.type != "cpu":
        return (data - 127.5).mul_(1 / 127.5)
    scaled = np.subtract(
        data.numpy(), 127.5, dtype=np.float32
    )  # no thread pool to wake and wait for
    scaled *= np.float32(1 / 127.5)
    return torch.from_numpy(scaled)


def gather_from(
    columns: Mapping[str, Column],
    batch_size: int,
    seed: int,
    device: torch.device,
    resident: bool | str,
) -> Gather:
    """The way to batches that `resident` asks for."""
    if resident not in (True, False, "auto"):
        raise ConfigError(f"resident is true, false or auto, not {resident!r}.")
    count = len(columns["data"].array)
    if batch_size > count:
        raise ConfigError(
            f"batch_size={batch_size} is more than the {count} samples of the training split. "
            f"Use batch_size={count} or less."
        )
    if resident == "auto":
        resident = memory.fits(sum(column.bytes for column in columns.values()), device)
    kind = Streamed if not resident else Held if device.type != "cpu" else HeldByHost
    return kind(columns, Order(count, batch_size, seed, _home(kind, device)), device)


def _home(kind: type, device: torch.device) -> torch.device:
    return device if kind is Held else torch.device("cpu")


class Held:
    """The columns lie on the device, and batches are gathered there."""

    def __init__(self, columns: Mapping[str, Column], order: Order, device: torch.device):
        self._order = order
        self._columns = {
            name: torch.from_numpy(column.read()).to(device) for name, column in columns.items()
        }

    def __call__(self, number: int) -> Columns:
        index = self._order(number)
        rows = {name: column.index_select(0, index) for name, column in self._columns.items()}
        return rows | {"index": index}

    def close(self) -> None:
        """Let go of the columns."""
        self._columns = {}


class HeldByHost:
    """The columns lie in memory; NumPy's `take` copies rows many times faster than torch's."""

    def __init__(self, columns: Mapping[str, Column], order: Order, device: torch.device):
        self._order = order
        self._columns = {name: column.read() for name, column in columns.items()}

    def __call__(self, number: int) -> Columns:
        index = self._order(number)
        rows = {name: take(column, index.numpy()) for name, column in self._columns.items()}
        return rows | {"index": index}

    def close(self) -> None:
        """Let go of the columns."""
        self._columns = {}


class Streamed:
    """A thread gathers from the files, a few batches ahead."""

    def __init__(self, columns: Mapping[str, Column], order: Order, device: torch.device):
        self._columns, self._order, self._device = columns, order, device
        self._ahead: Prefetcher | None = None

    def __call__(self, number: int) -> Columns:
        ahead = self._thread_at(number)
        try:
            batch = next(ahead)
        except Exception as error:
            self.close()
            raise DataError(f"Reading batch {number} failed: {error}") from error
        return {name: rows.to(self._device, non_blocking=True) for name, rows in batch.items()}

    def _thread_at(self, number: int) -> Prefetcher:
        if self._ahead is None or self._ahead.number != number:
            self.close()
            read = Reader(self._columns, self._order, pinned=self._device.type == "cuda")
            self._ahead = Prefetcher(read, number)
        return self._ahead

    def close(self) -> None:
        """End the thread."""
        if self._ahead is not None:
            self._ahead.close()
        self._ahead = None


class Reader:
    """Batch k from the files, whatever happens to them meanwhile."""

    def __init__(self, columns: Mapping[str, Column], order: Order, pinned: bool):
        self._columns, self._order, self._pinned = columns, order, pinned

    def __call__(self, number: int) -> Columns:
        index = self._order(number)
        rows = {
            name: torch.from_numpy(column.rows(index.numpy()))
            for name, column in self._columns.items()
        }
        rows["index"] = index
        return {name: r.pin_memory() for name, r in rows.items()} if self._pinned else rows


def take(array: np.ndarray, index: np.ndarray) -> Tensor:
    """The rows of an array as a new tensor."""
    return torch.from_numpy(np.take(array, index, axis=0))
