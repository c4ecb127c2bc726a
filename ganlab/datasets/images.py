"""Datasets of pictures: prepared once into memory-mapped arrays, then never decoded again."""

import hashlib
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ganlab.datasets.batches import PictureBatches, gather_from
from ganlab.datasets.dataset import Dataset, Report
from ganlab.datasets.findings import Findings
from ganlab.datasets.prepare import directory_for, finish, publish
from ganlab.datasets.spec import Spec
from ganlab.datasets.stored import Stored, Writer
from ganlab.errors import DataError, GanlabError

Rows = tuple[str, dict[str, np.ndarray]]
"""A split's name and some of its rows: `data` uint8 (n, C, H, W), `label` uint8 or wider (n,)."""


class Images(Dataset):
    """What all datasets of pictures share; each says what determines it, and yields its rows."""

    name: str

    def __init__(self, flip: bool):
        self.flip = flip
        self._opened: Stored | None = None

    @abstractmethod
    def identity(self) -> dict[str, Any]:
        """The JSON facts that determine the prepared content, without reading the raw data."""

    @abstractmethod
    def rows(self) -> Iterator[Rows]:
        """All pictures, some at a time."""

    @abstractmethod
    def facts(self) -> dict[str, Any]:
        """`classes` (names or None) and `source` (what is worth knowing), once rows were read."""

    @abstractmethod
    def expected(self) -> tuple[int, int]:
        """At most how many pictures there are, and how many bytes each takes."""

    @abstractmethod
    def raw(self) -> dict[str, str]:
        """Where the raw data lie and whether they are there, for `describe`."""

    @property
    def directory(self) -> Path:
        """Where the prepared arrays are or will be."""
        return directory_for(self.name, self.identity())

    @property
    def stored(self) -> Stored:
        """The prepared arrays, prepared now if they were not."""
        self.prepare()
        assert self._opened is not None
        return self._opened

    @property
    def spec(self) -> Spec:
        stored = self.stored.spec
        numbered = () if self.flip else ("index",)
        return replace(stored, columns=(*stored.columns, *numbered))

    def digest(self, split: str) -> str:
        digests = [column.digest for column in self.stored.columns[split].values()]
        return hashlib.sha256("".join(digests).encode()).hexdigest()[:12]

    @property
    def splits(self) -> tuple[str, ...]:
        return tuple(self.stored.columns)

    @property
    def prepared(self) -> bool:
        return self.directory.exists()

    def prepare(self, report: Report | None = None) -> None:
        if self._opened is not None:
            return
        directory = self.directory
        if not directory.exists():
            count, row = self.expected()
            publish(directory, count * row, lambda target: self._write(target, report or _silent))
        self._opened = Stored(directory)

    def batches(
        self, batch_size: int, seed: int, device: torch.device | str, resident: bool | str
    ) -> PictureBatches:
        columns = self.stored.columns["train"]
        gather = gather_from(columns, batch_size, seed, torch.device(device), resident)
        return PictureBatches(gather, seed, self.flip)

    def arrays(self, split: str) -> dict[str, np.ndarray]:
        if split not in self.splits:
            there = ", ".join(self.splits)
            raise DataError(f"{self.name} has no split {split!r}; it has: {there}.")
        return {name: column.array for name, column in self.stored.columns[split].items()}

    def describe(self) -> dict[str, str]:
        directory = self.directory
        if not directory.exists():
            count, row = self.expected()
            there = {"prepared": f"not yet; will be {directory}"}
            return {**self.raw(), **there, "bytes": f"up to {count * row:,}"}
        stored = Stored(directory)
        facts = {key: str(value) for key, value in stored.facts["source"].items()}
        return {**self.raw(), **facts, **stored.summary()}

    @property
    def raw_found(self) -> bool:
        """Whether the raw data are there, right or wrong."""
        return True

    @property
    def state(self) -> str:
        words = ["raw found"] * self.raw_found + ["prepared"] * self.prepared
        return ", ".join(words) or "missing"

    def check_raw(self) -> Findings:
        """What reading all raw data finds; they may be missing once the arrays are prepared."""
        return Findings(self.raw())

    def check(self) -> Findings:
        return self.check_raw() + self._check_prepared()

    def _check_prepared(self) -> Findings:
        directory = self.directory
        if not directory.exists():
            return Findings({"prepared": f"not yet; will be {directory}"})
        try:
            stored = Stored(directory)
            stored.verify()
        except DataError as error:
            return Findings({"prepared": f"{directory}, damaged"}, [str(error)])
        return Findings({**stored.summary(), "checksums": "all right"})

    def _write(self, directory: Path, report: Report) -> None:
        total, done = self.expected()[0], 0
        with Writer(directory) as writer:
            for split, columns in self._guarded_rows():
                writer.append(split, columns)
                done += len(columns["data"])
                report(min(done, total), total)
            report(total, total)
            facts = {"name": self.name, **writer.finish(), **self.facts()}
        if "train" not in facts["counts"]:
            raise DataError(f"{self.name} has no pictures for training.")
        finish(directory, facts)

    def _guarded_rows(self) -> Iterator[Rows]:
        """The rows; what goes wrong in reading them is the raw data's fault, not the cache's."""
        try:
            yield from self.rows()
        except GanlabError:
            raise
        except (OSError, EOFError, ValueError, LookupError) as error:
            raise DataError(f"The raw data of {self.name} cannot be read: {error}") from error


def _silent(done: int, total: int) -> None:
    """The report of one who does not ask."""
