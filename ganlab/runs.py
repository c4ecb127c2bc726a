"""The run directory: its name, what it says of itself, and how a run is found again."""

import datetime
import json
import os
import re
import secrets
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganlab.errors import ConfigError, OutputError
from ganlab.files import write_atomically

LONGEST_NAME = 80
USUAL_OUTPUT = "outputs"


@dataclass(frozen=True)
class Run:
    """A directory that holds one run."""

    path: Path

    @property
    def config_file(self) -> Path:
        return self.path / "config.yaml"

    @property
    def metrics_file(self) -> Path:
        return self.path / "metrics.jsonl"

    @property
    def log_file(self) -> Path:
        return self.path / "train.log"

    @property
    def samples(self) -> Path:
        return self.path / "samples"

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    def facts(self) -> dict[str, Any]:
        """What `run.json` says."""
        return json.loads((self.path / "run.json").read_text())

    def note(self, **facts: Any) -> None:
        """Add facts to `run.json`, in one step."""
        known = self.facts() if (self.path / "run.json").exists() else {}
        write_atomically(self.path / "run.json", json.dumps(known | facts, indent=2) + "\n")

    def config(self) -> Any:
        """The run's resolved configuration. Raises ConfigError if its file cannot be read."""
        from omegaconf import OmegaConf
        from yaml import YAMLError

        try:
            return OmegaConf.load(self.config_file)
        except (OSError, YAMLError) as error:
            raise ConfigError(f"{self.config_file} cannot be read: {error}") from error

    def keep_config(self, config: Any) -> None:
        """Replace the run's configuration."""
        from omegaconf import OmegaConf

        write_atomically(self.config_file, OmegaConf.to_yaml(config, resolve=True))

    def metrics(self) -> Iterator[dict[str, Any]]:
        """The logged rounds, oldest first; a last line that was cut off is left out."""
        if self.metrics_file.exists():
            for line in self.metrics_file.read_text().splitlines():
                if line.endswith("}"):
                    yield json.loads(line)

    def rewind(self, last: int) -> None:
        """Forget the metrics of the rounds after `last`."""
        kept = [json.dumps(m) + "\n" for m in self.metrics() if m["round"] <= last]
        write_atomically(self.metrics_file, "".join(kept))


def create(output: str, choices: dict[str, str], name: str | None, **facts: Any) -> Run:
    """Make the directory of a new run. Raises OutputError where it cannot be written."""
    started = now()
    date, _, time = started.partition("T")
    id = secrets.token_hex(2)
    words = [time[:8].replace(":", "-"), name, choices["model"], choices["dataset"], id]
    path = Path(output) / date / directory_name(words)
    run = Run(path)
    try:
        path.mkdir(parents=True)
        run.samples.mkdir()
        run.checkpoints.mkdir()
        run.note(id=id, name=name, started=started, status="created", choices=choices, **facts)
    except OSError as error:
        raise OutputError(
            f"output={output}: {path} cannot be written ({error.strerror}); "
            "choose another place with output=..."
        ) from error
    return run


def refuse_unwritable(output: str) -> None:
    """Raise OutputError, before anything is built, where no run directory could be made."""
    place = Path(output).absolute()
    existing = next(p for p in [place, *place.parents] if p.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        raise OutputError(
            f"output={output}: {existing} is not a directory that can be written to; "
            "choose another place with output=..."
        )


def directory_name(words: list[str | None]) -> str:
    """The words joined by dashes, at most 80 characters of [A-Za-z0-9._-]; the id stays whole."""
    *front, id = [re.sub(r"[^A-Za-z0-9._-]+", "_", str(word)) for word in words if word]
    return f"{'-'.join(front)[: LONGEST_NAME - len(id) - 1]}-{id}"


def find(reference: str, output: str) -> Run:
    """The run that is named by a path, `last`, or a prefix of its directory's name or id.

    Raises ConfigError where none or several match.
    """
    if (Path(reference) / "run.json").is_file():
        return Run(Path(reference))
    runs = everything(output)
    if not runs:
        raise ConfigError(
            f"{reference}: no runs below output={output}; `ganlab train` makes the first"
        )
    if reference == "last":
        return runs[-1]
    matching = [run for run in runs if matches(run, reference)]
    if len(matching) == 1:
        return matching[0]
    shown = "\n  ".join(str(run.path) for run in (matching or runs)[-10:])
    found = "several runs match" if matching else "no such run; the newest are"
    raise ConfigError(f"{reference}: {found}\n  {shown}")


def everything(output: str) -> list[Run]:
    """All runs below a directory, in the order in which they were started."""
    found = []
    for directory, below, files in os.walk(output):
        if "run.json" in files:
            below.clear()
            found.append(Run(Path(directory)))
    return sorted(found, key=started)


def started(run: Run) -> str:
    """When a run was started; nothing for one whose facts cannot be read."""
    try:
        return str(run.facts()["started"])
    except (OSError, ValueError, KeyError):
        return ""


def matches(run: Run, reference: str) -> bool:
    """Whether the reference begins the run's directory name or its id."""
    name = run.path.name
    return name.startswith(reference) or name.rpartition("-")[2].startswith(reference)


def now() -> str:
    """Local time as ISO 8601, to the microsecond, so that names sort by it."""
    return datetime.datetime.now().isoformat()


def here() -> dict[str, Any]:
    """Which process this is."""
    return {"pid": os.getpid(), "host": socket.gethostname()}
