"""Samples as something to look at: a grid of pictures, or a scatter plot of points."""

import io

import numpy as np
from PIL import Image
from torch import Tensor

from ganlab.sampling import quantise, tile


def enough(shape: tuple[int, ...]) -> int:
    """How many samples make a picture: a grid of 64, or a cloud of 2048 points."""
    return 64 if len(shape) == 3 else 2048


def render(samples: Tensor) -> np.ndarray:
    """One uint8 (H, W, C) picture of pictures (N, C, H, W) or of points (N, 2)."""
    return tile(quantise(samples)) if samples.ndim == 4 else scatter(samples)


def scatter(points: Tensor) -> np.ndarray:
    """Points of the plane, with equal axes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 5), dpi=100, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_subplot(aspect="equal")
    axes.scatter(points[:, 0], points[:, 1], s=4, alpha=0.5, linewidths=0)
    axes.grid(alpha=0.3)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def png(picture: np.ndarray) -> bytes:
    """A uint8 (H, W, C) picture as the bytes of a PNG file."""
    file = io.BytesIO()
    Image.fromarray(picture.squeeze(-1) if picture.shape[-1] == 1 else picture).save(file, "PNG")
    return file.getvalue()
