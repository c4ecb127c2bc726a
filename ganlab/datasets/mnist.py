"""MNIST and Fashion-MNIST, from the files that torchvision's classes download."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ganlab.datasets.images import Rows
from ganlab.datasets.pixels import padded
from ganlab.datasets.published import Published
from ganlab.datasets.raw_file import Form, RawFile

PARTS = {"train": "train", "test": "t10k"}


@dataclass(frozen=True)
class Sums:
    """One of the four files: its bytes and MD5 sums, packed and unpacked."""

    name: str
    size: int
    packed: str
    plain_size: int
    plain: str


def both_forms(folder: str, hosts: tuple[str, ...], files: tuple[Sums, ...]) -> tuple[Form, ...]:
    """The four files as the hosts publish them, or unpacked."""
    packed = tuple(
        RawFile(
            f"{folder}/{f.name}.gz",
            f.size,
            (f.packed,),
            tuple(f"{host}{f.name}.gz" for host in hosts),
        )
        for f in files
    )
    plain = tuple(RawFile(f"{folder}/{f.name}", f.plain_size, (f.plain,)) for f in files)
    return packed, plain


def idx(content: bytes) -> np.ndarray:
    """The array in an IDX file of bytes: 0, 0, type, rank, big-endian sizes, values."""
    rank = content[3]
    shape = np.frombuffer(content, ">i4", rank, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * rank).reshape(shape)


class IDX(Published):
    """Ten classes of 28 x 28 grey pictures, 60,000 to train on and 10,000 to test on.

    `resolution` 32 frames them in black, 28 leaves them as they are.
    """

    channels = 1
    count = 70_000

    def rows(self) -> Iterator[Rows]:
        form = self.files.obtained()
        for split, part in PARTS.items():
            with self.files.open(form, f"{part}-images-idx3-ubyte") as file:
                pictures = idx(file.read())
            with self.files.open(form, f"{part}-labels-idx1-ubyte") as file:
                labels = idx(file.read())
            for k in range(0, len(labels), 5000):
                data = padded(pictures[k : k + 5000, None], self.resolution)
                yield split, {"data": data, "label": labels[k : k + 5000]}


class MNIST(IDX):
    """Handwritten digits (LeCun, Bottou, Bengio & Haffner 1998)."""

    name = "mnist"
    classes = tuple("0123456789")
    forms = both_forms(
        "MNIST/raw",
        ("https://ossci-datasets.s3.amazonaws.com/mnist/", "http://yann.lecun.com/exdb/mnist/"),
        (
            Sums(
                "train-images-idx3-ubyte",
                9_912_422,
                "f68b3c2dcbeaaa9fbdd348bbdeb94873",
                47_040_016,
                "6bbc9ace898e44ae57da46a324031adb",
            ),
            Sums(
                "train-labels-idx1-ubyte",
                28_881,
                "d53e105ee54ea40749a09fcbcd1e9432",
                60_008,
                "a25bea736e30d166cdddb491f175f624",
            ),
            Sums(
                "t10k-images-idx3-ubyte",
                1_648_877,
                "9fb629c4189551a2d022fa330f9573f3",
                7_840_016,
                "2646ac647ad5339dbf082846283269ea",
            ),
            Sums(
                "t10k-labels-idx1-ubyte",
                4_542,
                "ec29112dd5afa0611ce80d1b7f02629c",
                10_008,
                "27ae3e4e09519cfbb04c329615203637",
            ),
        ),
    )


class FashionMNIST(IDX):
    """Articles of clothing (Xiao, Rasul & Vollgraf 2017, arXiv:1708.07747)."""

    name = "fashion_mnist"
    classes = (
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    )
    forms = both_forms(
        "FashionMNIST/raw",
        ("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",),
        (
            Sums(
                "train-images-idx3-ubyte",
                26_421_880,
                "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
                47_040_016,
                "f4a8712d7a061bf5bd6d2ca38dc4d50a",
            ),
            Sums(
                "train-labels-idx1-ubyte",
                29_515,
                "25c81989df183df01b3e8a0aad5dffbe",
                60_008,
                "9018921c3c673c538a1fc5bad174d6f9",
            ),
            Sums(
                "t10k-images-idx3-ubyte",
                4_422_102,
                "bef4ecab320f06d8554ea6380940ec79",
                7_840_016,
                "8181f5470baa50b63fa0f6fddb340f0a",
            ),
            Sums(
                "t10k-labels-idx1-ubyte",
                5_148,
                "bb300cfdad3c16e7a12a480ee83cd310",
                10_008,
                "15d484375f8d13e6eb1aabb0c3f46965",
            ),
        ),
    )
