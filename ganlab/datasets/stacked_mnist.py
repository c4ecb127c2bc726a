"""MNIST three times over: a thousand modes that can be counted."""

import hashlib
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from ganlab.datasets.batches import PictureBatches
from ganlab.datasets.dataset import Dataset, Report
from ganlab.datasets.findings import Findings
from ganlab.datasets.mnist import MNIST
from ganlab.datasets.order import Purpose, random
from ganlab.datasets.spec import Spec
from ganlab.errors import ConfigError

CHANNELS = 3
Columns = TypeVar("Columns", Tensor, np.ndarray)


class StackedMNIST(Dataset):
    """Three MNIST digits as the channels of one picture (3, H, W); its label reads 000 to 999.

    An epoch uses each digit once, so it has a third of MNIST's count; every epoch combines them
    anew. The arrays are those of MNIST itself: nothing is prepared twice. Metz, Poole, Pfau &
    Sohl-Dickstein 2017, arXiv:1611.02163, section 3.3.1; PacGAN, arXiv:1712.04086, section 4.2.
    """

    name = "stacked_mnist"

    def __init__(self, root: str, resolution: int, offline: bool | str):
        self.channel = MNIST(root, resolution, False, offline)

    @property
    def tutor(self) -> Dataset:
        return self.channel

    @property
    def spec(self) -> Spec:
        one = self.channel.spec
        return Spec(
            name=self.name,
            shape=(CHANNELS, *one.shape[1:]),
            count=self._count("train"),
            classes=tuple(f"{k:03d}" for k in range(1000)),
            columns=("data", "label"),
        )

    @property
    def splits(self) -> tuple[str, ...]:
        return self.channel.splits

    @property
    def prepared(self) -> bool:
        return self.channel.prepared

    def prepare(self, report: Report | None = None) -> None:
        self.channel.prepare(report)

    def digest(self, split: str) -> str:
        return hashlib.sha256(f"stacked {self.channel.digest(split)}".encode()).hexdigest()[:12]

    def batches(
        self, batch_size: int, seed: int, device: torch.device | str, resident: bool | str
    ) -> "StackedBatches":
        if batch_size > (count := self._count("train")):
            raise ConfigError(
                f"batch_size={batch_size} is more than the {count} triples of an epoch. "
                f"Use batch_size={count} or less."
            )
        return StackedBatches(self.channel.batches(CHANNELS * batch_size, seed, device, resident))

    def arrays(self, split: str) -> dict[str, np.ndarray]:
        """One stack of a split, always the same, made in memory; no digit is in it twice."""
        digits = self.channel.arrays(split)
        order = random(0, Purpose.STACK, 0).permutation(len(digits["data"]))
        chosen = order[: CHANNELS * self._count(split)]
        label = digits["label"][chosen].astype(np.int64)
        return stacked({"data": digits["data"][chosen], "label": label})

    def _count(self, split: str) -> int:
        return len(self.channel.arrays(split)["data"]) // CHANNELS

    def describe(self) -> dict[str, str]:
        return {
            "channels": f"{CHANNELS} pictures of {self.channel.name}",
            **self.channel.describe(),
        }

    @property
    def state(self) -> str:
        return self.channel.state

    def check(self) -> Findings:
        return self.channel.check()


class StackedBatches:
    """Batch k stacks the three times larger batch k of the digits, neighbours in one picture.

    A process's rows of that batch are whole triples, so that all processes together have the
    pictures of one.
    """

    def __init__(self, digits: PictureBatches):
        self._digits = digits
        self.close = digits.close

    @property
    def consumed(self) -> int:
        return self._digits.consumed

    @consumed.setter
    def consumed(self, number: int) -> None:
        self._digits.consumed = number

    def __iter__(self) -> "StackedBatches":
        return self

    def __next__(self) -> dict[str, Tensor]:
        return stacked(next(self._digits))


def stacked(digits: dict[str, Columns]) -> dict[str, Columns]:
    """Each three neighbours (3 n, 1, H, W) as one picture (n, 3, H, W); labels are int64."""
    data, label = digits["data"], digits["label"].reshape(-1, CHANNELS)
    return {
        "data": data.reshape(-1, CHANNELS, *data.shape[2:]),
        "label": 100 * label[:, 0] + 10 * label[:, 1] + label[:, 2],
    }
