"""Splitting by content: equal samples land on the same side, whatever their names and order."""

import hashlib

from ganlab.errors import ConfigError


def by_hash(content: bytes, held_out: float) -> str:
    """`test` for a share `held_out` of all contents, else `train`."""
    place = int.from_bytes(hashlib.sha256(content).digest()[:8], "big") / 2**64
    return "test" if place < held_out else "train"


def check_share(held_out: float) -> None:
    """Raise `ConfigError` unless 0 <= held_out < 1."""
    if not 0 <= held_out < 1:
        raise ConfigError(f"dataset.held_out={held_out}: a share of at least 0 and less than 1.")
