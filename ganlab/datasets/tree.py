"""A tree of pictures: a directory, or an archive of one, which is read without unpacking it."""

import contextlib
import lzma
import os
import posixpath
import stat
import tarfile
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property, partial
from pathlib import Path, PureWindowsPath

from ganlab.errors import DataError

SUFFIXES = frozenset(
    (".bmp", ".gif", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")
)
UNREADABLE = (OSError, EOFError, tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError)
Picture = tuple[str, Callable[[], bytes]]
"""A picture's path below the top, and what reads its bytes (from any thread)."""
Stamp = tuple[str, int, int]
"""A file's name, its bytes, and when it was changed, in ns."""


def open_tree(path: Path) -> "Tree":
    """The tree at `path`. Raises `DataError` where it is neither a directory nor an archive."""
    if path.is_dir():
        return Directory(path)
    with reading(path):
        if zipfile.is_zipfile(path):
            return Zip(path)
        if tarfile.is_tarfile(path):
            return Tar(path)
    raise DataError(f"{path} is neither a folder of pictures nor a zip or tar archive of one.")


@contextlib.contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what archives raise into `DataError`."""
    try:
        yield
    except UNREADABLE as error:
        raise DataError(f"{path} cannot be read: {error}") from error


def is_picture(name: str) -> bool:
    """Whether the suffix is a picture's, and nothing on the path is hidden."""
    hidden = "/." in name or name.startswith((".", "__MACOSX"))
    return os.path.splitext(name)[1].lower() in SUFFIXES and not hidden


class Tree(ABC):
    """Names are relative, with `/` between their parts, in one order each time."""

    def __init__(self, path: Path):
        self.path = path

    @cached_property
    def names(self) -> list[str]:
        """All files, pictures or not. Raises `DataError` for names that lead out of the tree."""
        with reading(self.path):
            return self.listing()

    @abstractmethod
    def listing(self) -> list[str]:
        """The names, read anew."""

    @abstractmethod
    def pictures(self) -> Iterator[Picture]:
        """The pictures, in the order of `names`."""

    @abstractmethod
    def stamps(self, names: list[str]) -> list[Stamp]:
        """What tells, without reading them, whether these files have changed."""


class Directory(Tree):
    """Links are followed, each directory once."""

    def listing(self) -> list[str]:
        top = len(os.fspath(self.path)) + 1
        return sorted(path[top:].replace(os.sep, "/") for path in self._files())

    def pictures(self) -> Iterator[Picture]:
        for name in filter(is_picture, self.names):
            yield name, (self.path / name).read_bytes

    def stamps(self, names: list[str]) -> list[Stamp]:
        top = os.fspath(self.path)
        return [(name, *_size_and_time(f"{top}/{name}")) for name in names]

    def _files(self) -> Iterator[str]:
        seen = set()
        for folder, folders, files in os.walk(self.path, followlinks=True):
            real = os.path.realpath(folder)
            if real in seen:
                folders.clear()
                continue
            seen.add(real)
            yield from (os.path.join(folder, file) for file in files)


def _size_and_time(path: str) -> tuple[int, int]:
    try:
        found = os.stat(path)
    except OSError:  # a link to nowhere is reported as unreadable when its turn comes
        return 0, 0
    return found.st_size, found.st_mtime_ns


class Archive(Tree):
    """What zip and tar share."""

    def stamps(self, names: list[str]) -> list[Stamp]:
        return [(self.path.name, *_size_and_time(os.fspath(self.path)))]


class Zip(Archive):
    """A zip archive; `ZipFile.read` may be called from several threads."""

    def __init__(self, path: Path):
        super().__init__(path)
        self._archive = zipfile.ZipFile(path)

    def listing(self) -> list[str]:
        members = [member for member in self._archive.infolist() if not member.is_dir()]
        links = {m.filename: m for m in members if stat.S_ISLNK(m.external_attr >> 16)}
        targets = [(name, os.fsdecode(self._archive.read(m))) for name, m in links.items()]
        refuse_escapes(self.path, [m.filename for m in members], targets)
        return sorted({m.filename for m in members} - links.keys())

    def pictures(self) -> Iterator[Picture]:
        for name in filter(is_picture, self.names):
            yield name, partial(self._archive.read, name)


class Tar(Archive):
    """A tar archive, packed or not: read from front to end, since there is no cheap way back."""

    def listing(self) -> list[str]:
        with tarfile.open(self.path) as archive:
            members = archive.getmembers()
            _require_end(archive)
        links = [(m.name, m.linkname) for m in members if m.issym()]
        links += [(m.name, f"{_upwards(m.name)}{m.linkname}") for m in members if m.islnk()]
        refuse_escapes(self.path, [m.name for m in members], links)
        return [posixpath.normpath(m.name) for m in members if m.isreg()]

    def pictures(self) -> Iterator[Picture]:
        with reading(self.path), tarfile.open(self.path) as archive:
            for member in archive:
                name = posixpath.normpath(member.name)
                if member.isreg() and is_picture(name):
                    content = archive.extractfile(member).read()  # type: ignore[union-attr]
                    yield name, partial(bytes, content)


def _require_end(archive: tarfile.TarFile) -> None:
    """Raise `ReadError` where the file ends after a whole member: `tarfile` is content."""
    file = archive.fileobj
    if file is not None and file.tell() == archive.offset:  # a whole archive ends in empty blocks
        raise tarfile.ReadError("unexpected end of archive")


def _upwards(name: str) -> str:
    """From a member's folder back to the top, where the targets of hard links start."""
    return "../" * posixpath.normpath(name).count("/")


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


def _escapes(name: str, start: str = "") -> bool:
    slashed = name.replace("\\", "/")
    absolute = slashed.startswith("/") or bool(PureWindowsPath(name).drive)
    return absolute or posixpath.normpath(posixpath.join(start, slashed)).split("/")[0] == ".."
