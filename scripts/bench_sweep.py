"""What a sweep costs beside its runs, and what two jobs at a time save.

    python scripts/bench_sweep.py

In alternation: small runs started one by one, each a `ganlab train` of its own; the same runs as
`ganlab train -m`; and the same with `jobs=2`, each job on half of the cores. Real time, whole
processes; the medians of the ratios over some repeats.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

WORDS = ["model=wgan_gp", "dataset=digits", "network.width=16", "dataset.resolution=16"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--repeats", type=int, default=3)
    wish = parser.parse_args()
    words = [*WORDS, f"rounds={wish.rounds}"]
    seeds = list(map(str, range(wish.runs)))
    overheads, ratios = [], []
    with tempfile.TemporaryDirectory() as home:
        os.chdir(home)
        for _ in range(wish.repeats):
            single = sum(seconds(*words, f"seed={seed}") for seed in seeds)
            sweep = seconds("-m", *words, f"seed={','.join(seeds)}")
            both = seconds("-m", *words, f"seed={','.join(seeds)}", "jobs=2")
            print(f"alone {single:.1f} s  sweep {sweep:.1f} s  jobs=2 {both:.1f} s", flush=True)
            overheads.append((sweep - single) / wish.runs)
            ratios.append(both / sweep)
    print(f"overhead of the sweep: {statistics.median(overheads):.2f} s a job")
    print(f"two at a time take {statistics.median(ratios):.2f} of the time of one at a time")


def seconds(*words: str) -> float:
    """The real time of a command."""
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "ganlab", "train", *words], check=True, capture_output=True
    )
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
