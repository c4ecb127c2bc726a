"""Sample grids from the same noise, so that one can watch a sample change."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ganlab.files import write_atomically


class Samples:
    """Writes a picture every `every` rounds, and the last one, to `directory` and TensorBoard.

    `picture()` gives uint8 (H, W, C) of the averaged generator's samples, `png` encodes it.
    """

    def __init__(
        self,
        directory: Path,
        writer: Any,
        every: int,
        last: int,
        picture: Callable[[], np.ndarray],
        png: Callable[[np.ndarray], bytes],
    ) -> None:
        self.directory, self.writer, self.every, self.last = directory, writer, every, last
        self.picture, self.png = picture, png

    def __call__(self, number: int, game: Any, record: dict) -> None:
        if number % self.every == 0 or number == self.last:
            picture = self.picture()
            write_atomically(self.directory / f"{number:07d}.png", self.png(picture))
            self.writer.add_image("samples", picture, number, dataformats="HWC")
