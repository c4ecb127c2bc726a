"""Words of a command line, taken apart as people spell them."""

import re
from collections import deque

DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d"
MINUS = str.maketrans(dict.fromkeys(DASHES, "-"))


def take(rest: deque[str], count: int) -> list[str]:
    return [rest.popleft() for _ in range(min(count, len(rest)))]


def split(word: str) -> tuple[str, str, str]:
    """Name, mark and value of a word, the mark being its first `=` or `:`."""
    name = re.match("[^=:]*", word)[0]  # type: ignore[index]
    return name, word[len(name) :][:1], word[len(name) + 1 :]


def plain(name: str, blank: str = "") -> str:
    """A name without case and without what joins its words."""
    return re.sub(f"[{DASHES}_]+", blank, name).lower()


def last(key: str) -> str:
    return key.rpartition(".")[2]


def is_dashed(word: str) -> bool:
    """Whether a word looks like an option; a number with a sign does not."""
    return word[:1] in DASHES and bool(word.strip(DASHES)) and not is_number(word)


def is_number(word: str) -> bool:
    try:
        float(word.translate(MINUS))
    except ValueError:
        return False
    return True
