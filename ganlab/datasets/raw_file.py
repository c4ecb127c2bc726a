"""One published file, and what may be wrong with it."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

MISSING = "missing"


@dataclass(frozen=True)
class RawFile:
    """A published file: its path below the root, its bytes, the MD5 sums it may have.

    `urls` are where it can be had, the best first; none for what is published in another form.
    """

    path: str
    size: int
    md5s: tuple[str, ...]
    urls: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return Path(self.path).name

    def fault(self, root: Path) -> str | None:
        """What is wrong with the file below `root`, or None."""
        path = root / self.path
        if not path.is_file():
            return MISSING
        try:
            with open(path, "rb") as file:
                found = hashlib.file_digest(file, "md5").hexdigest()
        except OSError as error:
            return f"unreadable: {error.strerror}"
        if found in self.md5s:
            return None
        return f"wrong: found {path.stat().st_size:,} bytes, md5 {found}"


Form = tuple[RawFile, ...]
"""Files that together hold a whole dataset."""
Faults = list[list[str | None]]
"""What is wrong with each file of each form."""


def any_wrong(faults: Faults) -> bool:
    """Whether a file is there that should be another."""
    return any(fault not in (None, MISSING) for form in faults for fault in form)
