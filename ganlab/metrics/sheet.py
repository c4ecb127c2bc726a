"""Pairs of pictures to compare by eye."""

import numpy as np
from PIL import Image, ImageDraw
from torch import Tensor

LEAST_HEIGHT = 64
GAP = 2
BAND = 16
WHITE = 255


def sheet(bands: dict[str, tuple[Tensor, Tensor]]) -> np.ndarray:
    """One uint8 (H, W, 3): below each caption pairs of pictures, one above the other.

    A band has uint8 (N, C, H, W) above and the same below; small pictures are magnified.
    """
    parts = [part for words, pair in bands.items() for part in (caption(words), pairs(*pair))]
    width = max(part.shape[1] for part in parts)
    wide = [
        np.pad(p, ((0, 0), (0, width - p.shape[1]), (0, 0)), constant_values=WHITE) for p in parts
    ]
    return np.concatenate(wide)


def pairs(above: Tensor, below: Tensor) -> np.ndarray:
    """Both rows of pictures, uint8 (H', W', 3), a band of white below them."""
    spaces = ((0, 0), (GAP, 0), (GAP, GAP), (0, 0))
    both = [np.pad(large(side), spaces, constant_values=WHITE) for side in (above, below)]
    columns = np.pad(
        np.concatenate(both, 1), ((0, 0), (0, BAND), (0, 0), (0, 0)), constant_values=WHITE
    )
    return np.concatenate(list(columns), axis=1)


def large(pictures: Tensor) -> np.ndarray:
    """uint8 (N, H, W, 3), at least `LEAST_HEIGHT` high."""
    times = -(-LEAST_HEIGHT // pictures.shape[2])
    whole = pictures.repeat_interleave(times, 2).repeat_interleave(times, 3)
    return whole.expand(-1, 3, -1, -1).permute(0, 2, 3, 1).numpy()


def caption(words: str) -> np.ndarray:
    """Black on white, uint8 (BAND, W, 3)."""
    width = int(ImageDraw.Draw(Image.new("L", (1, 1))).textlength(words))
    strip = Image.new("RGB", (width + 2 * GAP, BAND), "white")
    ImageDraw.Draw(strip).text((GAP, GAP), words, fill="black")
    return np.asarray(strip)
