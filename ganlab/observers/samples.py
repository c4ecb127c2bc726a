"""Pictures from the same noise, so that one can watch a sample change."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from tensorboard.compat.proto.summary_pb2 import Summary

from ganlab.files import write_atomically


class Samples:
    """Writes pictures every `every` rounds, and the last ones, to `directory` and TensorBoard.

    `views` draw them, uint8 (H, W, C), by name; `png` encodes them. Round 1000's `samples` are
    0001000.png, and any other view says its name as well: 0001000-NAME.png.
    """

    def __init__(
        self,
        directory: Path,
        writer: Any,
        every: int,
        last: int,
        views: Mapping[str, Callable[[], np.ndarray]],
        png: Callable[[np.ndarray], bytes],
    ) -> None:
        self.directory, self.writer, self.every, self.last = directory, writer, every, last
        self.views, self.png = views, png

    def __call__(self, number: int, game: Any, record: dict) -> None:
        if number % self.every == 0 or number == self.last:
            for name, view in self.views.items():
                self.write(number, name, view())

    def write(self, number: int, name: str, picture: np.ndarray) -> None:
        """Encode a picture once, for the file and for TensorBoard."""
        encoded = self.png(picture)
        end = "" if name == "samples" else f"-{name}"
        write_atomically(self.directory / f"{number:07d}{end}.png", encoded)
        height, width, channels = picture.shape
        image = Summary.Image(
            height=height, width=width, colorspace=channels, encoded_image_string=encoded
        )
        summary = Summary(value=[Summary.Value(tag=name, image=image)])
        self.writer.file_writer.add_summary(summary, number)
