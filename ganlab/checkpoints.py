"""Checkpoints: written so that a kill at any moment leaves the older one, and read with care."""

import hashlib
import io
import json
import logging
import math
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ganlab.errors import CheckpointError, OutputError
from ganlab.files import write_atomically

MANIFEST = "manifest.json"
log = logging.getLogger("ganlab")


def save(
    directory: Path, number: int, state: dict[str, Any], keep: int, rank: float = math.nan
) -> Path:
    """Write the state after round `number`, enter it in the manifest, then drop older ones.

    A file counts only once the manifest holds its SHA-256. The newest `keep` stay, and the one of
    least `rank`, which may not be NaN. Raises OutputError where it cannot be written.
    """
    import torch

    buffer = io.BytesIO()
    torch.save(state, buffer)
    content = buffer.getbuffer()
    file = directory / f"{number:07d}.pt"
    entry = {"round": number, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    if math.isfinite(rank):
        entry["rank"] = rank
    try:
        write_atomically(file, content)
        entries = manifest(directory) | {file.name: entry}
        kept = {*newest_first(entries)[:keep], *best(entries)}
        remaining = {name: entries[name] for name in sorted(kept)}
        write_atomically(directory / MANIFEST, json.dumps(remaining, indent=2))
    except OSError as error:
        free = shutil.disk_usage(directory).free
        raise OutputError(
            f"{file} cannot be written ({error.strerror}): {len(content):,} bytes needed, "
            f"{free:,} free"
        ) from error
    rotate(directory, kept)
    return file


def rotate(directory: Path, kept: set[str]) -> None:
    """Delete the checkpoints that are not kept; one that cannot be deleted is warned of."""
    for file in directory.glob("[0-9]*.pt"):
        if file.name not in kept:
            try:
                file.unlink()
            except OSError as error:
                log.warning(f"{file} is no longer needed and cannot be deleted: {error.strerror}")


def load(
    directory: Path, warn: Callable[[str], None], wish: str | int = "newest"
) -> dict[str, Any]:
    """The newest state whose bytes are those that were written; `warn` hears of each bad one.

    The `wish` may also be `best`, or a round. Only tensors and plain containers are unpickled, so
    a checkpoint runs no code. Raises CheckpointError when none is left.
    """
    reasons = []
    entries = manifest(directory)
    for name in wanted(entries, wish):
        try:
            return read(directory / name, entries[name])
        except Exception as error:  # torch raises nearly anything on damaged files
            reasons.append(f"{directory / name}: {str(error) or type(error).__name__}")
            warn(f"unusable checkpoint {reasons[-1]}")
    tried = "\n  ".join(reasons) or f"there is none; those of its manifest: {rounds(entries)}"
    raise CheckpointError(f"no usable checkpoint ({wish}) in {directory}:\n  {tried}")


def wanted(entries: dict[str, Any], wish: str | int) -> list[str]:
    """The names to try, in order."""
    if wish == "newest":
        return newest_first(entries)
    if wish == "best":
        return best(entries)
    return [name for name in entries if entries[name]["round"] == wish]


def newest_first(entries: dict[str, Any]) -> list[str]:
    """The names of a manifest's entries, by round."""
    return sorted(entries, key=lambda name: entries[name]["round"], reverse=True)


def best(entries: dict[str, Any]) -> list[str]:
    """The name of the entry of least rank, the newest of equals; none where none has a rank."""
    ranked = [name for name in newest_first(entries) if "rank" in entries[name]]
    return [min(ranked, key=lambda name: entries[name]["rank"])] if ranked else []


def rounds(entries: dict[str, Any]) -> str:
    return ", ".join(str(entry["round"]) for entry in entries.values()) or "none"


def read(file: Path, entry: dict[str, Any]) -> dict[str, Any]:
    import torch

    content = file.read_bytes()
    if hashlib.sha256(content).hexdigest() != entry["sha256"]:
        raise CheckpointError(
            f"its {len(content)} bytes are not the {entry['bytes']} bytes that were written"
        )
    return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)


def manifest(directory: Path) -> dict[str, Any]:
    """The files that count, by name. Raises CheckpointError where the manifest is damaged."""
    file = directory / MANIFEST
    try:
        found = json.loads(file.read_text()) if file.exists() else {}
        return {name: found[name] for name in found if {"round", "sha256"} <= {*found[name]}}
    except (OSError, ValueError, TypeError) as error:
        raise CheckpointError(f"{file} cannot be read: {error}") from error


def digest(state: Any) -> str:
    """SHA-256 over all that a state holds: two are equal to the bit where this is."""
    told = hashlib.sha256()
    for part in parts(state):
        told.update(part)
    return told.hexdigest()


def parts(node: Any) -> Iterator[bytes]:
    """The names and bytes of everything in nested containers, in order."""
    if isinstance(node, dict):
        for key in node:
            yield str(key).encode()
            yield from parts(node[key])
    elif isinstance(node, list | tuple):
        for child in node:
            yield from parts(child)
    elif hasattr(node, "numpy"):
        yield f"{node.dtype}{tuple(node.shape)}".encode()
        yield node.contiguous().numpy().tobytes()
    else:
        yield repr(node).encode()
