"""Words as other tools have them, such as `--model wgan_gp`: refused, with the right spelling."""

import os
import re
import shlex
from collections import deque
from collections.abc import Callable, Sequence
from typing import NoReturn

from ganlab.errors import ConfigError
from ganlab.keys import Vocabulary
from ganlab.nearest import equally_near, hint
from ganlab.parser import Parser
from ganlab.spelling import DASHES, MINUS, is_dashed, is_number, last, plain, split, take

Vocabularies = Callable[[Sequence[str]], Vocabulary]
"""What a verb may set beside some words of it."""

SYNONYMS = {
    "rounds": "epochs epoch nepochs numepochs steps maxsteps numsteps iterations iters niter",
    "batch_size": "bs batch",
    "optimizer.lr": "learningrate",
    "model.latent": "latentdim zdim nz",
    "dataset.resolution": "imagesize imgsize",
    "dataset.root": "dataroot datadir",
    "network": "arch architecture",
    "output": "outdir outputdir",
    "seed": "manualseed randomseed",
}
FLAGS = {"gpu": "runtime=gpu", "cuda": "runtime=gpu", "cpu": "runtime=cpu"}
NOT_EPOCHS = " (a round is one step of the generator, not a pass over the data)"


def refuse(words: Sequence[str], parser: Parser, vocabularies: Vocabularies) -> None:
    """Raise ConfigError, with the right spelling of the whole command, unless it is right."""
    reader = Reader(parser, fitting(words, parser, vocabularies))
    right = reader.read(words)
    if reader.remarks:
        raise ConfigError(f"{', '.join(reader.remarks)}; {say(parser, right)}")


def refuse_missing_verb(words: Sequence[str], parser: Parser, vocabularies: Vocabularies) -> None:
    """Raise ConfigError, with the verb put first, where the first word is one that it takes."""
    reader = Reader(parser, fitting(words, parser, vocabularies))
    if reader.takes(*words[:2]):
        raise ConfigError(f"a verb comes first; {say(parser, reader.read(words))}")


def note(name: str) -> str:
    return NOT_EPOCHS if "epoch" in plain(name) else ""


def say(parser: Parser, words: Sequence[str]) -> str:
    return f"say\n  {parser.prog} {shlex.join(words)}"


def fitting(words: Sequence[str], parser: Parser, vocabularies: Vocabularies) -> Vocabulary:
    """What may be set beside the options that the words mean, however they are spelled."""
    option = Reader(parser, Vocabulary()).option
    words = [option(f"--{word.lstrip(DASHES)}") or word for word in words]
    groups = "|".join(vocabularies(words).groups) or "$"
    meant = re.findall(rf"\b({groups})\b[\s=:]+([\w-]+)", " ".join(words))
    return vocabularies([f"{group}={plain(option, '_')}" for group, option in meant] + words)


class Reader:
    """Reads words as a person would, and remarks upon every one that it had to spell anew."""

    def __init__(self, parser: Parser, vocabulary: Vocabulary) -> None:
        self.parser, self.values, self.groups = parser, vocabulary.keys, vocabulary.groups
        known = dict.fromkeys([*self.groups, *self.values])
        self.known = [key for key in known if not last(key).startswith("_")]
        self.remarks: list[str] = []
        self.bare: list[str] = []
        self.is_late = False

    def read(self, words: Sequence[str]) -> list[str]:
        """The words, rightly spelled. Raises ConfigError for what cannot be mended."""
        rest, right = deque(words), list[str]()
        while rest:
            right += self.next(rest.popleft(), rest)
        if self.parser.takes_settings:
            self.refuse_unsettable()
            self.refuse_unknown_options(right if self.remarks else ())
        return self.ordered(right)

    def ordered(self, words: list[str]) -> list[str]:
        """The words with those in front that are no settings but must come, such as RUN."""
        front = self.bare[: self.parser.needed]
        if not (front and self.is_late):
            return words
        self.remarks.append(f"{' '.join(front)} comes first")
        return [*front, *(word for word in words if word not in front)]

    def next(self, word: str, rest: deque[str]) -> list[str]:
        """One word, and those of the rest that belong to it."""
        if word == "--":
            return [word, *take(rest, len(rest))]
        if (count := self.parser.values(word)) is not None:
            return [word, *take(rest, count)]
        if is_dashed(word):
            return self.dashed(word, rest)
        return [self.setting(word, rest)] if self.parser.takes_settings else [word]

    def dashed(self, word: str, rest: deque[str]) -> list[str]:
        """A word that looks like an option: one that is misspelled, or a setting."""
        name, mark, value = split(word.lstrip(DASHES))
        shown = word.removesuffix(mark + value)
        if option := self.option(word):
            self.remarks.append(f"{shown} is written {split(option)[0]}")
            return [option, *take(rest, self.parser.values(option) or 0)]
        if self.groups and plain(name) in FLAGS and not mark:
            self.remarks.append(f"{word} is written {FLAGS[plain(name)]}")
            return [FLAGS[plain(name)]]
        if key := self.key(name):
            self.remarks.append(f"{shown} is written {key}={note(name)}")
            self.is_late |= len(self.bare) < self.parser.needed
            return [f"{key}={self.meant(key, value if mark else self.value(shown, key, rest))}"]
        self.refuse_unknown(shown)

    def setting(self, word: str, rest: deque[str]) -> str:
        """A word without dashes, with the pieces that blanks cut off it."""
        pieces = [word, *self.cut_off(word, rest)]
        name, mark, value = split("".join(pieces))
        is_place = self.parser.allowed and os.path.exists(word)
        if is_place or not mark or (mark == ":" and not self.keys(name)):
            self.bare.append(word)
            return word
        self.is_late |= len(self.bare) < self.parser.needed
        if key := self.key(name):
            right = f"{key}={self.meant(key, value)}"
        elif option := self.option(f"--{name}={value}"):
            right = option
        elif len(pieces) > 1:
            self.refuse_unknown(name)
        else:
            return word
        if pieces != [right]:
            self.remarks.append(f"{' '.join(pieces)} is written {right}{note(name)}")
        return right

    def cut_off(self, word: str, rest: deque[str]) -> list[str]:
        """The rest of a setting: `= value` or `=value` after a name, `value` after `name=`."""
        name, mark, value = split(word)
        if rest and not mark and rest[0].startswith("="):
            return take(rest, 2 if rest[0] == "=" else 1)
        is_open = mark and not value and len(self.bare) >= self.parser.needed
        return take(rest, 1) if is_open and self.keys(name) and self.is_value(rest) else []

    def value(self, word: str, key: str, rest: deque[str]) -> str:
        """The value that follows a dashed word. Raises ConfigError where none does."""
        if pieces := self.cut_off(word, rest):
            return "".join(pieces)[1:]
        shipped = self.values.get(key)
        if not self.is_value(rest):
            if isinstance(shipped, bool):
                return "true"
            raise ConfigError(f"{word} lacks its value; write {key}=...")
        if not isinstance(shipped, list) or rest[0].startswith("["):
            return rest.popleft()
        listed = []
        while self.is_value(rest):
            listed.append(rest.popleft())
        return f"[{','.join(listed)}]"

    def is_value(self, rest: deque[str]) -> bool:
        """Whether the next word is neither an option nor a setting of its own."""
        if not rest or is_dashed(rest[0]):
            return False
        name, mark, _ = split(rest[0])
        return not (mark and name in self.known)

    def option(self, word: str) -> str | None:
        """The real option that a word is another spelling of, with the value after its `=`."""
        name, mark, value = split(word.lstrip(DASHES))
        if is_dashed(word) and name:
            for spelling, action in self.parser.options.items():
                if plain(spelling) == plain(name) and not (mark and action.nargs == 0):
                    return f"{spelling}={value}" if mark else spelling
        return None

    def takes(self, word: str, following: str = "") -> bool:
        """Whether a word is an option or a setting, rightly spelled or not."""
        if self.parser.values(word) is not None or self.option(word):
            return True
        name, mark, _ = split(word.lstrip(DASHES))
        is_setting = mark or is_dashed(word) or following.startswith("=")
        return bool(is_setting and self.keys(name))

    def key(self, name: str) -> str | None:
        """The key that a name means. Raises ConfigError if it may be one of several."""
        found = self.keys(name)
        if len(found) > 1:
            raise ConfigError(f"{name} may be {' or '.join(found)}; write the one that is meant")
        return found[0] if found else None

    def keys(self, name: str) -> list[str]:
        """The keys that a name may mean: itself, a synonym's, or the shortest that end so."""
        if name in self.known:
            return [name]
        same = [key for key in self.known if plain(key) == plain(name)]
        named = [key for key, names in SYNONYMS.items() if plain(name) in names.split()]
        end = [key for key in self.known if plain(last(key)) == plain(name)]
        least = min((key.count(".") for key in end), default=0)
        shortest = [key for key in end if key.count(".") == least]
        return same or [key for key in named if key in self.known] or shortest

    def meant(self, key: str, value: str) -> str:
        """A value as ganlab has it: an option's own name, a number with a plain minus."""
        names = {plain(name): name for name in self.groups.get(key, {})}
        if names:
            return ",".join(names.get(plain(part), part) for part in value.split(","))
        is_numeric = isinstance(self.values.get(key), int | float) and is_number(value)
        return value.translate(MINUS) if is_numeric else value

    def refuse_unsettable(self) -> None:
        """Raise ConfigError for a word without `=`, with the settings that it may stand for."""
        for word in self.bare[self.parser.allowed :]:
            shown = " or ".join(self.settings(word)) or "key=value, such as rounds=1000"
            raise ConfigError(f"{word!r} is not a setting; write {shown}")

    def settings(self, word: str) -> list[str]:
        """The choices of an option of that name, or a setting of the group or key."""
        chosen = [f"{g}={o}" for g, o in self.choices() if plain(o) == plain(word)]
        named = [f"{g}={o}" for g, o in self.choices() if g == word]
        return chosen or named[:1] or [f"{key}=..." for key in self.keys(word)]

    def choices(self) -> list[tuple[str, str]]:
        """Every group with every option of it."""
        return [(group, option) for group, options in self.groups.items() for option in options]

    def refuse_unknown_options(self, words: Sequence[str]) -> None:
        """Raise ConfigError for words that would be refused again."""
        for word in words:
            group, _, options = word.partition("=")
            for option in set(options.split(",")) - {"null"} if group in self.groups else ():
                if option not in self.groups[group]:
                    near = hint(option, self.groups[group])
                    raise ConfigError(f"{group}={option}: no such {group}; {near}")

    def refuse_unknown(self, word: str) -> NoReturn:
        """Raise ConfigError, with the nearest option or key, the shortest of those that end so."""
        known = {plain(option): option for option in self.parser.options}
        for key in sorted(self.known, key=lambda key: -key.count(".")):
            known |= {plain(last(key)): f"{key}=", plain(key): f"{key}="}
        near = [known[name] for name in equally_near(plain(word), known)]
        shortest = min(near, key=lambda key: key.count("."), default=None)
        remedy = f"did you mean {shortest}?" if near else f"see `{self.parser.prog} --help`"
        what = "option or key" if self.parser.takes_settings else "option"
        raise ConfigError(f"{word}: `{self.parser.prog}` has no such {what}; {remedy}")
