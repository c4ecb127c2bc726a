"""`ganlab sample`: samples of a run, as a grid, as pictures or as an array."""

import argparse
import logging
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganlab.commands.arguments import TRUST, add_config_dir, add_run, without_trust
from ganlab.errors import ConfigError, OutputError

if TYPE_CHECKING:
    from torch import Tensor

    from ganlab.loaded import Loaded
    from ganlab.panel import Extent

EXAMPLES = (
    "ganlab sample last",
    "ganlab sample last n=100 seed=3 format=png out=digits/",
    "ganlab sample 3f9a n=10000 format=npz weights=raw",
)
SETTINGS = {
    "n": "64",
    "seed": "0",
    "format": "",
    "weights": "average",
    "checkpoint": "newest",
    "out": "",
}
VALUES = {
    "format": ("grid", "png", "npz"),
    "weights": ("average", "raw"),
    "checkpoint": ("newest", "best"),
}
ENDS = {".png": "grid", ".npz": "npz", "/": "png"}
"""The format of what ends so."""
MOST_CELLS = 10_000
HELP = (
    "n=64 samples, of seed=0, as format=grid|png|npz, with weights=average|raw of "
    "checkpoint=newest|best|ROUND, to out=PATH (default: the run's samples/), whose suffix .png, "
    f".npz or / says the format too; sample i depends on (seed, i) only. {TRUST}"
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
    from ganlab.loaded import load

    console.step_aside()
    loaded = load(arguments.run, arguments.output, arguments.config_dir, trust, wish["checkpoint"])
    refuse_unfit(wish["format"], wish["n"], loaded.run.facts()["shape"])
    tell_round(loaded)
    samples = loaded.sample(wish["n"], wish["seed"], wish["weights"])
    special = [wish[key] for key in ("weights", "checkpoint") if wish[key] != SETTINGS[key]]
    name = "-".join([f"seed{wish['seed']}", f"n{wish['n']}", *map(str, special)])
    try:
        print(WRITERS[wish["format"]](samples, wish["out"], loaded, name))
    except OSError as error:
        where = f"out={wish['out']}" if wish["out"] else loaded.run.samples
        why = f"{where} cannot be written ({error.strerror})"
        raise OutputError(f"{why};\n  choose another place with out=PATH") from error
    return 0


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
    wish["format"] = format_of(wish["format"], wish["out"])
    for key in ("format", "weights"):
        if wish[key] not in VALUES[key]:
            raise ConfigError(f"{key}={wish[key]}: {key} must be one of {', '.join(VALUES[key])}")
    if re.fullmatch("[0-9]{1,12}", wish["checkpoint"]):
        wish["checkpoint"] = int(wish["checkpoint"])
    elif wish["checkpoint"] not in {"newest", "best"}:
        raise ConfigError(f"checkpoint={wish['checkpoint']}: newest, best, or a round's number")
    return wish


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


def write_grid(samples: "Tensor", out: str, loaded: "Loaded", name: str) -> Path:
    """One PNG of all samples."""
    from ganlab import pictures
    from ganlab.files import write_atomically

    path = Path(out) if out else loaded.run.samples / f"{name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    is_image = samples.ndim == 4
    picture = pictures.render(samples) if is_image else pictures.scatter(samples, area(loaded))
    write_atomically(path, pictures.png(picture))
    return path


def area(loaded: "Loaded") -> "Extent | None":
    """The square of the plane that the data take, if their configuration alone says it."""
    from ganlab.making import make
    from ganlab.panel import extent
    from ganlab.views import real_points

    dataset = make(loaded.config.dataset, "dataset")
    if not dataset.prepared or dataset.spec.shape != (2,):
        return None
    return extent(real_points(dataset).numpy())


def write_png(samples: "Tensor", out: str, loaded: "Loaded", name: str) -> Path:
    """One PNG a sample, in a directory."""
    from ganlab import pictures

    directory = Path(out) if out else loaded.run.samples / name
    directory.mkdir(parents=True, exist_ok=True)
    for i in range(len(samples)):
        (directory / f"{i:06d}.png").write_bytes(pictures.png(pictures.render(samples[i : i + 1])))
    return directory


def write_npz(samples: "Tensor", out: str, loaded: "Loaded", name: str) -> Path:
    """`images`, uint8 (N, H, W, C), or `points`, float32 (N, D), in a NumPy archive."""
    import numpy as np

    from ganlab.files import replacing
    from ganlab.sampling import quantise

    path = Path(out) if out else loaded.run.samples / f"{name}.npz"
    path.parent.mkdir(parents=True, exist_ok=True)
    is_image = samples.ndim == 4
    arrays = {"images": quantise(samples)} if is_image else {"points": samples.numpy()}
    with replacing(path) as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]
    return path


WRITERS = {"grid": write_grid, "png": write_png, "npz": write_npz}
