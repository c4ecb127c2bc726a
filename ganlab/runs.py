"""The run directory: its name, what it says of itself, and how a run is found again."""

import contextlib
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

from ganlab import evaluations
from ganlab.datasets.spec import Spec
from ganlab.errors import ConfigError, OutputError
from ganlab.files import complete_lines, write_atomically

LONGEST_NAME = 80
FACTS = {"id": str, "status": str, "started": str, "choices": dict}
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
    def evaluations_file(self) -> Path:
        return self.path / "evaluations.jsonl"

    @property
    def log_file(self) -> Path:
        """What was said; each process but the first has a log of its own."""
        rank = int(os.environ.get("RANK", "0"))
        return self.path / (f"train.{rank}.log" if rank else "train.log")

    @property
    def samples(self) -> Path:
        return self.path / "samples"

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    def facts(self) -> dict[str, Any]:
        """What `run.json` says. Raises ConfigError where it cannot be read."""
        file = self.path / "run.json"
        try:
            found = json.loads(file.read_text())
            if not all(isinstance(found[key], kind) for key, kind in FACTS.items()):
                raise ValueError("a fact is of another kind")
        except (OSError, ValueError, TypeError, LookupError) as error:
            raise ConfigError(f"{file} is damaged ({error!r}); this is no run any more") from error
        return found

    def told(self) -> dict[str, Any]:
        """What `run.json` says, or nothing where it cannot be read."""
        try:
            return self.facts()
        except ConfigError:
            return {}

    def shape(self) -> tuple[int, ...]:
        """The shape of one of its samples. Raises ConfigError where `run.json` does not say."""
        shape = self.facts().get("shape")
        if not isinstance(shape, list) or not all(isinstance(size, int) for size in shape):
            raise ConfigError(f"{self.path / 'run.json'} does not say the shape of the samples")
        return tuple(shape)

    def spec(self) -> Spec:
        """What its data looked like; of an older run no more than their shape is known."""
        facts = self.facts()
        classes = facts.get("classes")
        return Spec("", self.shape(), facts.get("count"), classes and tuple(classes), ())

    def note(self, **facts: Any) -> None:
        """Add facts to `run.json`, in one step."""
        known = self.facts() if (self.path / "run.json").exists() else {}
        write_atomically(self.path / "run.json", json.dumps(known | facts, indent=2) + "\n")

    def config(self) -> Any:
        """The run's resolved configuration. Raises ConfigError if its file cannot be read."""
        from omegaconf import OmegaConf
        from yaml import YAMLError

        try:
            config = OmegaConf.load(self.config_file)
        except (OSError, ValueError, YAMLError) as error:
            raise ConfigError(f"{self.config_file} cannot be read: {error}") from error
        if not OmegaConf.is_dict(config):
            raise ConfigError(f"{self.config_file} is no configuration: it holds no keys")
        return config

    def keep_config(self, config: Any) -> None:
        """Replace the run's configuration."""
        from omegaconf import OmegaConf

        write_atomically(self.config_file, OmegaConf.to_yaml(config, resolve=True))

    def metrics(self) -> Iterator[dict[str, Any]]:
        """The logged rounds, oldest first."""
        return (line for line in complete_lines(self.metrics_file) if "round" in line)

    def evaluations(self) -> list[evaluations.Entry]:
        """What its samples were found to be worth, oldest first."""
        return evaluations.entries(self.evaluations_file)

    def rewind(self, last: int) -> None:
        """Forget the metrics and evaluations of the rounds after `last`."""
        for file in (self.metrics_file, self.evaluations_file):
            lines = [line for line in complete_lines(file) if (line.get("round") or 0) <= last]
            if lines or file.exists():
                write_atomically(file, "".join(json.dumps(line) + "\n" for line in lines))


def new_path(output: str, words: list[str | None]) -> Path:
    """Where something that starts now has its directory: named by time, words and a short id."""
    date, _, time = now().partition("T")
    words = [time[:8].replace(":", "-"), *words, secrets.token_hex(2)]
    return Path(output) / date / directory_name(words)


@contextlib.contextmanager
def making(path: Path) -> Iterator[None]:
    """Inside, a new directory is filled. Raises OutputError where it cannot be, or is not new."""
    try:
        path.mkdir(parents=True)
        yield
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written ({error.strerror}); choose another place with output=..."
        ) from error


def create(path: Path, **facts: Any) -> Run:
    """Make the directory of a new run. Raises OutputError where it cannot be written."""
    run = Run(path)
    with making(path):
        run.samples.mkdir()
        run.checkpoints.mkdir()
        run.note(id=path.name.rpartition("-")[2], started=now(), status="created", **facts)
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
    if os.path.isfile(os.path.join(reference, "run.json")):
        return Run(Path(reference))
    runs = everything(output)
    if not runs:
        raise ConfigError(
            f"{reference}: no runs below output={output}; `ganlab train` makes the first"
        )
    if reference == "last":
        return runs[-1]
    matching = [run for run in runs if matches(run.path, reference)]
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
    return str(run.told().get("started", ""))


def matches(path: Path, reference: str) -> bool:
    """Whether the reference begins a directory's name or the id at its end."""
    name = path.name
    return name.startswith(reference) or name.rpartition("-")[2].startswith(reference)


def now() -> str:
    """Local time as ISO 8601, to the microsecond, so that names sort by it."""
    return datetime.datetime.now().isoformat()


def here() -> dict[str, Any]:
    """Which process this is."""
    return {"pid": os.getpid(), "host": socket.gethostname()}
