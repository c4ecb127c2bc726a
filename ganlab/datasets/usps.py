"""USPS: digits scanned from envelopes, in the form that LIBSVM publishes and torchvision loads."""

import bz2
from collections.abc import Iterator

import numpy as np

from ganlab.datasets.images import Rows
from ganlab.datasets.pixels import resampled
from ganlab.datasets.published import Published
from ganlab.datasets.raw_file import Form, RawFile

SIDE = 16
HOST = "https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/multiclass/"


def form(folder: str, *hosts: str) -> Form:
    """The two files, which the hosts offer.

    The second sums are those of a copy without trailing zeros, equal in value.
    """
    return (
        RawFile(
            f"{folder}usps.bz2",
            6_579_383,
            ("ec16c51db3855ca6c91edd34d0e9b197", "41a09b14f595f6a024a8423e918d3bd4"),
            tuple(f"{host}usps.bz2" for host in hosts),
        ),
        RawFile(
            f"{folder}usps.t.bz2",
            1_831_726,
            ("8ea070ee2aca1ac39742fdd1ef5ed118", "5c4ad9e0d50fcb6e3c41baffad9c1ad7"),
            tuple(f"{host}usps.t.bz2" for host in hosts),
        ),
    )


def libsvm(text: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Pictures and labels 0..9 from lines `label 1:value 2:value ...`, 1..10 and -1..1."""
    table = np.fromstring(text.replace(b":", b" "), np.float32, sep=" ")
    table = table.reshape(-1, 1 + 2 * SIDE**2)
    pixels = (table[:, 2::2] + 1) / 2 * 255
    return pixels.astype(np.uint8).reshape(-1, 1, SIDE, SIDE), (table[:, 0] - 1).astype(np.uint8)


class USPS(Published):
    """7,291 digits to train on and 2,007 to test on, 16 x 16, resampled (Hull 1994)."""

    name = "usps"
    classes = tuple("0123456789")
    channels = 1
    count = 9_298
    forms = (form("USPS/", HOST), form(""))

    def rows(self) -> Iterator[Rows]:
        chosen = self.files.obtained()
        for split, file in zip(("train", "test"), chosen, strict=True):
            packed = (self.files.root / file.path).read_bytes()
            pictures, labels = libsvm(bz2.decompress(packed))
            yield split, {"data": resampled(pictures, self.resolution), "label": labels}
