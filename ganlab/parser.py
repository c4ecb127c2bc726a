"""argparse, refusing in ganlab's own form, and telling which options it has."""

import argparse
from typing import Any, NoReturn

from ganlab.errors import ConfigError


class Parser(argparse.ArgumentParser):
    """The parser of one verb."""

    def error(self, message: str) -> NoReturn:
        raise ConfigError(f"{message}; `{self.prog} --help` tells more")

    def add_argument(self, *names: Any, **settings: Any) -> argparse.Action:
        """As argparse does, but words of which there may be none are never said to be required."""
        action = super().add_argument(*names, **settings)
        action.required &= action.nargs != "*"
        return action

    @property
    def options(self) -> dict[str, argparse.Action]:
        """Each spelling of each option, in the order in which they were added."""
        return {spelling: a for a in self._actions for spelling in a.option_strings}

    @property
    def positionals(self) -> list[argparse.Action]:
        return [action for action in self._actions if not action.option_strings]

    @property
    def takes_settings(self) -> bool:
        """Whether key=value words belong to the verb, as the name in its help says."""
        return any("KEY=VALUE" in str(action.metavar) for action in self.positionals)

    @property
    def needed(self) -> int:
        """How many words must come that are neither options nor settings, such as RUN."""
        return sum(action.required and action.nargs is None for action in self.positionals)

    @property
    def allowed(self) -> int:
        """How many such words may come: one more where a run or a name may stand for settings."""
        names = [str(action.metavar) for action in self.positionals]
        return self.needed + any("KEY=VALUE" in name != "KEY=VALUE" for name in names)

    def values(self, word: str) -> int | None:
        """How many of the next words belong to an option; None for what is no option."""
        name, equals, _ = word.partition("=")
        if name in self.options:
            return 0 if equals or self.options[name].nargs == 0 else 1
        shorts = [f"-{letter}" for letter in word[1:]] if word[:2] not in {"-", "--"} else []
        flags = {spelling for spelling, action in self.options.items() if action.nargs == 0}
        return 0 if word.startswith("-") and shorts and flags.issuperset(shorts) else None
