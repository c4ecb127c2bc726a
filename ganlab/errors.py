"""What ganlab refuses, and the exit code that each refusal ends the command with."""


class GanlabError(Exception):
    """A message for the user: what is wrong, where, and the remedy. Shown without a traceback."""

    exit_code = 1


class ConfigError(GanlabError):
    """A bad command line or configuration: names key, value and remedy."""

    exit_code = 2


class DataError(GanlabError):
    """Data that are missing or bad: names the files and what to do about them."""

    exit_code = 3


class CheckpointError(GanlabError):
    """A checkpoint that cannot be used: names the file and the reason."""

    exit_code = 4


class OutputError(GanlabError):
    """An output that cannot be written: names the path and the reason."""

    exit_code = 5
