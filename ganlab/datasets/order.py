"""Which samples make up batch k: a pure function of (seed, epoch, position)."""

from enum import IntEnum

import numpy as np
import torch
from torch import Tensor

from ganlab.processes import mine


class Purpose(IntEnum):
    """What random numbers are for: each purpose has a stream of its own."""

    ORDER = 0
    FLIP = 1
    POINTS = 2
    STACK = 3


def random(seed: int, purpose: Purpose, number: int) -> np.random.Generator:
    """The generator for one epoch or batch; it remembers nothing of the ones before."""
    return np.random.default_rng((seed, purpose, number))


class Order:
    """This process's sample numbers of a batch, (N,) int64 on `device`.

    Every epoch is a permutation of the `count` samples, and the epochs are read as one long
    sequence: a batch may end one epoch and begin the next, so none is short and none is dropped.
    """

    def __init__(self, count: int, batch_size: int, seed: int, device: torch.device):
        self.count, self.batch_size, self.seed, self.device = count, batch_size, seed, device
        self._kept: dict[int, Tensor] = {}

    def __call__(self, number: int) -> Tensor:
        return mine(self.whole(number))

    def whole(self, number: int) -> Tensor:
        """The sample numbers of all processes."""
        epoch, first = divmod(number * self.batch_size, self.count)
        index = self.epoch(epoch)[first : first + self.batch_size]
        if len(index) == self.batch_size:
            return index
        return torch.cat([index, self.epoch(epoch + 1)[: self.batch_size - len(index)]])

    def epoch(self, number: int) -> Tensor:
        """The permutation of an epoch; the last two asked for are kept."""
        if number not in self._kept:
            order = random(self.seed, Purpose.ORDER, number).permutation(self.count)
            self._kept = {k: kept for k, kept in self._kept.items() if k == number - 1}
            self._kept[number] = torch.from_numpy(order).to(self.device)
        return self._kept[number]
