"""Trains every recipe at one budget of time, judges it before and after, and shows its samples.

    python scripts/report_recipes.py --seconds 180 --out report
    python scripts/report_recipes.py sngan stylegan2 --seconds 60

Each recipe of `conf/model/` is trained on MNIST at 32 pixels (on scikit-learn's digits where MNIST
is not below GANLAB_DATA), at the sizes below, for so many seconds of training and no longer. It is
judged by FID under one protocol, as it was at the start and at the end: 2,000 samples of the
averaged generator, seen by the classifier of the data's labels. Alarms of its health monitor are
counted.
`recipes.md` holds the table and `recipes.png` a row of samples for each recipe. With `--jobs 2` two
recipes are trained at a time, on one core each.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

SHARED = Path(__file__).parents[2] / "shared" / "data"
START_S = 120.0
SAMPLES = 12
COMMON = (
    *("rounds=1000000", "checkpoint_every=1000000", "sample_every=1000000", "metrics=none"),
    *("log_every=20", "health.every=100", "progress=none"),
)
SIZES = {  # what trains on a CPU in minutes, and on MNIST; the options have the papers' settings
    "began": (
        *("network=mlp", "model.generator_norm=batch", "loss.gamma=0.7"),
        *("optimizer=adam", "optimizer.betas=[0.5,0.999]"),
    ),
    "biggan": (
        *("network.width=4", "model.game.discriminator_turns=1"),
        "optimizer.players.generator.lr=2.0e-4",
    ),
    "cgan_pd": ("network=dcgan", "network.width=16"),
    "dragan": ("network=mlp",),
    "ebgan": ("network=mlp", "optimizer=adam", "optimizer.betas=[0.5,0.999]"),
    "glo": ("network=mlp",),
    "lsgan": ("network=mlp", "model.discriminator_norm=none"),
    "pggan": (
        *("network.width=8", "batch_size=32"),
        *("model.game.stable_rounds=60", "model.game.fade_rounds=60"),
    ),
    "r3gan": ("network.width=16", "batch_size=32", "optimizer.lr=1.0e-3", "penalty.gamma=0.5"),
    "ragan": ("network=mlp",),
    "rsgan": ("network=mlp",),
    "sagan": ("network.width=4",),
    "sngan": ("network.width=8",),
    "stylegan2": ("network.width=32", "network.base=256"),
    "wgan": ("network.width=8", "model.game.thorough_turns=20", "optimizer.lr=5.0e-4"),
    "wgan_ct": (
        *("network.width=8", "optimizer.lr=1.0e-3"),
        *("model.generator_norm=batch", "model.discriminator_dropout=0.2"),
    ),
    "wgan_gp": ("network.width=8", "optimizer.lr=5.0e-4"),
    "wgan_lp": ("network.width=8", "optimizer.lr=5.0e-4"),
}


@dataclass
class Report:
    """What became of a recipe: rounds, seconds, FID before and after, alarms."""

    recipe: str
    rounds: int
    seconds: float
    before: float
    after: float
    alarms: list[str]
    directory: Path

    def row(self) -> list[str]:
        fids = [f"{self.before:.3g}", f"{self.after:.3g}"]
        alarms = ", ".join(self.alarms) or "none"
        return [f"`{self.recipe}`", f"{self.rounds:,}", f"{self.seconds:.0f} s", *fids, alarms]


def main() -> None:
    from ganlab.options import options

    summary, _, details = str(__doc__).partition("\n\n")
    parser = argparse.ArgumentParser(
        description=summary, epilog=details, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("recipes", nargs="*", help="some of them in place of all")
    parser.add_argument("--seconds", type=float, default=180.0, help="of training (%(default)s)")
    parser.add_argument("--jobs", type=int, default=1, help="recipes at a time (%(default)s)")
    parser.add_argument("--out", type=Path, default=Path("report"), help="where (%(default)s)")
    wish = parser.parse_args()
    os.environ.setdefault("GANLAB_DATA", str(SHARED if SHARED.is_dir() else "data"))
    if wish.jobs > 1:
        os.environ["OMP_NUM_THREADS"] = str(max(1, (os.cpu_count() or 1) // wish.jobs))
    wish.out.mkdir(parents=True, exist_ok=True)
    recipes = wish.recipes or sorted(options([])["model"])
    with ThreadPoolExecutor(wish.jobs) as pool:
        found = list(pool.map(lambda r: report(r, wish.seconds, wish.out), recipes))
    (wish.out / "recipes.md").write_text(table(found))
    draw(found, wish.out / "recipes.png")
    print(table(found))


def report(recipe: str, seconds: float, out: Path) -> Report:
    """Train a recipe and judge it."""
    directory = out / recipe
    if not (directory / "report.json").exists():
        spent = train(recipe, seconds, directory)
        facts = {"seconds": spent, "before": fid(directory, 0), "after": fid(directory, "newest")}
        (directory / "report.json").write_text(json.dumps(facts))
    facts = json.loads((directory / "report.json").read_text())
    rounds = json.loads((directory / "metrics.jsonl").read_text().splitlines()[-1])["round"]
    found = Report(recipe, rounds, **facts, alarms=alarms(directory), directory=directory)
    print("  ".join(found.row()), file=sys.stderr)
    return found


def dataset() -> str:
    return "mnist" if (Path(os.environ["GANLAB_DATA"]) / "MNIST").is_dir() else "digits"


def train(recipe: str, seconds: float, directory: Path) -> float:
    """Train for so long, from the first logged round on; seconds of training."""
    words = [f"model={recipe}", f"dataset={dataset()}", *COMMON, *SIZES.get(recipe, ())]
    child = subprocess.Popen(
        [sys.executable, "-m", "ganlab", "train", *words, "--directory", str(directory)],
        stdout=(directory.parent / f"{recipe}.log").open("w"),
        stderr=subprocess.STDOUT,
    )
    limit = time.monotonic() + START_S
    while not (directory / "metrics.jsonl").exists() and time.monotonic() < limit:
        if child.poll() is not None:
            raise SystemExit((directory.parent / f"{recipe}.log").read_text())
        time.sleep(0.2)
    started = time.monotonic()
    time.sleep(seconds)
    child.send_signal(signal.SIGINT)
    child.wait()
    return time.monotonic() - started


def fid(directory: Path, checkpoint: int | str) -> float:
    """The FID of 2,000 samples of a checkpoint."""
    words = [f"checkpoint={checkpoint}", "samples=2000", "metrics=fid"]
    subprocess.run(
        [sys.executable, "-m", "ganlab", "evaluate", str(directory), *words],
        check=True,
        capture_output=True,
    )
    last = (directory / "evaluations.jsonl").read_text().splitlines()[-1]
    return next(v for name, v in json.loads(last)["metrics"].items() if name.startswith("fid"))


def alarms(directory: Path) -> list[str]:
    """What the health monitor said."""
    lines = (directory / "train.log").read_text().splitlines()
    return [line.partition("WARNING ")[2] for line in lines if " WARNING round " in line]


def table(found: list[Report]) -> str:
    """All reports as markdown."""
    head = ["recipe", "rounds", "trained", "FID at the start", "FID at the end", "alarms"]
    rows = [head, ["---", "---:", "---:", "---:", "---:", "---"], *(each.row() for each in found)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"


def draw(found: list[Report], path: Path) -> None:
    """A sheet with a row of samples for each recipe."""
    import numpy as np

    from ganlab import load, pictures
    from ganlab.sampling import quantise, tile

    rows = []
    for each in found:
        loaded = load(str(each.directory))
        label = range(min(loaded.game.classes, SAMPLES)) if loaded.game.classes else None
        pixels = tile(quantise(loaded.sample(SAMPLES, seed=3, label=label)), SAMPLES)
        rows.append(pictures.titled(pixels, each.recipe))
    half = -(-len(rows) // 2)
    columns = [np.concatenate(rows[:half]), np.concatenate(rows[half:] or rows[:1])]
    height = max(len(column) for column in columns)
    sheet = [
        np.pad(c, ((0, height - len(c)), (0, 8), (0, 0)), constant_values=255) for c in columns
    ]
    path.write_bytes(pictures.png(np.concatenate(sheet, axis=1)))


if __name__ == "__main__":
    main()
