"""`ganlab sample`: samples of a run, as a grid, as pictures or as an array."""

import argparse
import logging
import os
import random
import re
from typing import TYPE_CHECKING, Any

from ganlab.commands.arguments import TRUST, add_config_dir, add_run, without_trust
from ganlab.errors import ConfigError, OutputError

if TYPE_CHECKING:
    from ganlab.loaded import Loaded

EXAMPLES = (
    "ganlab sample last",
    "ganlab sample last n=100 seed=3 format=png out=digits/",
    "ganlab sample last label=3,5 n=20",
    "ganlab sample 3f9a n=10000 format=npz weights=raw",
)
SETTINGS = {
    "n": "64",
    "seed": "0",
    "format": "",
    "weights": "average",
    "checkpoint": "newest",
    "out": "",
    "label": "",
    "truncation": "",
}
VALUES = {
    "format": ("grid", "png", "npz"),
    "weights": ("average", "raw"),
    "checkpoint": ("newest", "best"),
}
ENDS = {".png": "grid", ".npz": "npz", "/": "png"}
"""The format of what ends so."""
MOST_CELLS, MOST_COLUMNS, MOST_NAMES = 10_000, 16, 100
HELP = (
    "n=64 samples, of seed=0, as format=grid|png|npz, with weights=average|raw of "
    "checkpoint=newest|best|ROUND, to out=PATH (default: the run's samples/), whose suffix .png, "
    ".npz or / says the format too; label=3, or several, by number or name, of models that draw by "
    "class; truncation=0.7, from 0 to 1, trades diversity for quality; sample i depends on (seed, "
    f"i) only. {TRUST}"
)

log = logging.getLogger("ganlab")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run(parser)
    parser.add_argument("words", nargs="*", metavar="KEY=VALUE", help=HELP)
    add_config_dir(parser)


def run(arguments: argparse.Namespace) -> int:
    words, trust = without_trust(arguments.words)
    wish = settings(words)
    from ganlab import console
    from ganlab.drawn import WRITERS, Drawn
    from ganlab.loaded import load

    console.step_aside()
    loaded = load(arguments.run, arguments.output, arguments.config_dir, trust, wish["checkpoint"])
    refuse_unfit(wish["format"], wish["n"], loaded.run.facts()["shape"])
    label = classes(wish["label"], loaded)
    if label is None and wish["format"] == "grid" and loaded.game.classes:
        label = list(range(min(loaded.game.classes, MOST_COLUMNS)))
    if label is None and wish["format"] == "npz" and loaded.game.labelled:
        label = frequent(loaded.game.frequencies.tolist(), wish["n"], wish["seed"])
    samples = loaded.sample(wish["n"], wish["seed"], wish["weights"], label, wish["truncation"])
    tell_round(loaded)
    try:
        drawn = Drawn(samples, label, loaded, name_of(wish))
        print(WRITERS[wish["format"]](drawn, wish["out"]))
    except OSError as error:
        where = f"out={wish['out']}" if wish["out"] else loaded.run.samples
        why = f"{where} cannot be written ({error.strerror})"
        raise OutputError(f"{why};\n  choose another place with out=PATH") from error
    return 0


def name_of(wish: dict[str, Any]) -> str:
    """What samples are called after whatever is not usual about them."""
    special = [wish[key] for key in ("weights", "checkpoint") if wish[key] != SETTINGS[key]]
    asked = [f"{key}{wish[key]}" for key in ("label", "truncation") if wish[key]]
    return "-".join([f"seed{wish['seed']}", f"n{wish['n']}", *map(str, special), *asked])


def classes(text: str, loaded: "Loaded") -> list[int] | None:
    """The classes that a list of names or numbers means; None for no text. Raises ConfigError."""
    if not text:
        return None
    names = loaded.run.facts().get("classes") if loaded.game.labelled else None
    known = {name: number for number, name in enumerate(names or [])}
    found = [known.get(word, int(word) if word.isdecimal() else -1) for word in text.split(",")]
    if -1 in found and loaded.game.classes:
        few = ", ".join(known) if len(known) <= MOST_NAMES else ""
        there = few or f"0 to {loaded.game.classes - 1}"
        raise ConfigError(f"label={text}: the classes are {there}")
    return found


def refuse_unfit(format: str, n: int, shape: list[int]) -> None:
    """Raise ConfigError, before anything is drawn, for samples that the format is not for."""
    is_image = len(shape) == 3
    if format == "grid" and is_image and n > MOST_CELLS:
        raise ConfigError(f"n={n}: a grid has at most {MOST_CELLS} cells; use format=npz")
    if format == "png" and not is_image:
        raise ConfigError("format=png: these samples are points; use format=grid or format=npz")


def tell_round(loaded: "Loaded") -> None:
    """Say which round is drawn from."""
    if loaded.round:
        log.info(f"drawn from round {loaded.round} of {loaded.run.path}")
    else:
        log.warning(f"untrained: drawn from round 0 of {loaded.run.path}")


def settings(words: list[str]) -> dict[str, Any]:
    """The settings as typed values. Raises ConfigError, naming key, value and remedy."""
    wish: dict[str, Any] = dict(SETTINGS)
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or key not in wish:
            raise ConfigError(f"{word}: `ganlab sample` takes {', '.join(f'{k}=' for k in wish)}")
        wish[key] = value
    for key, least in {"n": 1, "seed": 0}.items():
        if not re.fullmatch("[0-9]{1,12}", wish[key]) or int(wish[key]) < least:
            raise ConfigError(
                f"{key}={wish[key]}: {key} must be a whole number from {least} to {10**12 - 1}"
            )
        wish[key] = int(wish[key])
    wish["truncation"] = share(wish["truncation"])
    wish["format"] = format_of(wish["format"], wish["out"])
    for key in ("format", "weights"):
        if wish[key] not in VALUES[key]:
            raise ConfigError(f"{key}={wish[key]}: {key} must be one of {', '.join(VALUES[key])}")
    if re.fullmatch("[0-9]{1,12}", wish["checkpoint"]):
        wish["checkpoint"] = int(wish["checkpoint"])
    elif wish["checkpoint"] not in {"newest", "best"}:
        raise ConfigError(f"checkpoint={wish['checkpoint']}: newest, best, or a round's number")
    return wish


def frequent(frequencies: list[float], n: int, seed: int) -> list[int]:
    """Classes of n samples, as often as in the data; the i-th depends on (seed, i) only."""
    draws = random.Random(seed)
    return [draws.choices(range(len(frequencies)), frequencies)[0] for _ in range(n)]


def share(text: str) -> float | None:
    """A truncation; None for no text. Raises ConfigError."""
    if text and not (re.fullmatch(r"[0-9]*\.?[0-9]+", text) and float(text) <= 1):
        raise ConfigError(f"truncation={text}: truncation must be a number from 0 to 1")
    return float(text) if text else None


def format_of(asked: str, out: str) -> str:
    """The format asked for, or else what `out` ends in. Raises ConfigError where they differ."""
    is_directory = out.endswith("/") or os.path.isdir(out)
    end = "/" if is_directory else os.path.splitext(out)[1].lower()
    if not end or (asked and asked not in ENDS.values()):
        return asked or "grid"
    if end not in ENDS and not asked:
        raise ConfigError(f"out={out}: end it in {' or '.join(ENDS)}")
    if asked not in {"", ENDS.get(end)}:
        right = next(end for end, format in ENDS.items() if format == asked)
        raise ConfigError(f"format={asked} out={out}: end it in {right}, or leave out format=")
    return ENDS[end]
