"""What comparing costs: `ganlab compare` over 200 runs of 2,000 logged rounds each.

    python scripts/bench_compare.py

Writes the runs as training would leave them: configuration, log, evaluations and a grid of samples.
Then compares them as text, as JSON and as a page, and once more with logs ten times as long. Real
time, processor time and peak memory are those of the whole process, imports included, which tells
at its end whether torch was among them. Needs Linux, whose `/proc` knows the peak.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

from ganlab import evaluations
from ganlab.compose import compose
from ganlab.evaluations import Entry
from ganlab.runs import Run

RECIPES = ("dcgan", "wgan_gp", "lsgan", "wgan")
RATES = (1e-4, 2e-4, 5e-4, 1e-3, 2e-3)
MEASURES = ("loss", "penalty", "score_real", "score_fake", "gradient_norm")
WATCHED = (
    "import sys; from ganlab.cli import dispatch; code = dispatch(sys.argv[1:]); "
    "peak = [w for w in open('/proc/self/status') if w.startswith('VmHWM')][0].split()[1]; "
    "print(peak, 'torch' in sys.modules, file=sys.stderr); sys.exit(code)"
)
PROTOCOL = {
    "dataset": "digits",
    "split": "train",
    "real_samples": 1797,
    "samples": 2000,
    "extractor": "digits_classifier",
    "weights": "average",
    "seed": 0,
    "metrics": {"fid": {}, "kid": {"subsets": 100}, "recall": {"k": 3}},
}
GOALS = {"fid": "min", "kid": "min", "recall": "max"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=2000, help="that each run logged")
    wish = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.chdir(home)
        for rounds in (wish.rounds, 10 * wish.rounds):
            output = f"outputs-{rounds}"
            for number in range(wish.runs):
                write(Path(output), number, rounds)
            print(f"{wish.runs} runs of {rounds:,} logged rounds, {size(output):,.0f} MB of logs")
            for words in ((), ("--format", "json"), ("--html", "out.html")):
                told = cost("compare", "--output", output, "--sort", "fid", *words)
                print(f"  {' '.join(words) or 'text':14} {told}", flush=True)
            print(f"  the page has {Path('out.html').stat().st_size / 1e6:.1f} MB")


def write(output: Path, number: int, rounds: int) -> None:
    """The directory of a run as training leaves it, but for checkpoints and event files."""
    draw = random.Random(number)
    recipe, rate = RECIPES[number % 4], RATES[number // 4 % 5]
    words = [f"model={recipe}", "dataset=digits", f"optimizer.lr={rate}", f"seed={number // 20}"]
    composition = compose(words)
    run = Run(output / "2026-11-22" / f"14-03-07-{recipe}-digits-{number:04x}")
    run.samples.mkdir(parents=True)
    run.note(
        id=f"{number:04x}",
        status="done",
        started=f"2026-11-22T14:{number // 60:02d}:{number % 60:02d}",
        choices=composition.choices,
        command=" ".join(["ganlab", "train", *words, f"rounds={rounds}"]),
    )
    composition.config.rounds = rounds
    run.keep_config(composition.config)
    lines = (json.dumps(logged(n, draw)) for n in range(1, rounds + 1))
    run.metrics_file.write_text("\n".join(lines) + "\n")
    names = {metric: f"{metric}_digits_classifier" for metric in GOALS}
    for n in range(1, 11):
        numbers = {full: draw.random() * 100 / n for full in names.values()}
        goals = {names[metric]: goal for metric, goal in GOALS.items()}
        options = {full: metric for metric, full in names.items()}
        entry = Entry(n * rounds // 10, float(n), numbers, {}, PROTOCOL, goals, options)
        evaluations.append(run.evaluations_file, entry)
    noise = Image.frombytes("L", (270, 270), draw.randbytes(270 * 270))
    noise.save(run.samples / f"{rounds:07d}.png")


def logged(number: int, draw: random.Random) -> dict[str, float]:
    """One line of a log."""
    players = [f"{player}/{m}" for player in ("discriminator", "generator") for m in MEASURES]
    measures = {name: draw.gauss(0, 1) for name in players}
    return {"round": number, "time": 1e9 + number / 10, **measures, "images_per_second": 640.0}


def size(output: str) -> float:
    """MB of all logs below a directory."""
    return sum(file.stat().st_size for file in Path(output).rglob("metrics.jsonl")) / 1e6


def cost(*words: str) -> str:
    """Real time, processor time and peak memory of a command, and whether it imported torch."""
    start = time.monotonic()
    with open("said", "w+") as said:
        process = subprocess.Popen(
            [sys.executable, "-c", WATCHED, *words], stdout=subprocess.DEVNULL, stderr=said
        )
        _, status, used = os.wait4(process.pid, 0)
        took = time.monotonic() - start
        said.seek(0)
        *_, peak, torch = said.read().split()
    assert status == 0, Path("said").read_text()
    busy = used.ru_utime + used.ru_stime
    megabytes = int(peak) / 1024
    return f"{took:5.2f} s real, {busy:5.2f} s of processor, {megabytes:4.0f} MB, torch: {torch}"


if __name__ == "__main__":
    main()
