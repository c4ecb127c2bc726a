"""Published datasets of pictures, recognised by the checksums of their raw files."""

from abc import abstractmethod
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from ganlab.datasets.findings import Findings
from ganlab.datasets.images import Images, Rows
from ganlab.datasets.raw import Raw
from ganlab.datasets.raw_file import Form


class Published(Images):
    """A dataset whose raw files are known beforehand.

    `root` is the directory that torchvision's classes are given (their layout); `resolution` the
    side of the prepared pictures; `flip` mirrors half of the training pictures; `offline` forbids
    downloads, and may be the reason. The prepared arrays suffice: the raw files are looked at only
    to prepare them.
    """

    forms: tuple[Form, ...]
    classes: tuple[str, ...] | None
    channels: int
    count: int

    def __init__(self, root: str, resolution: int, flip: bool, offline: bool | str):
        super().__init__(flip)
        self.root, self.resolution = Path(root).expanduser(), resolution
        self.offline = offline

    @abstractmethod
    def rows(self) -> Iterator[Rows]: ...

    @cached_property
    def files(self) -> Raw:
        """The raw files below the root."""
        return Raw(self.name, self.root, self.forms, self.offline)

    def identity(self) -> dict[str, Any]:
        sums = sorted(md5 for file in self.forms[0] for md5 in file.md5s)
        return {"name": self.name, "md5": sums, "resolution": self.resolution}

    def facts(self) -> dict[str, Any]:
        return {"classes": self.classes, "source": {}}

    def expected(self) -> tuple[int, int]:
        return self.count, self.channels * self.resolution**2 + 1

    @property
    def raw_found(self) -> bool:
        return self.files.present()

    def check_raw(self) -> Findings:
        return self.files.findings(needed=not self.prepared)

    def raw(self) -> dict[str, str]:
        there = "" if self.files.present() else " (missing)"
        return {"raw": f"{self.files.place}{there}"}
