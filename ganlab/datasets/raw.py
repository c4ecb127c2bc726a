"""Raw files of published datasets, in the layout that torchvision gives them below its root."""

import contextlib
import gzip
import logging
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ganlab import download
from ganlab.datasets.complaint import ELSEWHERE, complaint, megabytes, offered, sources, state
from ganlab.datasets.findings import Findings
from ganlab.datasets.raw_file import MISSING, Faults, Form, any_wrong
from ganlab.errors import DataError

log = logging.getLogger("ganlab")


@dataclass(frozen=True)
class Raw:
    """A dataset's raw files below `root`, in the first of its `forms` that is there and right.

    One form has addresses, where what is missing is downloaded unless `offline`, which may say why.
    """

    name: str
    root: Path
    forms: tuple[Form, ...]
    offline: bool | str

    @property
    def place(self) -> Path:
        """The directory of the first form's files."""
        return (self.root / self.forms[0][0].path).parent.absolute()

    @property
    def offered(self) -> Form:
        """The form that can be downloaded; empty if none."""
        return offered(self.forms)

    def present(self) -> bool:
        """Whether all files of some form are there, right or wrong."""
        return any(all((self.root / file.path).is_file() for file in form) for form in self.forms)

    def faults(self) -> Faults:
        """What is wrong with every file."""
        return [[file.fault(self.root) for file in form] for form in self.forms]

    def obtained(self) -> Form:
        """The form to read, downloaded if need be.

        Raises `DataError` with every file, its size, its checksum, its place. What is there is
        neither deleted nor replaced, right or wrong.
        """
        faults: Faults = []
        for form in self.forms:
            faults.append([file.fault(self.root) for file in form])
            if not any(faults[-1]):
                return form
        if any_wrong(faults):
            raise DataError(self.complaint("are wrong; nothing was deleted.", faults))
        if self.offline or not self.offered:
            raise DataError(self.complaint(f"are missing, and {self._forbidden()}.", faults))
        return self._downloaded()

    def findings(self, needed: bool) -> Findings:
        """Every file of the forms that are there, or of the first; `needed` makes gaps a fault."""
        faults = self.faults()
        shown = [k for k, form in enumerate(faults) if set(form) != {MISSING}] or [0]
        facts = {
            file.path: state(file, fault)
            for k in shown
            for file, fault in zip(self.forms[k], faults[k], strict=True)
        }
        incomplete = all(any(form) for form in faults)
        told, place = [], str(self.root.absolute())
        if any_wrong(faults):
            told = [f"Raw files of {self.name} are wrong; replace or remove them."]
        elif incomplete and needed:
            told = [f"Raw files of {self.name} are missing; {self._remedy()}."]
        elif incomplete:
            place += " (not needed: the prepared arrays suffice)"
        return Findings({"raw": place, **facts}, told)

    def _forbidden(self) -> str:
        """What keeps them from being downloaded."""
        if not self.offered:
            return "nowhere to be downloaded from"
        why = self.offline if isinstance(self.offline, str) else "offline=true"
        return f"{why} forbids a download"

    def _remedy(self) -> str:
        if self.offline or not self.offered:
            return f"put them there, or say where they are with {ELSEWHERE}"
        return f"`ganlab data prepare {self.name}` downloads {megabytes(self.offered)}"

    def _downloaded(self) -> Form:
        missing = tuple(file for file in self.offered if file.fault(self.root))
        try:
            self._download(missing)
        except download.Failure as failure:
            reasons = str(failure).replace("\n", "\n  ")
            why = f"are missing, and downloading them failed:\n  {reasons}"
        except OSError as error:
            written = f"{self.root.absolute()} cannot be written to ({error.strerror})"
            why = f"are missing, and {written}; choose another place with dataset.root=DIR."
        else:
            return self.offered
        raise DataError(self.complaint(why, self.faults()))

    def _download(self, files: Form) -> None:
        total, place = sum(file.size for file in files), (self.root / files[0].path).parent
        with download.directory(place):
            if total > (free := shutil.disk_usage(place).free):
                raise download.Failure(f"{total:,} bytes needed in {place}, {free:,} free")
            log.warning(
                f"downloading {self.name}: {', '.join(file.name for file in files)}; "
                f"{megabytes(files)} from {sources(files)} into {place.absolute()}"
            )
            report = download.progress(self.name, total)
            for file in files:
                path, sums = self.root / file.path, download.Checksum("md5", file.md5s)
                download.fetch(path, file.urls, file.size, sums, report)

    def complaint(self, what: str, faults: Faults) -> str:
        """What is the matter, with every file of the dataset."""
        return complaint(self.name, self.root, self.forms, faults, what)

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
