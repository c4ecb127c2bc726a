"""Preparing a dataset so that others see all of it or nothing."""

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ganlab.errors import OutputError
from ganlab.files import cache_root, locked, write_atomically

try:
    import fcntl
except ImportError:  # Windows: two who prepare at once both work, and the first to finish wins
    fcntl = None  # type: ignore[assignment]

VERSION = 1
"""Of the stored form: raise it, and everything is prepared anew."""
ELSEWHERE = "Choose another place with the environment's GANLAB_CACHE."


def directory_for(name: str, identity: dict[str, Any]) -> Path:
    """Where data of that identity (JSON facts that determine the content) are or will be."""
    facts = json.dumps({"version": VERSION, **identity}, sort_keys=True)
    return cache_root() / f"{name}-{hashlib.sha256(facts.encode()).hexdigest()[:12]}"


def publish(directory: Path, needed: int, write: Callable[[Path], None]) -> None:
    """Let `write` fill a new directory, and rename it to `directory` once it is on disk.

    `needed` is an upper estimate of its bytes. Of two processes one prepares and the other waits
    and finds the work done. What killed processes left behind is removed. Raises `OutputError`.
    """
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        with locked(directory.with_name(f".{directory.name}.lock")) as alone:
            if alone:
                _sweep(directory)
            if not directory.exists():
                _require_space(directory.parent, needed)
                _build(directory, write)
    except OSError as error:
        raise OutputError(
            f"Prepared data cannot be written to {directory}: {error.strerror or error}"
            f" ({_space(directory.parent, needed)}). {ELSEWHERE}"
        ) from error


def _build(directory: Path, write: Callable[[Path], None]) -> None:
    temporary = Path(tempfile.mkdtemp(dir=directory.parent, prefix=f".{directory.name}."))
    try:
        write(temporary)
        temporary.chmod(0o755)  # mkdtemp's are private, a cache may be shared
        sync(temporary)
        if not directory.exists():
            temporary.rename(directory)
            sync(directory.parent)
    except OSError:
        if not directory.exists():  # another process may have been first
            raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def finish(directory: Path, facts: dict[str, Any]) -> None:
    """Write `spec.json`, the last file of a prepared directory."""
    write_atomically(directory / "spec.json", json.dumps({"version": VERSION, **facts}, indent=1))


def is_busy(lock: Path) -> bool:
    """Whether a process prepares under the lock file; true where that cannot be known."""
    try:
        with open(lock, "r+") as file:
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return fcntl is None
    except FileNotFoundError:
        return False
    except OSError:
        return True


def _sweep(directory: Path) -> None:
    for left in directory.parent.glob(f".{directory.name}.*"):
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)


def _require_space(parent: Path, needed: int) -> None:
    if needed > shutil.disk_usage(parent).free:
        space = _space(parent, needed)
        raise OutputError(f"No space to prepare the data in {parent}: {space}. {ELSEWHERE}")


def _space(parent: Path, needed: int) -> str:
    existing = next(path for path in (parent, *parent.parents) if path.is_dir())
    return f"{needed:,} bytes needed, {shutil.disk_usage(existing).free:,} free"


def sync(directory: Path) -> None:
    """Bring a directory's entries to disk, where the system can."""
    with contextlib.suppress(OSError):
        handle = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
