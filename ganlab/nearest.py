"""The names nearest to one that is unknown."""

import difflib
from collections.abc import Collection


def nearest(name: str, names: Collection[str]) -> list[str]:
    """At most three names that it may stand for, the nearest first."""
    return difflib.get_close_matches(name, names)


def equally_near(name: str, names: Collection[str]) -> list[str]:
    """The nearest name, and those that are just as near."""
    likeness = {n: difflib.SequenceMatcher(None, n, name).ratio() for n in nearest(name, names)}
    return [near for near in likeness if likeness[near] == max(likeness.values())]


def did_you_mean(names: Collection[str]) -> str:
    """The question where the names are few, else all of them."""
    return f"did you mean {' or '.join(names)}?" if len(names) <= 3 else f"use {', '.join(names)}"


def hint(name: str, names: Collection[str]) -> str:
    """What to say of an unknown name: those that it may stand for, or all."""
    near = nearest(name, names)
    return did_you_mean(near) if near else f"use {', '.join(names)}"
