"""Keys and values in two columns."""

from collections.abc import Mapping


def aligned(lines: Mapping[str, object]) -> str:
    """One line a key, its value beside it."""
    width = max(map(len, lines))
    return "\n".join(f"{key:{width}}  {value}" for key, value in lines.items())
