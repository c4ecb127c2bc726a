"""Arrays of pictures at another resolution, by Pillow: the same bits on every machine."""

import numpy as np
from PIL import Image

MNIST_SIDE = 32


def resampled(pictures: np.ndarray, resolution: int) -> np.ndarray:
    """uint8 (N, C, H, W) to (N, C, resolution, resolution), bicubic, antialiased, clamped."""
    if pictures.shape[-2:] == (resolution, resolution):
        return pictures
    return np.stack([_resampled(picture, resolution) for picture in pictures])


def _resampled(picture: np.ndarray, resolution: int) -> np.ndarray:
    side = (resolution, resolution)
    planes = [Image.fromarray(plane).resize(side, Image.Resampling.BICUBIC) for plane in picture]
    return np.stack([np.asarray(plane) for plane in planes])


def padded(pictures: np.ndarray, resolution: int) -> np.ndarray:
    """MNIST's 28 x 28 framed in black to 32 x 32, and from there to other resolutions.

    A resolution of 28 leaves them as they are.
    """
    height, width = pictures.shape[-2:]
    if (height, width) == (resolution, resolution):
        return pictures
    frame = [(0, 0), (0, 0), *[((MNIST_SIDE - n) // 2,) * 2 for n in (height, width)]]
    return resampled(np.pad(pictures, frame), resolution)
