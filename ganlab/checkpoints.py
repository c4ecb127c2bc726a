"""Checkpoints: written so that a kill at any moment leaves the older one, and read with care."""

import errno
import hashlib
import io
import json
import logging
import math
import pickle
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ganlab.errors import CheckpointError, OutputError
from ganlab.files import write_atomically

MANIFEST = "manifest.json"
PARTS = {"round": int, "batches": int, "game": dict, "average": dict, "optimizers": dict}
log = logging.getLogger("ganlab")


def save(
    directory: Path,
    number: int,
    state: dict[str, Any],
    keep: int,
    rank: float = math.nan,
    by: str = "",
) -> Path:
    """Write the state after round `number`, enter it in the manifest, then drop older ones.

    A file counts only once the manifest holds its SHA-256. The newest `keep` stay, and the one of
    least `rank`, which says what it is ranked `by`; NaN is never best. Raises OutputError where it
    cannot be written.
    """
    import torch

    buffer = io.BytesIO()
    torch.save(state, buffer)
    content = buffer.getbuffer()
    file = directory / f"{number:07d}.pt"
    entry = {"round": number, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    if math.isfinite(rank):
        entry |= {"rank": rank, "by": by}
    try:
        write_atomically(file, content)
        before = manifest(directory).items()  # rounds after this one were of a future that is lost
        entries = {name: e for name, e in before if e["round"] < number} | {file.name: entry}
        kept = {*newest_first(entries)[:keep], *best(entries)}
        remaining = {name: entries[name] for name in sorted(kept)}
        write_atomically(directory / MANIFEST, json.dumps(remaining, indent=2))
    except OSError as error:
        room = f"{shutil.disk_usage(directory).free:,} free"
        if error.errno == errno.EFBIG:
            room = "more than a file may have here (ulimit -f)"
        raise OutputError(
            f"{file} cannot be written ({error.strerror}): {len(content):,} bytes needed, {room}"
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
    reasons: list[str] = []
    entries = manifest(directory)
    for name in wanted(entries, wish):
        try:
            state = read(directory / name, entries[name])
        except Exception as error:  # torch raises nearly anything on damaged files
            reasons.append(f"{name}: {getattr(error, 'strerror', None) or error or type(error)}")
        else:
            if reasons:
                tried = "\n  ".join(reasons)
                warn(f"unusable in {directory}, so round {state['round']} is used:\n  {tried}")
            return state
    tried = "\n  ".join(reasons) or none_of(directory, entries)
    raise CheckpointError(f"no usable checkpoint ({wish}) in {directory}:\n  {tried}")


def none_of(directory: Path, entries: dict[str, Any]) -> str:
    """Why nothing could even be tried."""
    if entries:
        return f"it has those of rounds {rounds(entries)}"
    if any(directory.glob("*.pt")):
        return (
            f"{MANIFEST}, which holds the checksums of the files there, is missing; bring it back "
            "from wherever the run was copied"
        )
    return "it was stopped before its first"


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


def newest_round(directory: Path) -> int:
    """The round of the newest checkpoint; -1 where there is none."""
    return max((entry["round"] for entry in manifest(directory).values()), default=-1)


def best(entries: dict[str, Any]) -> list[str]:
    """The name of the entry of least rank, the newest of equals; none where none has a rank.

    Only those are compared that were ranked by the same as the newest of them.
    """
    ranked = [name for name in newest_first(entries) if "rank" in entries[name]]
    alike = [name for name in ranked if entries[name].get("by") == entries[ranked[0]].get("by")]
    return [min(alike, key=lambda name: entries[name]["rank"])] if alike else []


def rounds(entries: dict[str, Any]) -> str:
    return ", ".join(str(entry["round"]) for entry in entries.values()) or "none"


def read(file: Path, entry: dict[str, Any]) -> dict[str, Any]:
    import torch

    content = file.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != entry["sha256"]:
        raise CheckpointError(
            f"damaged: {len(content):,} bytes with sha256 {found[:8]}, and {entry['bytes']:,} with "
            f"{entry['sha256'][:8]} were written"
        )
    try:
        state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except (
        pickle.UnpicklingError
    ) as error:  # torch's own words would advise to load it all the same
        raise CheckpointError("it holds more than numbers and texts, and is not loaded") from error
    if not isinstance(state, dict) or any(
        not isinstance(state.get(k), t) for k, t in PARTS.items()
    ):
        raise CheckpointError("it is not the state of a run")
    return state


def manifest(directory: Path) -> dict[str, Any]:
    """The files that count, by name. Raises CheckpointError where the manifest is damaged."""
    file = directory / MANIFEST
    try:
        found = json.loads(file.read_text()) if file.exists() else {}
        known = {"round": int, "bytes": int, "sha256": str}
        return {
            name: entry
            for name, entry in found.items()
            if all(isinstance(entry[key], kind) for key, kind in known.items())
        }
    except (OSError, ValueError, TypeError, LookupError, AttributeError) as error:
        raise CheckpointError(f"{file} cannot be read: {error!r}") from error


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
