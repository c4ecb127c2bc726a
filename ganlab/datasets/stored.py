"""Prepared arrays on disk: one `.npy` a column and split, and `spec.json` beside them."""

import json
import os
import struct
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ganlab.datasets.spec import Spec
from ganlab.errors import DataError
from ganlab.files import sha256

HEADER = 128


class ArrayFile:
    """A `.npy` file that grows by rows; its header is written last, when the count is known."""

    def __init__(self, path: Path):
        self.path, self.count = path, 0
        self._row: tuple[int, ...] = ()
        self._dtype = np.dtype(np.uint8)
        self.file = open(path, "wb")  # noqa: SIM115 - closed by the writer
        self.file.seek(HEADER)

    def append(self, rows: np.ndarray) -> None:
        """Add rows; all calls give rows of one shape and dtype."""
        self._row, self._dtype = rows.shape[1:], rows.dtype
        self.count += len(rows)
        self.file.write(np.ascontiguousarray(rows).data)

    def finish(self) -> dict[str, Any]:
        """Complete the file, on disk; returns its entry in `spec.json`."""
        self.file.seek(0)
        self.file.write(header((self.count, *self._row), self._dtype))
        self.file.flush()
        os.fsync(self.file.fileno())
        size = self.path.stat().st_size
        return {"file": self.path.name, "bytes": size, "sha256": sha256(self.path)}


class Writer:
    """Writes the columns of all splits into a directory, some rows at a time."""

    def __init__(self, directory: Path):
        self._directory = directory
        self._files: dict[str, dict[str, ArrayFile]] = {}
        self.shape: tuple[int, ...] = ()

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, *_: object) -> None:
        for files in self._files.values():
            for column in files.values():
                column.file.close()

    def append(self, split: str, columns: dict[str, np.ndarray]) -> None:
        """Add rows of a split."""
        files = self._files.setdefault(split, {})
        for name, rows in columns.items():
            if name not in files:
                files[name] = ArrayFile(self._directory / f"{split}-{name}.npy")
            files[name].append(rows)
        self.shape = columns["data"].shape[1:]

    def finish(self) -> dict[str, Any]:
        """Complete all files; returns their part of `spec.json`."""
        order = sorted(self._files, key=lambda split: split != "train")
        return {
            "shape": self.shape,
            "counts": {split: self._files[split]["data"].count for split in order},
            "splits": {
                split: {name: file.finish() for name, file in self._files[split].items()}
                for split in order
            },
        }


def header(shape: tuple[int, ...], dtype: np.dtype) -> bytes:
    """The header of a `.npy` file, version 1.0, of exactly `HEADER` bytes."""
    facts = {"descr": dtype.str, "fortran_order": False, "shape": shape}
    text = repr(facts).ljust(HEADER - 11) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode("latin1")


@dataclass(frozen=True)
class Column:
    """One stored column, and how long its file must be."""

    path: Path
    bytes: int
    digest: str

    def check(self) -> None:
        """Raise `DataError` where the file is gone or not of its length."""
        try:
            found = self.path.stat().st_size
        except OSError as error:
            raise damaged(self.path.parent, f"{self.path.name}: {error.strerror}") from error
        if found != self.bytes:
            what = f"{self.path.name} has {found:,} bytes instead of {self.bytes:,}"
            raise damaged(self.path.parent, what)

    @cached_property
    def array(self) -> np.memmap:
        """The column as a read-only memory map."""
        self.check()
        return np.load(self.path, mmap_mode="r")

    def rows(self, index: np.ndarray) -> np.ndarray:
        """Those rows, read from the file: touching a map of a file that was cut short kills."""
        self.check()
        shape, dtype, start = self.array.shape[1:], self.array.dtype, self.array.offset
        rows = np.empty((len(index), *shape), dtype)
        target, size = rows.reshape(-1).view(np.uint8).data, rows.nbytes // len(index)
        with open(self.path, "rb", buffering=0) as file:
            for k, position in enumerate(index.tolist()):
                file.seek(start + position * size)
                if file.readinto(target[k * size : (k + 1) * size]) != size:
                    raise damaged(self.path.parent, f"{self.path.name} ends too early")
        return rows

    def read(self) -> np.ndarray:
        """The column in memory."""
        self.check()
        return np.load(self.path)


class Stored:
    """A prepared dataset. Opening looks at sizes; `verify` reads everything."""

    def __init__(self, directory: Path):
        self.directory = directory
        try:
            self.facts = json.loads((directory / "spec.json").read_text(encoding="utf-8"))
            self.columns = {
                split: {name: self._column(entry) for name, entry in columns.items()}
                for split, columns in self.facts["splits"].items()
            }
            self.spec = self._spec()
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise damaged(directory, f"spec.json cannot be read ({error})") from error
        for column in self._all():
            column.check()

    def _column(self, entry: dict[str, Any]) -> Column:
        return Column(self.directory / entry["file"], entry["bytes"], entry["sha256"])

    def _spec(self) -> Spec:
        classes = self.facts["classes"]
        return Spec(
            name=self.facts["name"],
            shape=tuple(self.facts["shape"]),
            count=self.facts["counts"]["train"],
            classes=None if classes is None else tuple(classes),
            columns=tuple(self.columns["train"]),
        )

    def _all(self) -> list[Column]:
        return [column for columns in self.columns.values() for column in columns.values()]

    @property
    def bytes(self) -> int:
        """What the arrays take on disk."""
        return sum(column.bytes for column in self._all())

    def summary(self) -> dict[str, str]:
        """Where the arrays are, their bytes, the samples of each split."""
        counts = ", ".join(f"{split} {n:,}" for split, n in self.facts["counts"].items())
        return {"prepared": str(self.directory), "bytes": f"{self.bytes:,}", "counts": counts}

    def verify(self) -> None:
        """Read every array and compare checksums; raises `DataError` for the first that differs."""
        for column in self._all():
            try:
                found = sha256(column.path)
            except OSError as error:
                raise damaged(self.directory, f"{column.path.name}: {error.strerror}") from error
            if found != column.digest:
                what = f"{column.path.name} has sha256 {found} instead of {column.digest}"
                raise damaged(self.directory, what)


def damaged(directory: Path, what: str) -> DataError:
    """The error for prepared data that changed after they were made."""
    name = directory.name.rpartition("-")[0]
    return DataError(
        f"Prepared data are damaged: {what}.\n"
        f"`ganlab data prune {name}` removes {directory};\n"
        "they are then prepared anew from the raw data."
    )
