"""STL-10, in the binary form that its authors publish and torchvision loads."""

from collections.abc import Iterator
from typing import IO, Any

import numpy as np

from ganlab.datasets.images import Rows
from ganlab.datasets.pixels import resampled
from ganlab.datasets.published import Published
from ganlab.datasets.raw_file import RawFile
from ganlab.errors import ConfigError

SIDE = 96
PICTURE = 3 * SIDE**2
AT_ONCE = 500


def plain(name: str, size: int, md5: str) -> RawFile:
    """One unpacked file."""
    return RawFile(f"stl10_binary/{name}", size, (md5,))


TRAIN = (
    plain("train_X.bin", 138_240_000, "918c2871b30a85fa023e0c44e0bee87f"),
    plain("train_y.bin", 5_000, "5a34089d4802c674881badbb80307741"),
)
UNLABELED = (plain("unlabeled_X.bin", 2_764_800_000, "5242ba1fed5e4be9e1e742405eb56ca4"),)
TEST = (
    plain("test_X.bin", 221_184_000, "7f263ba9f9e0b06b93213547f721ac82"),
    plain("test_y.bin", 8_000, "36f9794fa4beb8a2c72628de14fa638e"),
)
ARCHIVE = (
    RawFile(
        "stl10_binary.tar.gz",
        2_640_397_119,
        ("91f7769df0f17e558f3565bffb0c7dfb",),
        ("http://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz",),
    ),
)
CLASSES = (
    "airplane",
    "bird",
    "car",
    "cat",
    "deer",
    "dog",
    "horse",
    "monkey",
    "ship",
    "truck",
)
PARTS = {
    "train": ("train",),
    "unlabeled": ("unlabeled",),
    "train+unlabeled": ("train", "unlabeled"),
}
COUNTS = {"train": 13_000, "unlabeled": 108_000, "train+unlabeled": 113_000}


class STL10(Published):
    """96 x 96 colour pictures, resampled; 8,000 to test on (Coates, Lee & Ng 2011).

    `source_split` says what to train on: `train` (5,000 with labels), `unlabeled` (100,000), or
    `train+unlabeled`. The last two have no labels, so neither has their test split.
    """

    name = "stl10"
    channels = 3

    def __init__(
        self, root: str, source_split: str, resolution: int, flip: bool, offline: bool | str
    ):
        super().__init__(root, resolution, flip, offline)
        if source_split not in PARTS:
            options = ", ".join(PARTS)
            raise ConfigError(f"dataset.source_split={source_split!r}: one of {options}.")
        self.source_split, self.count = source_split, COUNTS[source_split]
        self.classes = CLASSES if source_split == "train" else None
        files = {"train": TRAIN, "unlabeled": UNLABELED, "train+unlabeled": TRAIN + UNLABELED}
        self.forms = (files[source_split] + TEST, ARCHIVE)

    def identity(self) -> dict[str, Any]:
        return {**super().identity(), "source_split": self.source_split}

    def rows(self) -> Iterator[Rows]:
        form = self.files.obtained()
        for part in (*PARTS[self.source_split], "test"):
            split = "test" if part == "test" else "train"
            labels = self._labels(form, part) if self.classes else None
            with self.files.open(form, f"{part}_X.bin") as file:
                first = 0
                for pictures in read(file):
                    columns = {"data": resampled(pictures, self.resolution)}
                    if labels is not None:
                        columns["label"] = labels[first : first + len(pictures)]
                    first += len(pictures)
                    yield split, columns

    def _labels(self, form: tuple[RawFile, ...], part: str) -> np.ndarray:
        with self.files.open(form, f"{part}_y.bin") as file:
            return np.frombuffer(file.read(), np.uint8) - 1


def read(file: IO[bytes]) -> Iterator[np.ndarray]:
    """The pictures of a file, some at a time; it holds them column by column."""
    while content := file.read(AT_ONCE * PICTURE):
        yield np.frombuffer(content, np.uint8).reshape(-1, 3, SIDE, SIDE).swapaxes(2, 3)
