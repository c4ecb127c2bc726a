"""A question before something is lost."""

import sys

from ganlab.errors import ConfigError


def agreed(question: str) -> bool:
    """Whether the user says yes. Raises ConfigError where nobody can be asked."""
    if not sys.stdin or not sys.stdin.isatty():
        raise ConfigError("nobody can be asked here; --yes deletes without a question")
    try:
        answer = input(f"{question} [y/N] ")
    except EOFError:
        print()
        return False
    return answer.strip().lower() in {"y", "yes"}
