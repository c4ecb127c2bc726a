"""Peak memory of each way, in a fresh process."""

import multiprocessing
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import torch

from bench.loops import LOOPS
from bench.race import run_words
from ganlab import session
from ganlab.commands.train import start
from ganlab.compose import compose

ROUNDS = 40  # of a run, the last of which draws a grid and saves


def peaks(words: list[str], raw: Path) -> dict[str, int]:
    """Peak bytes of ganlab, the plain and the lean loop."""
    return {way: in_fresh_process(way, words, raw) for way in ("ganlab", *LOOPS)}


def in_fresh_process(way: str, words: list[str], raw: Path) -> int:
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=spawn) as process:
        return process.submit(peak, way, words, raw).result()


def peak(way: str, words: list[str], raw: Path) -> int:
    """Peak bytes of this process after a short run of one way."""
    if way == "ganlab":
        with tempfile.TemporaryDirectory() as directory:
            session.train(*start(compose([*run_words(directory, ROUNDS), *words])))
    else:
        play_round = LOOPS[way](words, raw)
        for _ in range(ROUNDS):
            play_round()
    return torch.cuda.max_memory_allocated() or resident()


def resident() -> int:
    """The largest resident set of this process so far, interpreter and torch included."""
    if sys.platform == "linux":  # getrusage would count what the parent had when it started us
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
