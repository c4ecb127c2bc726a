"""Plays a cover of all combinations: every pair of options that can meet does, for some rounds.

    python scripts/play_all.py                 # two rounds of each, on 1 and on 3 channels
    python scripts/play_all.py --rounds 5 --channels 3 --only model=stylegan2

The options are those of model, network, loss, penalty and augment; widths are the least that work,
and pictures 16 pixels wide. Each combination is composed, built and played as `ganlab train` would:
its losses must be finite, every player must move, and the average must draw what is real. Listed,
but no failure, is what a run would be ended for with that reason (`diverged`), and a player with a
gradient of exactly zero (`saturated`): so end exponentials and tanh of f-divergences that meet the
large first scores of a discriminator without constraints.
"""

import argparse
import contextlib
import logging
import math
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

SMALL = ("batch_size=8", "network.width=4", "runtime=cpu", "metrics=none", "offline=true")


def main() -> None:
    from ganlab.combinations import PICTURES, cover

    summary, _, details = str(__doc__).partition("\n\n")
    parser = argparse.ArgumentParser(
        description=summary, epilog=details, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=2, help="of each (%(default)s)")
    parser.add_argument("--channels", type=int, nargs="+", choices=(1, 3), default=[1, 3])
    parser.add_argument("--only", default="", metavar="GROUP=OPTION", help="of those with this one")
    wish = parser.parse_args()
    logging.getLogger("ganlab").setLevel(logging.ERROR)
    rows = [row for row in cover(PICTURES) if wish.only in {"", *map("=".join, row.items())}]
    print(f"{len(rows)} combinations on {' and '.join(map(str, wish.channels))} channels")
    started, count = time.monotonic(), Counter[str]()
    with tempfile.TemporaryDirectory() as directory:
        os.environ.setdefault("GANLAB_CACHE", f"{directory}/cache")
        data = {1: ["dataset.resolution=16"], 3: colours(Path(directory))}
        for number, row in enumerate(rows, 1):
            for channels in wish.channels:
                words = [f"{group}={option}" for group, option in row.items()]
                outcome, why = play([*words, *SMALL, *data[channels]], wish.rounds)
                count[outcome] += 1
                if outcome != "played":
                    print(f"{outcome}: {' '.join(words)} ({channels} channels): {why}", flush=True)
            if sys.stderr.isatty():
                print(f"\r{number}/{len(rows)}", end="", file=sys.stderr)
    counts = ", ".join(f"{number} {outcome}" for outcome, number in count.most_common())
    print(f"{counts}, {time.monotonic() - started:.0f} s")
    sys.exit(bool(count["failed"]))


def colours(directory: Path) -> list[str]:
    """Words for colour pictures of two classes."""
    import numpy as np
    from PIL import Image

    random = np.random.default_rng(0)
    for number in range(32):
        (folder := directory / f"pictures/{number % 2}").mkdir(parents=True, exist_ok=True)
        pixels = random.integers(256, size=(16, 16, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return ["dataset=folder", f"dataset.path={directory}/pictures", "dataset.resolution=16"]


def play(words: list[str], rounds: int) -> tuple[str, str]:
    """What became of a combination: played, diverged, saturated or failed; and why."""
    import torch

    from ganlab.build import build
    from ganlab.compose import compose
    from ganlab.engine import Diverged
    from ganlab.engine import play as play_rounds

    records: list[dict] = []
    try:
        experiment = build(compose(words).config)
        game = experiment.game
        before = {p: [t.clone() for t in game.movable(p)] for p in game.players}
        with contextlib.closing(experiment.batches()) as batches:
            play_rounds(
                game,
                experiment.optimizers,
                batches,
                range(1, rounds + 1),
                experiment.seed,
                experiment.average,
                experiment.pace,
                experiment.runtime.precise(),
                [lambda number, game, record: records.append(record)],
            )
        drawn = experiment.averaged().sample(3).shape[1:]
    except Diverged as end:
        return "diverged", str(end)
    except Exception as error:  # whatever it is belongs into the report
        return "failed", f"{type(error).__name__}: {error}"
    if not all(math.isfinite(value) for record in records for value in record.values()):
        return "failed", "a loss is not finite"
    for player, parameters in before.items():
        if all(map(torch.equal, parameters, game.movable(player))):
            flat = all(record.get(f"{player}/gradient_norm") == 0 for record in records)
            return "saturated" if flat else "failed", f"the {player} did not move"
    right = drawn == experiment.dataset.spec.shape
    return "played" if right else "failed", f"it draws {tuple(drawn)}"


if __name__ == "__main__":
    main()
