"""The field's weights of Inception: where they are, and how they come here."""

import contextlib
import logging
import shutil
from pathlib import Path

import torch

from ganlab import download
from ganlab.errors import DataError
from ganlab.files import cache_root, locked, sha256

FILE = "weights-inception-2015-12-05-6726825d.pth"
URL = f"https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/{FILE}"
SIZE = 95_628_359
SHA256 = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"
FACTS = f"{FILE}, {SIZE:,} bytes, sha256 {SHA256}"
log = logging.getLogger("ganlab")


def kept() -> Path:
    """Where ganlab keeps the weights."""
    return cache_root() / "extractors" / FILE


def found() -> Path | None:
    """The field's weights in ganlab's cache or torch's, if they are there and whole."""
    for place in (kept(), Path(torch.hub.get_dir()) / "checkpoints" / FILE):
        with contextlib.suppress(OSError):
            if place.stat().st_size == SIZE and sha256(place) == SHA256:
                return place
            log.warning(f"{place} is damaged, and not used")
    return None


def downloaded(offline: bool | str) -> Path:
    """Bring the field's weights into the cache, once. Raises `DataError` where that fails."""
    if offline:
        why = offline if isinstance(offline, str) else "offline=true"
        raise refusal(f"Inception's weights are not here, and {why} forbids a download")
    try:
        lock = kept().with_name(f".{FILE}.lock")
        with download.directory(kept().parent), locked(lock):
            if (place := found()) is None:
                fetch(place := kept())
            return place
    except download.Failure as failure:
        raise refusal(f"Inception's weights could not be downloaded: {failure}") from failure
    except OSError as error:
        why = f"{kept().parent} cannot be written to ({error.strerror})"
        raise refusal(f"Inception's weights are not here, and {why}") from error


def fetch(place: Path) -> None:
    """Download, after saying what, from where, how large and whither. Raises `Failure`."""
    if (free := shutil.disk_usage(place.parent).free) < SIZE:
        raise download.Failure(f"{SIZE:,} bytes needed in {place.parent}, {free:,} free")
    log.warning(f"downloading Inception's weights: {FACTS}, from {URL} into {place.parent}")
    checksum = download.Checksum("sha256", (SHA256,))
    download.fetch(place, [URL], SIZE, checksum, download.progress("Inception's weights", SIZE))


def refusal(why: str) -> DataError:
    """The error that says how to have the weights."""
    return DataError(
        f"{why}; put {FACTS}, into {kept().parent}, or say where it is with "
        f"evaluate.inception=PATH (published at {URL})"
    )
