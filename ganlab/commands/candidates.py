"""What the last word of a command line may become.

A candidate that is whole ends in a blank; one that goes on ends in `=` or `.`.
"""

import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ganlab.commands import VERBS, parser, settable
from ganlab.keys import places
from ganlab.options import all_options, options
from ganlab.parser import Parser
from ganlab.runs import USUAL_OUTPUT


@dataclass(frozen=True)
class Position:
    """Where on a line something is to be completed: in `word`, after the `before` of a verb."""

    verb: str
    before: list[str]
    word: str

    @property
    def parser(self) -> Parser:
        return parser(self.verb)


def candidates(line: str) -> list[str]:
    """What may stand in place of the word that a line ends in; nothing where a file belongs."""
    words = split(line)
    before, word = words[1:-1], words[-1]
    found = following(before, word) if before else [*map(whole, VERBS), "--help ", "--version "]
    return sorted({each for each in found if each.startswith(word)})


def split(line: str) -> list[str]:
    """The words of an unfinished line, the last one empty after a blank."""
    try:
        words = shlex.split(line)
    except ValueError:  # an open quote
        words = line.split()
    return [*words, ""] if line[-1:].isspace() or len(words) < 2 else words


def following(before: list[str], word: str) -> Iterator[str]:
    """Candidates after a verb: values of an option, options, or what the help's names say."""
    verb, *before = before
    if verb not in VERBS:
        return
    place = Position(verb, before, word)
    option = place.parser.options.get(before[-1]) if before else None
    if option is not None and option.nargs != 0:
        yield from map(whole, option.choices or ())
    elif word.startswith("-"):
        yield from map(whole, place.parser.options)
    else:
        yield from positional(place)


def positional(place: Position) -> Iterator[str]:
    """Candidates for a word that is no option."""
    actions = place.parser.positionals
    many = [action for action in actions if action.nargs in {"*", "+"}]
    given = bare(place)
    action = actions[given] if given < len(actions) else (many[-1] if many else None)
    if action is not None:
        yield from map(whole, action.choices or ())
        yield from named(str(action.metavar).split(), place)


def named(names: list[str], place: Position) -> Iterator[str]:
    """Candidates for what the help's names say: any of them beside `|`, or else the first."""
    for source in (SOURCES[name] for name in names if name in SOURCES):
        found = [each for each in source(place) if each.startswith(place.word)]
        yield from found
        if found and "|" not in names:
            return


def bare(place: Position) -> int:
    """How many words before are neither options, their values, nor settings."""
    words, count = iter(place.before), 0
    for word in words:
        values = place.parser.values(word)
        for _ in range(values or 0):
            next(words, None)
        count += values is None and not (place.parser.takes_settings and "=" in word)
    return count


def settings(place: Position) -> Iterator[str]:
    """Groups and keys, or what may follow their `=`."""
    can = settable(place.verb, place.before)
    name, equals, value = place.word.partition("=")
    if not equals:
        yield from (f"{group}=" for group in can.groups)
        yield from branches(can.keys, name)
        return
    values: Iterable[str] = can.groups.get(name) or can.values.get(name, ())
    if isinstance(can.keys.get(name), bool):
        values = ("true", "false")
    if name == "init_from":
        values = (run.strip() for run in runs(replace(place, word=value)))
    several = value[: max(value.rfind(","), value.rfind("[")) + 1]
    yield from (whole(f"{name}={several}{each}") for each in values)


def branches(keys: Mapping[str, Any], begun: str) -> Iterator[str]:
    """The keys that begin so, one level at a time: `optimizer.`, then `optimizer.lr=`."""
    for key, shipped in keys.items():
        hidden = key.rpartition(".")[2].startswith("_") or (shipped and isinstance(shipped, dict))
        if key.startswith(begun) and not hidden:
            level, dot, _ = key[len(begun) :].partition(".")
            yield f"{begun}{level}{dot or '='}"


def runs(place: Position) -> Iterator[str]:
    """`last`, the names of the newest runs, and ids once one is begun."""
    from ganlab.runs import everything

    found = [run.path.name for run in everything(output(place.before))][-20:]
    yield from map(whole, ["last", *found] if found else [])
    if place.word:
        yield from (whole(name.rpartition("-")[2]) for name in found)


def output(before: Sequence[str]) -> str:
    """Where runs are, as the words say it."""
    line = " ".join(before).replace("--output ", "--output=").split()
    said = [word.partition("=")[2] for word in line if word.startswith(("--output=", "output="))]
    return said[-1] if said else USUAL_OUTPUT


def datasets(place: Position) -> Iterator[str]:
    if bare(place) == 1:  # after the action
        yield from map(whole, options(places(place.before))["dataset"])


def groups(place: Position) -> Iterator[str]:
    yield from map(whole, all_options(places(place.before)))


def files(place: Position) -> Iterator[str]:
    for group, names in all_options(places(place.before)).items():
        yield from (whole(f"{group}/{name}") for name in names)


def studies(place: Position) -> Iterator[str]:
    yield from map(whole, all_options(places(place.before))["study"])


def whole(word: str) -> str:
    return f"{word} "


SOURCES: dict[str, Callable[[Position], Iterator[str]]] = {
    "RUN": runs,
    "DATASET|PATH": datasets,
    "KEY=VALUE": settings,
    "STUDY": studies,
    "GROUP": groups,
    "GROUP/OPTION": files,
}
