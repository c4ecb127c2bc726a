"""What judging costs: `ganlab evaluate` on MNIST, and evaluation while a run trains.

    python scripts/bench_evaluate.py

Trains DCGAN for some rounds, then judges 10,000 of its samples with `metrics=fast` and with
`metrics=full`, each in a process of its own: first when nothing but the classifier is in the cache,
then again. Real time, processor time and peak memory are those of the whole process, imports
included; 50,000 samples show what grows with their number. Then rounds and evaluations at their
default settings are timed in alternation. GANLAB_DATA says where MNIST is.
"""

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ganlab.build import build
from ganlab.compose import compose
from ganlab.engine import play
from ganlab.judging import build_judge, fakes
from ganlab.making import make

COMMANDS = {
    "metrics=fast, first": ["metrics=fast"],
    "metrics=fast, again": ["metrics=fast"],
    "metrics=fast samples=50000": ["metrics=fast", "samples=50000"],
    "metrics=full, first": ["metrics=full"],
    "metrics=full, again": ["metrics=full"],
}
RECIPES = ("dcgan", "wgan_gp")
ROUNDS = 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=200, help="of the run that is judged")
    parser.add_argument("--repeats", type=int, default=3, help="of each measurement in training")
    wish = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.chdir(home)
        os.environ["GANLAB_CACHE"] = str(Path(home) / "cache")
        print(f"the classifier, trained once: {classifier_seconds():.0f} s\n")
        ganlab("train", "model=dcgan", "dataset=mnist", f"rounds={wish.rounds}", "metrics=none")
        for name, words in COMMANDS.items():
            print(f"{name:28} {cost('evaluate', 'last', *words)}", flush=True)
        print()
        for recipe in RECIPES:
            print(f"while {recipe} trains: {share(recipe, wish.repeats)}", flush=True)


def ganlab(*words: str) -> str:
    command = [sys.executable, "-m", "ganlab", *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def classifier_seconds() -> float:
    """How long the classifier takes to be trained."""
    config = compose(["dataset=mnist", "metrics=fid"]).config
    dataset = make(config.dataset, "dataset")
    dataset.prepare()
    return timed(build_judge(config, dataset, "cpu").demand_extractor)


def cost(*words: str) -> str:
    """Real time, processor time and peak memory of a command."""
    start = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "ganlab", *words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    _, _, used = os.wait4(process.pid, 0)
    took = time.monotonic() - start
    busy = used.ru_utime + used.ru_stime
    return f"{took:5.1f} s real, {busy:5.1f} s of processor, {used.ru_maxrss / 1024:,.0f} MB"


def share(recipe: str, repeats: int) -> str:
    """What one evaluation takes of the time that a recipe trains between two of them.

    Both are timed in alternation, after one of each, with the default settings.
    """
    experiment = build(compose([f"model={recipe}", "dataset=mnist"]).config)
    config, shares = experiment.config, []
    with contextlib.closing(experiment.batches()) as batches:
        for repeat in range(repeats + 1):
            first = 1 + repeat * ROUNDS
            training = timed(lambda start=first: train(experiment, batches, start))
            judging = timed(lambda: experiment.judge(
                fakes(experiment.game, experiment.averaged(), config.evaluate)
            ))  # fmt: skip
            shares.append(judging / (training / ROUNDS * config.evaluate_every))
    measured = shares[1:]
    return f"{statistics.median(measured):.1%} ({min(measured):.1%}-{max(measured):.1%})"


def train(experiment, batches, first: int) -> None:
    """Some rounds, unobserved."""
    play(
        experiment.game,
        experiment.optimizers,
        batches,
        range(first, first + ROUNDS),
        experiment.seed,
        experiment.average,
        experiment.pace,
        experiment.runtime.precise(),
    )


def timed(work) -> float:
    start = time.monotonic()
    work()
    return time.monotonic() - start


if __name__ == "__main__":
    main()
