"""What a dataset looks like, measured from its data."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Spec:
    """The facts of a dataset that networks and games are built from.

    `shape` is (C, H, W) for images and (2,) for points; `count` the number of training samples, or
    None where they are drawn without end; `classes` the names of the labels, or None where there
    are no labels; `columns` the keys of a batch, `index` among them where samples are numbered.
    """

    name: str
    shape: tuple[int, ...]
    count: int | None
    classes: tuple[str, ...] | None
    columns: tuple[str, ...]

    @property
    def is_image(self) -> bool:
        """Whether a sample is a picture (C, H, W)."""
        return len(self.shape) == 3
