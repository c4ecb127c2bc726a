"""Checkpoints: written so that a kill at any moment leaves the older one, and read with care."""

import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ganlab.errors import CheckpointError
from ganlab.files import write_atomically

MANIFEST = "manifest.json"


def save(directory: Path, number: int, state: dict[str, Any], keep: int) -> Path:
    """Write the state after round `number`, enter it in the manifest, then drop all but `keep`.

    A file counts only once the manifest holds its SHA-256.
    """
    import torch

    buffer = io.BytesIO()
    torch.save(state, buffer)
    content = buffer.getbuffer()
    name = f"{number:07d}.pt"
    write_atomically(directory / name, content)
    entry = {"round": number, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    entries = manifest(directory) | {name: entry}
    kept = newest_first(entries)[:keep]
    write_atomically(
        directory / MANIFEST, json.dumps({name: entries[name] for name in kept}, indent=2)
    )
    for file in directory.glob("*.pt"):
        if file.name not in kept:
            file.unlink()
    return directory / name


def load(directory: Path, warn: Callable[[str], None]) -> dict[str, Any]:
    """The newest state whose bytes are those that were written; `warn` hears of each bad one.

    Only tensors and plain containers are unpickled, so a checkpoint runs no code. Raises
    CheckpointError when none is left.
    """
    reasons = []
    entries = manifest(directory)
    for name in newest_first(entries):
        try:
            return read(directory / name, entries[name])
        except Exception as error:  # torch raises nearly anything on damaged files
            reasons.append(f"{directory / name}: {str(error) or type(error).__name__}")
            warn(f"unusable checkpoint {reasons[-1]}")
    tried = "\n  ".join(reasons) or "there is none; the run was stopped before its first"
    raise CheckpointError(f"no usable checkpoint in {directory}:\n  {tried}")


def newest_first(entries: dict[str, Any]) -> list[str]:
    """The names of a manifest's entries, by round."""
    return sorted(entries, key=lambda name: entries[name]["round"], reverse=True)


def read(file: Path, entry: dict[str, Any]) -> dict[str, Any]:
    import torch

    content = file.read_bytes()
    if hashlib.sha256(content).hexdigest() != entry["sha256"]:
        raise CheckpointError(
            f"its {len(content)} bytes are not the {entry['bytes']} bytes that were written"
        )
    return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)


def manifest(directory: Path) -> dict[str, Any]:
    """The files that count, by name."""
    file = directory / MANIFEST
    return json.loads(file.read_text()) if file.exists() else {}
