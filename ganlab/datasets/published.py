"""Published datasets of pictures, recognised by the checksums of their raw files."""

from abc import abstractmethod
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from ganlab.datasets.images import Images, Rows
from ganlab.datasets.raw import Form, Raw


class Published(Images):
    """A dataset whose raw files are known beforehand.

    `root` is the directory that torchvision's classes are given (their layout); `resolution` the
    side of the prepared pictures; `flip` mirrors half of the training pictures. The prepared
    arrays suffice: the raw files are looked at only to prepare them.
    """

    forms: tuple[Form, ...]
    classes: tuple[str, ...] | None
    channels: int
    count: int

    def __init__(self, root: str, resolution: int, flip: bool):
        super().__init__(flip)
        self.root, self.resolution = Path(root).expanduser(), resolution

    @abstractmethod
    def rows(self) -> Iterator[Rows]: ...

    @cached_property
    def files(self) -> Raw:
        """The raw files below the root."""
        return Raw(self.name, self.root, self.forms)

    def identity(self) -> dict[str, Any]:
        sums = sorted(md5 for file in self.forms[0] for md5 in file.md5s)
        return {"name": self.name, "md5": sums, "resolution": self.resolution}

    def facts(self) -> dict[str, Any]:
        return {"classes": self.classes, "source": {}}

    def expected(self) -> tuple[int, int]:
        return self.count, self.channels * self.resolution**2 + 1

    def raw(self) -> dict[str, str]:
        there = "" if self.files.present() else " (missing)"
        return {"raw": f"{self.files.place}{there}"}
