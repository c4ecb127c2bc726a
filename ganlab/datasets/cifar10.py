"""CIFAR-10, in the Python form that its author publishes and torchvision loads."""

import pickle
from collections.abc import Iterator

import numpy as np

from ganlab.datasets.images import Rows
from ganlab.datasets.pixels import resampled
from ganlab.datasets.published import Published
from ganlab.datasets.raw_file import RawFile

FOLDER = "cifar-10-batches-py"
TRAIN = tuple(f"data_batch_{k}" for k in range(1, 6))


def plain(name: str, size: int, md5: str) -> RawFile:
    """One unpacked file."""
    return RawFile(f"{FOLDER}/{name}", size, (md5,))


class CIFAR10(Published):
    """50,000 colour pictures of 32 x 32 to train on and 10,000 to test on (Krizhevsky 2009)."""

    name = "cifar10"
    classes = (
        "airplane",
        "automobile",
        "bird",
        "cat",
        "deer",
        "dog",
        "frog",
        "horse",
        "ship",
        "truck",
    )
    channels = 3
    count = 60_000
    forms = (
        (
            plain("data_batch_1", 31_035_704, "c99cafc152244af753f735de768cd75f"),
            plain("data_batch_2", 31_035_320, "d4bba439e000b95fd0a9bffe97cbabec"),
            plain("data_batch_3", 31_035_999, "54ebc095f3ab1f0389bbae665268c751"),
            plain("data_batch_4", 31_035_696, "634d18415352ddfa80567beed471001a"),
            plain("data_batch_5", 31_035_623, "482c414d41f54cd18b22e5b47cb7c3cb"),
            plain("test_batch", 31_035_526, "40351d587109b95175f43aff81a1287e"),
        ),
        (
            RawFile(
                "cifar-10-python.tar.gz",
                170_498_071,
                ("c58f30108f718f92721af3b95e74349a",),
                ("https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",),
            ),
        ),
    )

    def rows(self) -> Iterator[Rows]:
        form = self.files.obtained()
        for name in (*TRAIN, "test_batch"):
            with self.files.open(form, name) as file:
                batch = pickle.load(file, encoding="latin1")  # its checksum was right just now
            data = np.asarray(batch["data"]).reshape(-1, 3, 32, 32)
            label = np.asarray(batch["labels"], np.uint8)
            split = "train" if name in TRAIN else "test"
            yield split, {"data": resampled(data, self.resolution), "label": label}
