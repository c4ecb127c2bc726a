"""The plane as a picture: data, samples, what the discriminator makes of them, and paths."""

from typing import Any

import numpy as np

Extent = tuple[float, float, float, float]
"""Left, right, bottom and top of a square of the plane."""

REAL, FAKE, PALE, INK = "#0072B2", "#D55E00", "#BBBBBB", "#222222"
PATHS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")  # all of the palette of Okabe and Ito
SIDE, GAP, LEFT, BELOW, ABOVE, BAR = 3.6, 0.45, 0.4, 0.55, 0.35, 0.55  # inches
DPI = 90
BANDS = 16
"""Steps of the heat map: bands show its shape as contours do, and take less of a file."""
MARGIN = 0.15
LONGEST_ARROW = 0.15
"""Both as shares of the square's side."""


def extent(points: np.ndarray) -> Extent:
    """A square around all points (N, 2), with a margin."""
    low, high = points.min(0), points.max(0)
    x, y = (low + high) / 2
    half = (0.5 + MARGIN) * float((high - low).max() or 1)
    return x - half, x + half, y - half, y + half


def lattice(area: Extent, side: int) -> np.ndarray:
    """The centres (side * side, 2), float32, of the cells of a square, row by row from below."""
    left, right, bottom, top = area
    ticks = (np.arange(side) + 0.5) / side
    x, y = np.meshgrid(left + ticks * (right - left), bottom + ticks * (top - bottom))
    return np.stack([x, y], -1).reshape(-1, 2).astype(np.float32)


class Panel:
    """Squares of the plane side by side, drawn anew each time on the axes of the real points.

    What stays (axes, titles, real points) is drawn once and kept as a picture: matplotlib takes
    far longer for text than for points. `judged` says whether there is a discriminator to show.
    """

    def __init__(self, real: np.ndarray, judged: bool):
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        self.area = extent(real)
        width = LEFT + (SIDE + GAP) * (2 + judged) + BAR * judged - GAP / 2
        figure = Figure(figsize=(width, BELOW + SIDE + ABOVE), dpi=DPI)
        self.canvas = FigureCanvasAgg(figure)
        self.cloud = Cloud(self._square(figure, LEFT), real)
        self.opinion = Opinion(self._square(figure, LEFT + SIDE + GAP)) if judged else None
        self.paths = Paths(self._square(figure, width - SIDE - GAP / 2), real)
        self.canvas.draw()
        self.background = self.canvas.copy_from_bbox(figure.bbox)

    def _square(self, figure: Any, left: float) -> Any:
        width, height = figure.get_size_inches()
        place = (left / width, BELOW / height, SIDE / width, SIDE / height)
        axes = figure.add_axes(place, xlim=self.area[:2], ylim=self.area[2:])
        axes.tick_params(labelsize=8)
        return axes

    def draw(
        self,
        samples: np.ndarray,
        paths: np.ndarray,
        judgement: tuple[np.ndarray, np.ndarray] | None = None,
    ) -> np.ndarray:
        """uint8 (H, W, 3) of samples (N, 2) and paths (2, P, S, 2), linear and spherical ones.

        The discriminator's judgement: logits (n * n,) at the `lattice` of the square, and where it
        pulls the first K samples (K, 2).
        """
        moving = [*self.cloud.show(samples), *self.paths.show(paths)]
        if self.opinion and judgement:
            moving += self.opinion.show(samples, *judgement)
        self.canvas.restore_region(self.background)
        for artist in moving:
            artist.axes.draw_artist(artist)
        return np.asarray(self.canvas.buffer_rgba())[..., :3].copy()


class Cloud:
    """Samples over real points, and how many of them lie elsewhere."""

    def __init__(self, axes: Any, real: np.ndarray):
        self.axes = axes
        axes.set_title("data and samples", fontsize=10)
        dots(axes, REAL, "data").set_data(*real.T)
        self.samples = dots(axes, FAKE, "samples", animated=True)
        for handle in legend(axes).legend_handles:
            handle.set(alpha=1, animated=False)
        place = {"transform": axes.transAxes, "fontsize": 8, "color": INK, "animated": True}
        behind = {"facecolor": "white", "alpha": 0.7, "pad": 1, "edgecolor": "none"}
        self.elsewhere = axes.text(0.02, 0.02, "", bbox=behind, **place)

    def show(self, samples: np.ndarray) -> list[Any]:
        """The artists to draw."""
        (left, right), (bottom, top) = self.axes.get_xlim(), self.axes.get_ylim()
        inside = (samples > (left, bottom)) & (samples < (right, top))
        share = 1 - inside.all(1).mean()
        self.samples.set_data(*samples.T)
        self.elsewhere.set_text(f"{share:.1%} of the samples outside" if share else "")
        return [self.samples, self.elsewhere]


class Opinion:
    """The discriminator's logits as a heat map, samples on it, and arrows where it pulls them."""

    def __init__(self, axes: Any):
        from matplotlib import colormaps

        axes.set_title("discriminator, and its pull on samples", fontsize=10)
        self.area = (*axes.get_xlim(), *axes.get_ylim())
        style = {"origin": "lower", "cmap": colormaps["cividis"].resampled(BANDS), "aspect": "auto"}
        place = {"extent": self.area, "interpolation": "bilinear", "animated": True}
        self.heat = axes.imshow(np.zeros((2, 2)), **style, **place)
        self.samples = dots(axes, "white", animated=True)
        units = {"angles": "xy", "scale_units": "xy", "scale": 1, "width": 0.006}
        self.units = {**units, "color": FAKE, "animated": True, "zorder": 3}
        self.axes = axes
        self.arrows: Any = None
        bar = axes.inset_axes((1.03, 0.1, 0.04, 0.8), xticks=[], yticks=[])
        bar.imshow(np.arange(BANDS)[:, None], **style)
        words = {"transform": bar.transAxes, "fontsize": 8, "color": INK, "animated": True}
        self.real = bar.text(0, 1.02, "", va="bottom", **words)
        self.fake = bar.text(0, -0.02, "", va="top", **words)

    def show(self, samples: np.ndarray, logits: np.ndarray, pulls: np.ndarray) -> list[Any]:
        """The artists to draw."""
        side = round(len(logits) ** 0.5)
        low, high = logits.min(), logits.max()
        self.heat.set_data(logits.reshape(side, side))
        self.heat.set_clim(low, high)
        self.real.set_text(f"{high:.2g}\nreal")
        self.fake.set_text(f"{low:.2g}\nfake")
        self.samples.set_data(*samples.T)
        arrows = self.arrows_of(samples[: len(pulls)], pulls)
        return [self.heat, self.samples, arrows, self.real, self.fake]

    def arrows_of(self, tails: np.ndarray, pulls: np.ndarray) -> Any:
        """Arrows of which the longest has a fixed length."""
        longest = np.linalg.norm(pulls, axis=1).max() or 1
        pulls = pulls * (LONGEST_ARROW * (self.area[1] - self.area[0]) / longest)
        if self.arrows is None:
            self.arrows = self.axes.quiver(*tails.T, *pulls.T, **self.units)
        self.arrows.set_offsets(tails)
        self.arrows.set_UVC(*pulls.T)
        return self.arrows


class Paths:
    """Where samples go while their noise goes straight, or along a circle."""

    def __init__(self, axes: Any, real: np.ndarray):
        axes.set_title("samples between fixed noise vectors", fontsize=10)
        dots(axes, PALE).set_data(*real.T)
        self.lines = [
            axes.plot([], [], style, color=colour, lw=1.5, animated=True)[0]
            for style in ("-", ":")
            for colour in PATHS
        ]
        self.ends = axes.plot([], [], "o", ms=5, color=INK, animated=True)[0]
        for style, label in {"-": "linear", ":": "spherical"}.items():
            axes.plot([], [], style, color=INK, label=label)
        legend(axes)

    def show(self, paths: np.ndarray) -> list[Any]:
        """The artists to draw."""
        for line, path in zip(self.lines, paths.reshape(-1, *paths.shape[2:]), strict=True):
            line.set_data(*path.T)
        self.ends.set_data(*paths[0, :, [0, -1]].reshape(-1, 2).T)
        return [*self.lines, self.ends]


def dots(axes: Any, colour: str, label: str = "", animated: bool = False) -> Any:
    """Small round dots, none of them placed yet."""
    style = {"ms": 3, "mew": 0, "alpha": 0.4, "color": colour}
    return axes.plot([], [], "o", label=label, animated=animated, **style)[0]


def legend(axes: Any) -> Any:
    """A legend below the square, where it hides nothing."""
    place = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.05), "ncols": 2}
    return axes.legend(fontsize=8, markerscale=2, frameon=False, **place)
