"""A tree of pictures: a directory, or an archive of one, which is read without unpacking it."""

import os
import posixpath
import stat
import tarfile
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath, PureWindowsPath

from ganlab.errors import DataError

SUFFIXES = frozenset(
    (".bmp", ".gif", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")
)
Picture = tuple[str, Callable[[], bytes]]
"""A picture's path below the top, and what reads its bytes (from any thread)."""


def open_tree(path: Path) -> "Tree":
    """The tree at `path`. Raises `DataError` where it is neither a directory nor an archive."""
    if path.is_dir():
        return Directory(path)
    if zipfile.is_zipfile(path):
        return Zip(path)
    if tarfile.is_tarfile(path):
        return Tar(path)
    raise DataError(f"{path} is neither a folder of pictures nor a zip or tar archive of one.")


def is_picture(name: str) -> bool:
    """Whether the suffix is a picture's, and nothing on the path is hidden."""
    path = PurePosixPath(name)
    hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts)
    return path.suffix.lower() in SUFFIXES and not hidden


class Tree(ABC):
    """Names are relative, with `/` between their parts, in one order each time."""

    def __init__(self, path: Path):
        self.path = path

    @abstractmethod
    def names(self) -> list[str]:
        """All files, pictures or not. Raises `DataError` for names that lead out of the tree."""

    @abstractmethod
    def pictures(self) -> Iterator[Picture]:
        """The pictures, in the order of `names`."""

    @abstractmethod
    def stamps(self, names: list[str]) -> list[tuple[str, int, int]]:
        """(name, bytes, time changed in ns) of what determines the content of these files."""


class Directory(Tree):
    """Links are followed, each directory once."""

    def names(self) -> list[str]:
        return sorted(path.relative_to(self.path).as_posix() for path in self._files())

    def pictures(self) -> Iterator[Picture]:
        for name in filter(is_picture, self.names()):
            yield name, (self.path / name).read_bytes

    def stamps(self, names: list[str]) -> list[tuple[str, int, int]]:
        found = ((name, os.lstat(self.path / name)) for name in names)
        return [(name, s.st_size, s.st_mtime_ns) for name, s in found]

    def _files(self) -> Iterator[Path]:
        seen = set()
        for folder, folders, files in os.walk(self.path, followlinks=True):
            real = os.path.realpath(folder)
            if real in seen:
                folders.clear()
                continue
            seen.add(real)
            yield from (Path(folder, file) for file in files)


class Archive(Tree):
    """What zip and tar share."""

    def stamps(self, names: list[str]) -> list[tuple[str, int, int]]:
        found = self.path.stat()
        return [(self.path.name, found.st_size, found.st_mtime_ns)]


class Zip(Archive):
    """A zip archive; `ZipFile.read` may be called from several threads."""

    def __init__(self, path: Path):
        super().__init__(path)
        self._archive = zipfile.ZipFile(path)

    def names(self) -> list[str]:
        members = [member for member in self._archive.infolist() if not member.is_dir()]
        links = [m for m in members if stat.S_ISLNK(m.external_attr >> 16)]
        targets = [(m.filename, os.fsdecode(self._archive.read(m))) for m in links]
        refuse_escapes(self.path, (m.filename for m in members), targets)
        linked = {m.filename for m in links}
        return sorted(m.filename for m in members if m.filename not in linked)

    def pictures(self) -> Iterator[Picture]:
        for name in filter(is_picture, self.names()):
            yield name, partial(self._archive.read, name)


class Tar(Archive):
    """A tar archive, packed or not: read from front to end, since there is no cheap way back."""

    def names(self) -> list[str]:
        with tarfile.open(self.path) as archive:
            members = archive.getmembers()
        links = [(m.name, m.linkname) for m in members if m.issym()]
        links += [
            (m.name, posixpath.relpath(m.linkname, _folder(m.name))) for m in members if m.islnk()
        ]
        refuse_escapes(self.path, (m.name for m in members), links)
        return [m.name for m in members if m.isfile()]

    def pictures(self) -> Iterator[Picture]:
        with tarfile.open(self.path) as archive:
            for member in archive:
                if member.isfile() and is_picture(member.name):
                    content = archive.extractfile(member).read()  # type: ignore[union-attr]
                    yield member.name, partial(bytes, content)


def refuse_escapes(path: Path, names: Iterable[str], links: Iterable[tuple[str, str]]) -> None:
    """Raise `DataError` where a member, or the target of a link, lies outside the archive."""
    bad = [name for name in names if _escapes(name)]
    for name, target in links:
        if _escapes(target, posixpath.dirname(name)):
            bad.append(f"{name} -> {target}")
    if bad:
        raise DataError(
            f"{path} is refused: {len(bad)} of its members lead out of it: {', '.join(bad[:10])}. "
            "Nothing was unpacked. Pack the pictures again, with relative paths and without links."
        )


def _folder(name: str) -> str:
    return posixpath.dirname(name) or "."


def _escapes(name: str, start: str = "") -> bool:
    slashed = name.replace("\\", "/")
    absolute = slashed.startswith("/") or bool(PureWindowsPath(name).drive)
    return absolute or posixpath.normpath(posixpath.join(start, slashed)).split("/")[0] == ".."
