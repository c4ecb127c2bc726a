"""The contract of a dataset."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from ganlab.datasets.findings import Findings
from ganlab.datasets.spec import Spec

Report = Callable[[int, int], object]
"""Called now and then with (samples done, samples in all)."""


class Batches(Protocol):
    """Batches without end; `consumed` were handed out, and setting it goes on from there."""

    consumed: int

    def __next__(self) -> dict[str, Tensor]: ...

    def close(self) -> None: ...


class Dataset(ABC):
    """Samples in named columns: `data`, and `label` where the samples have labels."""

    @property
    @abstractmethod
    def spec(self) -> Spec:
        """The measured facts; asking for them prepares the dataset first."""

    @property
    @abstractmethod
    def splits(self) -> tuple[str, ...]:
        """The names of the stored splits: `train` first, then `test` where there is one."""

    @property
    @abstractmethod
    def prepared(self) -> bool:
        """Whether the data are there in the form they are read in."""

    @abstractmethod
    def prepare(self, report: Report | None = None) -> None:
        """Bring the data into the form they are read in; done once, later calls do nothing.

        Raises `DataError` for raw data that are missing or bad, `OutputError` where the prepared
        data cannot be written.
        """

    @property
    def fingerprint(self) -> str | None:
        """What tells training data from others; None where the configuration says all."""
        return self.digest("train")

    @property
    def content(self) -> str | None:
        """What tells the data from others by their content alone, however they are configured."""
        return self.fingerprint

    def digest(self, split: str) -> str | None:
        """What tells the data of a split from others; None where the configuration says all."""
        return None

    @property
    def frequencies(self) -> np.ndarray:
        """The share of each class (K,) among the training samples, float32."""
        label = self.arrays("train")["label"]
        counts = np.bincount(label, minlength=len(self.spec.classes or ()))
        return (counts / counts.sum()).astype(np.float32)

    @property
    def tutor(self) -> "Dataset":
        """The labelled dataset whose classifier judges samples of this one."""
        return self

    @abstractmethod
    def batches(
        self, batch_size: int, seed: int, device: torch.device | str, resident: bool | str
    ) -> Batches:
        """Training batches without end, as columns of tensors on `device`.

        `data` is float32, images (N, C, H, W) in [-1, 1]; `label` is int64 (N,), and so is `index`,
        which of the training samples a row is, where they are always the same `count`. What batch k
        holds depends on (seed, k) only. `resident` says whether the data are held on the device
        (True), streamed from disk (False), or held where they fit ("auto"); the batches are the
        same.
        """

    @abstractmethod
    def arrays(self, split: str) -> dict[str, np.ndarray]:
        """The stored columns of a split as memory maps; images are uint8 (N, C, H, W)."""

    @abstractmethod
    def describe(self) -> dict[str, str]:
        """Where the data lie and how many there are, without preparing anything."""

    @property
    def state(self) -> str:
        """How far the data are, in a word or two, without reading them."""
        return "ready" if self.prepared else "not prepared"

    def check(self) -> Findings:
        """Read everything that is there and compare it with what it should be; writes nothing."""
        return Findings(self.describe())
