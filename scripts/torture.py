"""Kills runs at random moments, resumes them, and compares how they end, to the bit.

    python scripts/torture.py --endings 100 --minutes 10

Every recipe of `conf/model/` is trained, and one that reads its data from disk. Each ending has one
to three kills (SIGKILL, at a random moment, often in the middle of a round or of a checkpoint's
write) and is compared with a run that nobody disturbed: players, averages, optimizers.
"""

import argparse
import contextlib
import importlib
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from ganlab import checkpoints, runs
from ganlab.options import options
from ganlab.runs import Run

SMALL = ["dataset.resolution=16", "network.width=8", "batch_size=16", "progress=none"]
ROUNDS = 100
OFTEN = [
    *(f"rounds={ROUNDS}", "checkpoint_every=1", "log_every=5", "sample_every=25"),
    *("evaluate_every=20", "metrics=swd", "evaluate.samples=200", "health.every=10"),
]
PRELOADED = (
    *("ganlab.attend", "ganlab.changes", "ganlab.commands.train", "ganlab.compose"),
    *("torch._dynamo", "torch.utils.tensorboard", "sklearn.datasets", "PIL.Image"),
)
THOROUGH = ["model.game.thorough_rounds=3", "model.game.thorough_turns=9"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("recipes", nargs="*", help="some of them in place of all")
    parser.add_argument("--endings", type=int, default=100, help="how many (%(default)s)")
    parser.add_argument("--minutes", type=float, default=10.0, help="at most (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments (%(default)s)")
    wish = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory, contextlib.chdir(directory):
        chosen = {name: recipes()[name] for name in wish.recipes or recipes()}
        count = torture(chosen, wish.endings, 60 * wish.minutes, random.Random(wish.seed))
    print("\n".join(f"{what:24}{n:6}" for what, n in count.items()))
    sys.exit(count["identical endings"] != count["endings"] or not count["endings"])


def recipes() -> dict[str, list[str]]:
    """The words of every recipe, few turns a round."""
    found = {model: [f"model={model}", *SMALL] for model in options([])["model"]}
    found["wgan"] += THOROUGH
    found["wgan_gp_from_disk"] = [*found["wgan_gp"], "runtime.resident=false", "dataset.flip=true"]
    return found


def torture(
    chosen: dict[str, list[str]], endings: int, seconds_left: float, chance: random.Random
) -> Counter:
    """Kill and resume in turn; what was counted."""
    count, until = Counter(), time.monotonic() + seconds_left
    undisturbed = {name: reference(name, words) for name, words in chosen.items()}
    while count["endings"] < endings and time.monotonic() < until:
        name = list(undisturbed)[count["endings"] % len(undisturbed)]
        digest, seconds = undisturbed[name]
        output = f"ending{count['endings']}"
        same = ending([*chosen[name], f"output={output}"], seconds, chance, count) == digest
        count["endings"] += 1
        count["identical endings"] += same
        if not same:
            print(f"{name} ended otherwise: {newest(output)}", flush=True)
    return count


def reference(name: str, words: list[str]) -> tuple[str, float]:
    """How an undisturbed run ends, and how long it takes."""
    then = time.monotonic()
    assert finished(child(["train", *words, *OFTEN, f"output={name}"]), never), name
    seconds = time.monotonic() - then
    print(f"{name}: {seconds:.1f} s undisturbed", flush=True)
    return digest(newest(name)), seconds


def ending(words: list[str], seconds: float, chance: random.Random, count: Counter) -> str:
    """How a run ends that is killed one to three times."""
    output, run = words[-1].partition("=")[2], None
    for kills_left in range(chance.randint(1, 3), -1, -1):
        pid = child(["resume", str(run.path)] if run else ["train", *words, *OFTEN])
        if finished(pid, moment(output, seconds, chance) if kills_left else never):
            break
        run = newest(output)
        count["kills"] += 1
        count["  before a checkpoint"] += run is None
        count["  during a write"] += is_writing(output)
    return digest(newest(output))


def moment(output: str, seconds: float, chance: random.Random) -> Callable[[float], bool]:
    """Whether to kill so many seconds after the start: at any time, or in the next write after.

    A run that is faster than the undisturbed one was is killed before it ends all the same.
    """
    earliest, in_a_write = chance.uniform(0, seconds), chance.random() < 0.3
    latest = chance.randint(ROUNDS // 2, ROUNDS - 10)

    def is_now(passed: float) -> bool:
        chosen = passed >= earliest and (not in_a_write or is_writing(output))
        return chosen or rounds_saved(output) >= latest

    return is_now


def never(passed: float) -> bool:
    return False


def is_writing(output: str) -> bool:
    """Whether a checkpoint is half written, or was when its writer was killed."""
    return any(Path(output).rglob(".*.pt.*.tmp"))


def rounds_saved(output: str) -> int:
    """How far the run has come, by the names of its checkpoints."""
    return max((int(file.stem) for file in Path(output).rglob("checkpoints/[0-9]*.pt")), default=0)


def newest(output: str) -> Run | None:
    """The newest run that came as far as its first checkpoint."""
    begun = [run for run in runs.everything(output) if checkpoints.manifest(run.checkpoints)]
    return begun[-1] if begun else None


def digest(run: Run) -> str:
    """All that a resumed run would go on from, but for its configuration, which names `output`."""
    state = checkpoints.load(run.checkpoints, print)
    return checkpoints.digest({key: state[key] for key in state if key != "config"})


def child(words: list[str]) -> int:
    """A process that runs the command, forked from this one to save the seconds of imports."""
    if pid := os.fork():
        return pid
    code = 1
    try:
        with open(os.devnull, "w") as nothing:
            os.dup2(nothing.fileno(), 1)
        code = importlib.import_module("ganlab.cli").dispatch(words)
    finally:
        os._exit(code)  # nothing of the parent's is to be tidied up here


def finished(pid: int, is_now: Callable[[float], bool]) -> bool:
    """Whether a child came to its end before it was killed."""
    then = time.monotonic()
    while not is_now(time.monotonic() - then):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            assert status == 0, "a run failed; the messages are above"
            return True
        time.sleep(0.003)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return False


if __name__ == "__main__":
    for module in PRELOADED:  # once for all children, so that they are killed while they train
        importlib.import_module(module)
    main()
