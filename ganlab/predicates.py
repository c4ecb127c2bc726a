"""What a value must be: each predicate is what a message calls it, and the test itself."""

import re
import sys
from collections.abc import Callable
from typing import Any

Predicate = tuple[str, Callable[[Any], Any]]


def is_number(value: Any) -> bool:
    """A finite number that fits a float."""
    is_numeric = isinstance(value, int | float) and not isinstance(value, bool)
    return is_numeric and abs(value) <= sys.float_info.max


def is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def whole(least: int, most: int = 10**12) -> Predicate:
    words = f"a whole number from {least} to {most}"
    return words, lambda value: is_whole(value) and least <= value <= most


def number(words: str, inside: Callable[[float], bool]) -> Predicate:
    return words, lambda value: is_number(value) and inside(value)


def one_of(*allowed: Any) -> Predicate:
    words = "one of " + ", ".join(str(a).lower() for a in allowed)
    return words, lambda value: any(type(value) is type(a) and value == a for a in allowed)


def optional(predicate: Predicate) -> Predicate:
    words, holds = predicate
    return f"{words}, or null", lambda value: value is None or holds(value)


def is_legible(text: str) -> bool:
    """Whether a text can be written to a file, and be the name of one."""
    return "\0" not in text and not re.search("[\ud800-\udfff]", text)


POSITIVE = number("a positive number", lambda x: x > 0)
NOT_NEGATIVE = number("a number from 0", lambda x: x >= 0)
SHARE = number("a number from 0 to 1", lambda x: 0 <= x <= 1)
TEXT: Predicate = ("a text", lambda value: isinstance(value, str))
LEGIBLE: Predicate = ("a text in UTF-8 without NUL", lambda value: is_legible(str(value)))
WORD: Predicate = ("a text", lambda value: isinstance(value, str) or is_number(value))
