"""Samples as something to look at: a grid of pictures, or a scatter plot of points."""

import io

import numpy as np
from PIL import Image, ImageDraw
from torch import Tensor

from ganlab.panel import Extent
from ganlab.sampling import quantise, tile

LINE = 14
"""Pixels that a line of text is high."""


def enough(shape: tuple[int, ...]) -> int:
    """How many samples make a picture: a grid of 64, or a cloud of 2048 points."""
    return 64 if len(shape) == 3 else 2048


def render(samples: Tensor, columns: int | None = None) -> np.ndarray:
    """One uint8 (H, W, C) picture of pictures (N, C, H, W), or of points (N, 2)."""
    return tile(quantise(samples), columns) if samples.ndim == 4 else scatter(samples)


def strips(samples: Tensor) -> np.ndarray:
    """Pictures (2, P, S, C, H, W) as P rows of S linear steps above as many spherical ones."""
    ways = zip(("linear", "spherical"), samples, strict=True)
    return np.concatenate(
        [titled(tile(quantise(way.flatten(0, 1)), way.shape[1]), name) for name, way in ways]
    )


def titled(picture: np.ndarray, title: str) -> np.ndarray:
    """A uint8 (H, W, C) picture below a line of text, black on white."""
    line = Image.new("L", (picture.shape[1], LINE), 255)
    ImageDraw.Draw(line).text((2, 1), title, fill=0)
    text = np.repeat(np.asarray(line)[..., None], picture.shape[2], axis=2)
    return np.concatenate([text, picture])


def scatter(points: Tensor, area: Extent | None = None) -> np.ndarray:
    """Points of the plane, with equal axes: those of an area, or all that the points need."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 5), dpi=100, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_subplot(aspect="equal")
    axes.scatter(points[:, 0], points[:, 1], s=4, alpha=0.5, linewidths=0)
    if area is not None:
        axes.set(xlim=area[:2], ylim=area[2:])
    axes.grid(alpha=0.3)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def png(picture: np.ndarray) -> bytes:
    """A uint8 (H, W, C) picture as the bytes of a PNG file."""
    file = io.BytesIO()
    Image.fromarray(picture.squeeze(-1) if picture.shape[-1] == 1 else picture).save(
        file, "PNG", compress_level=4
    )
    return file.getvalue()
