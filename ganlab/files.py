"""Where the cache is, and writing files so that a reader never sees half of one."""

import contextlib
import hashlib
import json
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

try:
    import fcntl
except ImportError:  # Windows: two who make the same at once both work
    fcntl = None  # type: ignore[assignment]


def cache_root() -> Path:
    """`GANLAB_CACHE`, or the user's cache directory."""
    if chosen := os.environ.get("GANLAB_CACHE"):
        return Path(chosen).expanduser().absolute()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "ganlab"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "ganlab" / "cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ganlab"


@contextlib.contextmanager
def locked(path: Path) -> Iterator[bool]:
    """Hold a lock file, once others let go; yields False where the file system knows no locks."""
    with open(path, "a") as file:
        try:
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX)
            alone = fcntl is not None
        except OSError:
            alone = False
        yield alone


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Any]:
    """Open a binary file that takes the place of `path` only once it is complete and on disk."""
    temporary = path.with_name(f".{path.name}.{threading.get_native_id()}.tmp")
    try:
        with open(temporary, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_atomically(path: Path, content: bytes | memoryview | str) -> None:
    """Replace `path` by `content` in one step; text is written as UTF-8."""
    with replacing(path) as file:
        file.write(content.encode() if isinstance(content, str) else content)


def seal(path: Path, content: bytes | memoryview) -> None:
    """Write a file, in one step, that tells by itself whether it is whole."""
    write_atomically(path, hashlib.sha256(content).digest() + content)


def unsealed(path: Path) -> bytes | None:
    """The content of a sealed file; None where it is missing or not whole."""
    try:
        told = path.read_bytes()
    except OSError:
        return None
    digest, content = told[:32], told[32:]
    return content if hashlib.sha256(content).digest() == digest else None


def remove_leftovers(directory: Path) -> None:
    """Delete what killed processes left half written, anywhere below a directory of one's own."""
    for file in directory.rglob(".*.tmp"):
        if file.is_file():
            file.unlink(missing_ok=True)


def complete_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a file of one JSON object a line; a line that was cut off is left out."""
    if path.is_file():
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            with contextlib.suppress(ValueError):
                if isinstance(told := json.loads(line), dict):
                    yield told


def sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
