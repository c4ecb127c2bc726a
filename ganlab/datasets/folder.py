"""Own pictures: a folder of them, flat or by class, or an archive of one."""

import logging
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from PIL import UnidentifiedImageError

from ganlab.datasets.classes import classes_of
from ganlab.datasets.findings import Findings
from ganlab.datasets.images import Images, Rows
from ganlab.datasets.picture import decode
from ganlab.datasets.split import by_hash, check_share
from ganlab.datasets.tree import Picture, Tree, is_picture, open_tree
from ganlab.errors import ConfigError, DataError

AT_ONCE = 256
log = logging.getLogger("ganlab")


@dataclass(frozen=True)
class Decoded:
    """A picture's pixels (C, H, W), split and own (width, height); or why there are none."""

    name: str
    split: str = ""
    size: tuple[int, int] = (0, 0)
    pixels: np.ndarray | None = None
    fault: str = ""


class Folder(Images):
    """All pictures below `path`, a folder or a zip or tar archive of one, square `resolution`.

    Where every picture lies in one of several folders, these are its classes; otherwise there are
    no labels. `channels` is 1, 3, or None for 3 where any picture has colour. `on_bad` says what
    unreadable pictures do: `error` refuses the folder, `skip` leaves them out. `held_out` is the
    share moved to a test split, by content. `flip` mirrors half of the training pictures.
    """

    name = "folder"

    def __init__(
        self,
        *,
        path: str | None,
        resolution: int,
        channels: int | None,
        on_bad: str,
        held_out: float,
        flip: bool,
    ):
        super().__init__(flip)
        self.path = existing(path)
        check_share(held_out)
        if channels not in (None, 1, 3):
            raise ConfigError(f"dataset.channels={channels}: 1, 3 or null.")
        if on_bad not in ("error", "skip"):
            raise ConfigError(f"dataset.on_bad={on_bad}: error or skip.")
        self.resolution, self.channels = resolution, channels
        self.on_bad, self.held_out = on_bad, held_out
        self._bad: list[str] = []
        self._sizes: set[tuple[int, int]] = set()

    @cached_property
    def tree(self) -> Tree:
        """The folder or archive."""
        return open_tree(self.path)

    @cached_property
    def names(self) -> list[str]:
        """The names of all pictures. Raises `DataError` where there are none."""
        names = [name for name in self.tree.names if is_picture(name)]
        if not names:
            others = len(self.tree.names)
            raise DataError(
                f"{self.path} holds no pictures (other files: {others});\n"
                "set dataset.path to a folder or archive of .png, .jpg, .webp, ... files"
            )
        return names

    @cached_property
    def classes(self) -> dict[str, str] | None:
        """The class of each picture by its name; None without classes."""
        return classes_of(self.names)

    @cached_property
    def labels(self) -> dict[str, int]:
        """The number of each class, in the order of their names."""
        found = sorted(set(self.classes.values())) if self.classes else []
        return {name: k for k, name in enumerate(found)}

    def identity(self) -> dict[str, Any]:
        return {
            "files": self.tree.stamps(self.names),
            "resolution": self.resolution,
            "channels": self.channels,
            "on_bad": self.on_bad,
            "held_out": self.held_out,
        }

    def rows(self) -> Iterator[Rows]:
        for good in self._readable(self.channels or self._measured_channels()):
            for split in sorted({picture.split for picture in good}):
                yield split, self._columns([p for p in good if p.split == split])
        if self._too_bad():
            raise DataError(self._complaint())
        if self._bad:
            log.warning(self._listed("are left out"))

    def facts(self) -> dict[str, Any]:
        source = {"unreadable": len(self._bad), "sizes": self._extremes()}
        return {"classes": tuple(self.labels) or None, "source": source}

    def check_raw(self) -> Findings:
        coloured = sum(is_coloured(p) for good in self._readable(channels=3) for p in good)
        counts = Counter((self.classes or {}).values())
        named = [f"{name} {counts[name]:,}" for name in [*self.labels][:10]]
        facts = {
            "classes": ", ".join(named + ["..."] * (len(counts) > 10)) or "none",
            "sizes": self._extremes(),
            "colour": f"in {coloured:,} of {len(self.names) - len(self._bad):,}",
            "unreadable": f"{len(self._bad):,}",
        }
        if self._too_bad():
            return Findings(self.raw() | facts, [self._complaint()])
        left_out = {f"left out {k + 1}": why for k, why in enumerate(self._bad[:10])}
        return Findings(self.raw() | facts | left_out)

    def expected(self) -> tuple[int, int]:
        return len(self.names), (self.channels or 3) * self.resolution**2 + 4

    def raw(self) -> dict[str, str]:
        facts = {"raw": str(self.path.absolute()), "pictures": f"{len(self.names):,}"}
        ignored = {"other files": f"{len(self.tree.names) - len(self.names):,}"}
        return facts | ignored | {"classes": ", ".join(self.labels) or "none"}

    def _measured_channels(self) -> int:
        """3 where any picture has colour; looked for until the first that has."""
        chunks = self._decoded(channels=3)
        return 3 if any(is_coloured(picture) for chunk in chunks for picture in chunk) else 1

    def _readable(self, channels: int) -> Iterator[list[Decoded]]:
        """The good pictures, some at a time; the bad ones and all sizes are noted meanwhile."""
        self._bad, self._sizes = [], set()
        for chunk in self._decoded(channels):
            self._bad += [f"{picture.name}: {picture.fault}" for picture in chunk if picture.fault]
            good = [picture for picture in chunk if picture.pixels is not None]
            self._sizes |= {picture.size for picture in good}
            yield good

    def _too_bad(self) -> bool:
        return bool(self._bad) and (self.on_bad == "error" or len(self._bad) == len(self.names))

    def _extremes(self) -> str:
        """The least and the most pixels that any picture has, as width x height."""
        by_area = sorted(self._sizes, key=lambda size: size[0] * size[1])
        return " to ".join(f"{width}x{height}" for width, height in by_area[:1] + by_area[-1:])

    def _decoded(self, channels: int) -> Iterator[list[Decoded]]:
        pictures = self.tree.pictures()
        with ThreadPoolExecutor() as pool:
            while chunk := list(islice(pictures, AT_ONCE)):
                yield list(pool.map(lambda picture: self._decode(picture, channels), chunk))

    def _decode(self, picture: Picture, channels: int) -> Decoded:
        name, read = picture
        try:
            content = read()
            pixels, size = decode(content, channels, self.resolution)
        except UnidentifiedImageError:
            return Decoded(name, fault="not a picture, or a damaged one")
        except Exception as error:  # decoders raise nearly everything
            return Decoded(name, fault=str(error).partition("\n")[0] or type(error).__name__)
        return Decoded(name, by_hash(content, self.held_out), size, pixels)

    def _columns(self, pictures: list[Decoded]) -> dict[str, np.ndarray]:
        columns = {"data": np.stack([p.pixels for p in pictures if p.pixels is not None])}
        if self.classes is not None:
            numbers = [self.labels[self.classes[p.name]] for p in pictures]
            columns["label"] = np.array(numbers, np.min_scalar_type(len(self.labels) - 1))
        return columns

    def _complaint(self) -> str:
        remedy = "Repair or remove them, or use dataset.on_bad=skip."
        return f"{self._listed('cannot be read')}\n{remedy}"

    def _listed(self, what: str) -> str:
        """How many pictures are bad, and the first of them."""
        lines = [f"{len(self._bad)} of {len(self.names)} pictures in {self.path} {what}:"]
        lines += [f"  {line}" for line in self._bad[:10]]
        if len(self._bad) > 10:
            lines += [f"  and {len(self._bad) - 10} more"]
        return "\n".join(lines)


def is_coloured(picture: Decoded) -> bool:
    """Whether any pixel of a readable picture, decoded to three channels, is not grey."""
    return picture.pixels is not None and bool((picture.pixels != picture.pixels[:1]).any())


def existing(path: str | None) -> Path:
    """The path. Raises `ConfigError` where none is given, `DataError` where nothing is there."""
    if path is None:
        raise ConfigError("dataset=folder needs dataset.path=DIR, or a zip or tar archive")
    found = Path(path).expanduser()
    if not found.exists():
        raise DataError(f"dataset.path={path}: there is no such folder or archive")
    return found
