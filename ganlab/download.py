"""Fetching published files: whole and right, or not at all."""

import contextlib
import hashlib
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import IO
from urllib.error import URLError
from urllib.request import urlopen

from ganlab.files import replacing

TIMEOUT_S = 10.0
CHUNK = 2**18
QUIET_S = 30.0
ABANDONED_S = 600.0

log = logging.getLogger("ganlab")


class Failure(Exception):
    """Why a file could not be fetched, one line an address."""


@dataclass(frozen=True)
class Checksum:
    """The hexadecimal digests that a file may have, by an algorithm of hashlib."""

    algorithm: str
    accepted: tuple[str, ...]


@contextlib.contextmanager
def directory(place: Path) -> Iterator[None]:
    """Make a directory to write into; where that fails, what was made and stayed empty goes."""
    made = [path for path in (place, *place.parents) if not path.exists()]
    try:
        place.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        with contextlib.suppress(OSError):
            for path in made:
                path.rmdir()
        raise


def fetch(
    path: Path, urls: Sequence[str], size: int, checksum: Checksum, report: Callable[[int], None]
) -> None:
    """Bring a file to `path` from the first address that serves its `size` bytes, all right.

    `report` hears of the bytes of each piece. Raises `Failure`, or OSError where `path` cannot be
    written; neither leaves anything behind.
    """
    reasons = []
    forget_abandoned(path)
    with replacing(path) as file:
        for url in urls:
            try:
                return copy(url, file, size, checksum, report)
            except Failure as failure:
                reasons.append(f"{url}: {failure}")
        raise Failure("\n".join(reasons))


def copy(
    url: str, file: IO[bytes], size: int, checksum: Checksum, report: Callable[[int], None]
) -> None:
    """Make the file what the address serves. Raises `Failure` unless that is what was published."""
    digest, done = hashlib.new(checksum.algorithm, usedforsecurity=False), 0
    file.seek(0)
    file.truncate()
    for piece in served(url):
        file.write(piece)
        digest.update(piece)
        done += len(piece)
        if done > size:
            raise Failure(f"it serves more than the expected {size:,} bytes")
        report(len(piece))
    if done != size:
        raise Failure(f"it served {done:,} of {size:,} bytes")
    if (found := digest.hexdigest()) not in checksum.accepted:
        raise Failure(f"expected {checksum.algorithm} {checksum.accepted[0]}, found {found}")


def served(url: str) -> Iterator[bytes]:
    """What an address serves, piece by piece. Raises `Failure`."""
    try:
        with urlopen(url, timeout=TIMEOUT_S) as response:
            while piece := response.read(CHUNK):
                yield piece
    except (OSError, HTTPException, ValueError) as error:
        why = error.reason if type(error) is URLError else error
        raise Failure(str(why) or type(error).__name__) from error


def forget_abandoned(path: Path) -> None:
    """Remove what a killed process left of the file: nobody has written to it for long."""
    for left in path.parent.glob(f".{path.name}.*.tmp"):
        if time.time() - left.stat().st_mtime > ABANDONED_S:
            left.unlink(missing_ok=True)


def progress(name: str, total: int) -> Callable[[int], None]:
    """A report of pieces that says every 30 seconds how far a download is."""
    done, said = 0, time.monotonic()

    def report(piece: int) -> None:
        nonlocal done, said
        done += piece
        if time.monotonic() - said >= QUIET_S:
            said = time.monotonic()
            log.info(f"downloading {name}: {done / 1e6:.0f} of {total / 1e6:.0f} MB")

    return report
