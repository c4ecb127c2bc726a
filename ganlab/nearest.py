"""The names nearest to one that is unknown."""

import difflib
from collections.abc import Collection


def hint(name: str, names: Collection[str]) -> str:
    """What to say of an unknown name: those that it may stand for, or all."""
    near = difflib.get_close_matches(name, names)
    return f"did you mean {' or '.join(near)}?" if near else f"use {', '.join(names)}"
