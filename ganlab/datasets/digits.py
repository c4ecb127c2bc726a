"""The handwritten digits that come with scikit-learn: real data without a download."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ganlab.datasets.images import Images, Rows
from ganlab.datasets.pixels import resampled
from ganlab.datasets.split import by_hash, check_share


class Digits(Images):
    """1,797 digits of 8 x 8 pixels with 17 grey values, resampled to `resolution`.

    From the UCI Optical Recognition of Handwritten Digits set (Alpaydin & Kaynak 1998, its test
    part). `held_out` is the share moved to a test split; `flip` mirrors half of the training
    pictures.
    """

    name = "digits"

    def __init__(self, resolution: int, held_out: float, flip: bool):
        super().__init__(flip)
        check_share(held_out)
        self.resolution, self.held_out = resolution, held_out

    def identity(self) -> dict[str, Any]:
        facts = {"resolution": self.resolution, "held_out": self.held_out}
        return {"name": self.name, "source": "sklearn.datasets.load_digits", **facts}

    def rows(self) -> Iterator[Rows]:
        from sklearn.datasets import load_digits

        bundled = load_digits()
        original = np.rint(bundled.images * (255 / 16)).astype(np.uint8)
        data = resampled(original[:, None], self.resolution)
        splits = np.array([by_hash(picture.tobytes(), self.held_out) for picture in original])
        for split in np.unique(splits):
            chosen = splits == split
            label = bundled.target[chosen].astype(np.uint8)
            yield str(split), {"data": data[chosen], "label": label}

    def facts(self) -> dict[str, Any]:
        return {"classes": tuple("0123456789"), "source": {}}

    def expected(self) -> tuple[int, int]:
        return 1797, self.resolution**2 + 1

    def raw(self) -> dict[str, str]:
        return {"raw": "bundled with scikit-learn"}
