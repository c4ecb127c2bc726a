"""What ganlab keeps in the cache beside prepared data: it can be made again at any time."""

import re
import secrets
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from ganlab.errors import OutputError
from ganlab.files import cache_root

KINDS = {"extractors": "classifier", "references": "real data as metrics see them"}
"""What lies below each of the cache's directories."""
OWN = re.compile(r"(?P<name>[^.].*)-[0-9a-f]{12}(\.pt)?")
LEFT = re.compile(r"\.(?P<name>[^.].*)-[0-9a-f]{12}\.\w+")
"""What a killed process left of one, once nobody has written to it for `ABANDONED_S`."""
ABANDONED_S = 600.0


@dataclass(frozen=True)
class Kept:
    """A file or directory of the dataset `name`."""

    path: Path
    name: str
    content: str

    @property
    def bytes(self) -> int:
        files = [self.path, *self.path.rglob("*")] if self.path.is_dir() else [self.path]
        return sum(file.lstat().st_size for file in files if not file.is_dir())

    def remove(self) -> None:
        """Delete it; others see all of it or nothing. Raises `OutputError`."""
        grave = self.path.with_name(f".{self.path.name}.{secrets.token_hex(4)}")
        try:
            self.path.rename(grave)
            shutil.rmtree(grave) if grave.is_dir() else grave.unlink()
        except FileNotFoundError:
            return  # another process was first
        except OSError as error:
            raise OutputError(f"{self.path} cannot be deleted ({error.strerror})") from error


def kept(directory: str) -> list[Kept]:
    """All of one kind: `extractors` or `references`."""
    paths = sorted((cache_root() / directory).glob("*"))
    matches = [(path, recognised(path)) for path in paths if not path.is_symlink()]
    return [Kept(path, match["name"], KINDS[directory]) for path, match in matches if match]


def recognised(path: Path) -> re.Match | None:
    """What the name of a file says; None for what is not ours, or is being written."""
    left = LEFT.fullmatch(path.name)
    if left and time.time() - max(f.stat().st_mtime for f in [path, *path.glob("*")]) < ABANDONED_S:
        return None
    return left or OWN.fullmatch(path.name)


def all_kept() -> list[Kept]:
    return [each for directory in KINDS for each in kept(directory)]
