"""Raw files of published datasets, in the layout that torchvision gives them below its root."""

import contextlib
import gzip
import hashlib
import tarfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ganlab.errors import DataError


@dataclass(frozen=True)
class RawFile:
    """A published file: its path below the root, its bytes, and the MD5 sums it may have."""

    path: str
    size: int
    md5s: tuple[str, ...]

    def fault(self, root: Path) -> str | None:
        """What is wrong with the file below `root`, or None."""
        path = root / self.path
        if not path.is_file():
            return "missing"
        with open(path, "rb") as file:
            found = hashlib.file_digest(file, "md5").hexdigest()
        if found in self.md5s:
            return None
        return f"wrong: found {path.stat().st_size:,} bytes, md5 {found}"


Form = tuple[RawFile, ...]
"""Files that together hold a whole dataset."""


@dataclass(frozen=True)
class Raw:
    """A dataset's raw files below `root`, in the first of its `forms` that is there and right."""

    name: str
    root: Path
    forms: tuple[Form, ...]

    @property
    def place(self) -> Path:
        """The directory of the first form's files."""
        return (self.root / self.forms[0][0].path).parent.absolute()

    def present(self) -> bool:
        """Whether all files of some form are there, right or wrong."""
        return any(all((self.root / file.path).is_file() for file in form) for form in self.forms)

    def verified(self) -> Form:
        """The form to read. Raises `DataError` with every file, its size, its checksum, its place.

        Nothing is deleted.
        """
        faults = []
        for form in self.forms:
            faults.append([file.fault(self.root) for file in form])
            if not any(faults[-1]):
                return form
        raise DataError(self._complaint(faults))

    def _complaint(self, faults: list[list[str | None]]) -> str:
        nearest = max(range(len(faults)), key=lambda k: sum(f != "missing" for f in faults[k]))
        form = self.forms[nearest]
        places = sorted({str((self.root / file.path).parent.absolute()) for file in form})
        wrong = any(f and f != "missing" for f in faults[nearest])
        lines = [f"The raw data of {self.name} are {'wrong' if wrong else 'missing'}."]
        lines += [f"Put these files into {' and '.join(places)}:"]
        pairs = zip(form, faults[nearest], strict=True)
        lines += [_line(Path(file.path).name, file, fault) for file, fault in pairs]
        others = [f for k, f in enumerate(self.forms) if k != nearest]
        lines += [f"or instead, below {self.root.absolute()}:" for _ in others[:1]]
        lines += [_line(file.path, file, None) for other in others for file in other]
        lines += ["Say where raw data lie with dataset.root=DIR or the environment's GANLAB_DATA."]
        return "\n".join(lines)

    def open(self, form: Form, name: str) -> AbstractContextManager[IO[bytes] | Any]:
        """The raw file called `name`, unpacked on the fly where it is packed."""
        for file in form:
            path = self.root / file.path
            if path.name == name:
                return open(path, "rb")
            if path.name == f"{name}.gz":
                return gzip.open(path)
        return _member(self.root / form[0].path, name)


@contextlib.contextmanager
def _member(path: Path, name: str) -> Iterator[IO[bytes]]:
    with tarfile.open(path) as archive:
        for member in archive:
            if member.isreg() and Path(member.name).name == name:
                yield archive.extractfile(member)  # type: ignore[misc]
                return
    raise DataError(f"{path} holds no {name}.")


def _line(name: str, file: RawFile, fault: str | None) -> str:
    expected = f"  {name}  {file.size:,} bytes, md5 {file.md5s[0]}"
    return f"{expected}  ({fault})" if fault else expected
