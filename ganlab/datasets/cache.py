"""What ganlab keeps in the cache, and how it goes away again."""

import re
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from ganlab.datasets.prepare import is_busy
from ganlab.datasets.stored import Stored
from ganlab.errors import DataError, OutputError
from ganlab.files import cache_root

PREPARED = re.compile(r"(?P<name>[^.].*)-[0-9a-f]{12}")
LEFT = re.compile(r"\.(?P<name>[^.].*)-[0-9a-f]{12}\.\w{8}")
OWN = re.compile(r"\w+-\w+\.npy|\.?spec\.json(\.\d+\.tmp)?")


@dataclass(frozen=True)
class Entry:
    """A directory of prepared arrays, or what a killed preparation left of one."""

    path: Path
    name: str

    @property
    def base(self) -> str:
        """What the prepared directory is or was to be called."""
        return self.path.name.lstrip(".").partition(".")[0]

    @property
    def is_left(self) -> bool:
        return self.path.name.startswith(".")

    @property
    def bytes(self) -> int:
        return sum(file.lstat().st_size for file in self.path.iterdir())

    @property
    def content(self) -> str:
        """What it holds, in a few words."""
        if self.is_left:
            return "left by a killed preparation"
        try:
            stored = Stored(self.path)
        except DataError:
            return "damaged"
        return f"{stored.spec.count:,} of {'x'.join(map(str, stored.spec.shape))}"

    def remove(self) -> None:
        """Delete it; others see all of it or nothing. Raises `OutputError`."""
        grave = self.path.with_name(f".{self.base}.{secrets.token_hex(4)}")
        try:
            self.path.rename(grave)
        except FileNotFoundError:
            return  # another process was first
        except OSError as error:
            raise OutputError(f"{self.path} cannot be deleted ({error.strerror})") from error
        shutil.rmtree(grave, ignore_errors=True)
        if grave.exists():
            raise OutputError(f"{grave} cannot be deleted")


def entries() -> list[Entry]:
    """All that is ganlab's in the cache, but for what is being prepared now."""
    found = (recognised(path) for path in sorted(cache_root().glob("*")))
    return [entry for entry in found if entry is not None]


def recognised(path: Path) -> Entry | None:
    """The entry that a path is; None for what ganlab did not make, or is making now."""
    match = PREPARED.fullmatch(path.name) or LEFT.fullmatch(path.name)
    if match is None or path.is_symlink() or not path.is_dir():
        return None
    entry = Entry(path, match["name"])
    lock = path.with_name(f".{entry.base}.lock")
    files = [file.name for file in path.iterdir()]
    if not all(map(OWN.fullmatch, files)) or not (lock.exists() or "spec.json" in files):
        return None
    return None if entry.is_left and is_busy(lock) else entry
