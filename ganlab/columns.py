"""Keys and values in two columns."""

import textwrap
from collections.abc import Mapping

COLUMNS = 80


def aligned(lines: Mapping[str, object]) -> str:
    """One line a key, its value beside it."""
    width = max(map(len, lines))
    return "\n".join(f"{key:{width}}  {value}" for key, value in lines.items())


def wrapped(lines: Mapping[str, object]) -> str:
    """As `aligned`, with values of more than a line below one another."""
    width = max(map(len, lines))
    each = (folded(f"{key:{width}}  ", str(value)) for key, value in lines.items())
    return "\n".join(line for lines in each for line in lines)


def folded(first: str, text: str, width: int = COLUMNS) -> list[str]:
    """A text in lines of so many columns where its words allow, indented below its first."""
    return textwrap.wrap(
        text or "-",
        width,
        initial_indent=first,
        subsequent_indent=" " * len(first),
        break_long_words=False,
        break_on_hyphens=False,
    )


def counted(number: int, noun: str) -> str:
    """Such as `1 checkpoint` and `2 checkpoints`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
