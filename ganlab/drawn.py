"""Samples that were drawn of a run, as files."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch import Tensor

from ganlab import pictures
from ganlab.files import replacing, write_atomically
from ganlab.loaded import Loaded
from ganlab.making import make
from ganlab.panel import Extent, extent
from ganlab.sampling import quantise
from ganlab.views import real_points


@dataclass(frozen=True)
class Drawn:
    """Samples (N, *shape) of a run, the classes that were asked for in turn, and their name."""

    samples: Tensor
    label: list[int] | None
    loaded: Loaded
    name: str

    @property
    def is_image(self) -> bool:
        return self.samples.ndim == 4

    def place(self, out: str, end: str) -> Path:
        """Where they are to lie, its directory made."""
        path = Path(out) if out else self.loaded.run.samples / f"{self.name}{end}"
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


def write_grid(drawn: Drawn, out: str) -> Path:
    """One PNG of all samples; of several classes each has a column."""
    path = drawn.place(out, ".png")
    if drawn.is_image:
        columns = len(drawn.label) if drawn.label and len(drawn.label) > 1 else None
        picture = pictures.render(drawn.samples, columns)
    else:
        picture = pictures.scatter(drawn.samples, area(drawn.loaded))
    write_atomically(path, pictures.png(picture))
    return path


def area(loaded: Loaded) -> Extent | None:
    """The square of the plane that the data take, if their configuration alone says it."""
    dataset = make(loaded.config.dataset, "dataset")
    if not dataset.prepared or dataset.spec.shape != (2,):
        return None
    return extent(real_points(dataset)["data"].numpy())


def write_png(drawn: Drawn, out: str) -> Path:
    """One PNG a sample, in a directory."""
    directory = drawn.place(out, "")
    directory.mkdir(parents=True, exist_ok=True)
    for i in range(len(drawn.samples)):
        picture = pictures.render(drawn.samples[i : i + 1])
        (directory / f"{i:06d}.png").write_bytes(pictures.png(picture))
    return directory


def write_npz(drawn: Drawn, out: str) -> Path:
    """`images`, uint8 (N, H, W, C), or `points`, float32 (N, D), and the `labels` asked for."""
    path = drawn.place(out, ".npz")
    samples, label = drawn.samples, drawn.label
    arrays = {"images": quantise(samples)} if drawn.is_image else {"points": samples.numpy()}
    if label is not None:
        arrays["labels"] = np.resize(np.array(label), len(samples))
    with replacing(path) as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]
    return path


WRITERS = {"grid": write_grid, "png": write_png, "npz": write_npz}
