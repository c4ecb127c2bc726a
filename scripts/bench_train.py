"""How fast is ganlab? A real run beside the same training in two hand-written loops.

    python scripts/bench_train.py                       # every case, in float32 and bfloat16
    python scripts/bench_train.py --case dcgan-32 --precision bf16 --seconds 120 --markdown
    python scripts/bench_train.py --recipes --seconds 20 # or of some: --recipes glo pggan

ganlab  a run as `ganlab train` makes it, in this process: built, logged, its grids, checkpoints
        and TensorBoard events written to a temporary directory at their default cadences
plain   the loop of a tutorial: a DataLoader over torchvision's MNIST with per-sample transforms,
        Adam as it comes, `.item()` every step, the fakes' graph kept in the discriminator's turn,
        always float32 and contiguous
lean    the bare mathematics in ganlab's precision, memory format, optimizer and passes, with a
        moving average, on data that wait on the device: no logs, checks, seeds or checkpoints

With --recipes every recipe of `conf/model/` is raced against the bare turns of its own game, with
the same players in the same memory, at the sizes of `report_recipes.py`: what engine, checks, logs
and observers add to the mathematics.

One round is all turns of the discriminator, each with fresh data, and one of the generator. The
three take turns in blocks of some seconds and 20 rounds at least: the run stays in one continuing
play, and hands over where the engine sets a round's pace, so that its blocks hold everything
between two rounds. Ratios are taken within each triple of blocks; their median is shown with
(least-greatest).

A block of ganlab is a multiple of `log_every` rounds and so holds its share of logs. The rare
rounds that end with a grid or a checkpoint stand aside from its clock; instead the median cost of
a grid and of a checkpoint, measured after the play, is added to every block at the default cadence
(grid/sample_every + checkpoint/checkpoint_every). "Overhead" thus contains logs, grids,
checkpoints, the health monitor, and heartbeats where they fall; it leaves out start-up, the
progress display and judging, which `bench_evaluate.py` measures.

Compare on an idle machine: several threads that wait for each other suffer most from company.

Memory is the peak of a fresh process that plays 40 rounds (ganlab's end with a grid and a
checkpoint): resident, with interpreter and torch, or what CUDA allocated where there is a GPU.
"""

import argparse
import os
import platform
import statistics
import sys
import tempfile
from pathlib import Path

CASES = {
    "wgan_gp-mlp-28": "model=wgan_gp network=mlp dataset=mnist dataset.resolution=28",
    "dcgan-32": "model=dcgan dataset=mnist",
    "sngan-32": "model=sngan network.width=16 dataset=mnist",
    "sagan-32": "model=sngan network=sagan network.width=4 dataset=mnist",
    "biggan-32": "model=sngan network=biggan network.width=4 dataset=mnist",
    "biggan_deep-32": "model=sngan network=biggan_deep network.width=4 dataset=mnist",
    "pggan-32": "model=lsgan network=pggan network.width=32 dataset=mnist",
    "stylegan2-32": "model=lsgan network=stylegan2 network.width=32 dataset=mnist",
    "r3gan-32": "model=lsgan network=r3gan dataset=mnist",
    "projected-32": "model=lsgan network=projected dataset=mnist",
}
EVEN = {  # from the start: rounds of different sizes are no ratio
    "pggan": ("network.width=16", "model.game.stable_rounds=1", "model.game.fade_rounds=1"),
    "wgan": ("network.width=8", "model.game.thorough_turns=5"),
}
PRECISIONS = ("fp32", "bf16")
WAYS = ("ganlab", "plain", "lean")
SHARED = Path(__file__).parents[2] / "shared" / "data"


def main() -> None:
    from bench.data import unpack

    arguments = parse()
    os.environ.setdefault("GANLAB_DATA", str(SHARED if SHARED.is_dir() else "data"))
    with tempfile.TemporaryDirectory() as directory:
        raw = Path(directory)
        there = unpack(Path(os.environ["GANLAB_DATA"]), raw)
        print(machine())
        if not there:
            print("MNIST is not below GANLAB_DATA: measured on scikit-learn's digits instead.")
        if arguments.recipes is not None:
            print(recipes(arguments.recipes, arguments.seconds, there))
            return
        speeds, costs = [], []
        for case in arguments.case:
            for precision in arguments.precision:
                words = [*CASES[case].split(), f"runtime.precision={precision}"]
                words = [w if there or w != "dataset=mnist" else "dataset=digits" for w in words]
                print(f"measuring {case} {precision}", file=sys.stderr)
                speed, cost = measure(words, arguments.seconds, raw)
                speeds.append([case, precision, *speed])
                costs.append([case, precision, *cost])
                print("  ".join([*speed, *cost]), file=sys.stderr)
    show = markdown if arguments.markdown else text
    print(show(["rounds/s", "", *WAYS, "faster than plain", "overhead"], speeds))
    print(show(["peak MB", "", *WAYS, "log", "grid", "save", "added/round"], costs))


def parse() -> argparse.Namespace:
    summary, _, details = str(__doc__).partition("\n\n")
    parser = argparse.ArgumentParser(
        description=summary, epilog=details, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60.0, help="for each row (default 60)")
    parser.add_argument("--case", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--precision", nargs="+", choices=PRECISIONS, default=PRECISIONS)
    parser.add_argument("--recipes", nargs="*", help="every recipe, or these, against bare turns")
    parser.add_argument("--markdown", action="store_true", help="print tables for a README")
    return parser.parse_args()


def measure(words: list[str], seconds: float, raw: Path) -> tuple[list[str], list[str]]:
    """The figures of one row: speeds and ratios, then memory and what the occasions cost."""
    from bench.loops import LOOPS
    from bench.memory import peaks
    from bench.race import race

    loops = {way: loop(words, raw) for way, loop in LOOPS.items()}
    result, peak = race(words, seconds, lambda _: loops), peaks(words, raw)
    speeds = [f"{result.speed(way):.3g}" for way in WAYS]
    memory = [f"{peak[way] / 1e6:.0f}" for way in WAYS]
    occasions = [f"{result.occasions[name] * 1e3:.1f} ms" for name in ("log", "grid", "checkpoint")]
    return (
        [*speeds, spread(result.speedups()), spread(result.overheads())],
        [*memory, *occasions, f"{result.amortised * 1e3:.2f} ms"],
    )


def recipes(chosen: list[str], seconds: float, there: bool) -> str:
    """The overhead of each recipe as markdown."""
    from bench.loops import turns
    from bench.race import race
    from report_recipes import SIZES

    from ganlab.options import options

    rows, sizes = [], {**SIZES, **EVEN}
    for recipe in chosen or options([])["model"]:
        words = [f"model={recipe}", f"dataset={'mnist' if there else 'digits'}"]
        words += sizes.get(recipe, ())
        result = race(words, seconds, lambda experiment: {"lean": turns(experiment)})
        speeds = [f"{result.speed(way):.3g}" for way in ("ganlab", "lean")]
        rows.append([f"`{recipe}`", "", *speeds, spread(result.overheads())])
        print(" ".join(rows[-1]), file=sys.stderr)
    return markdown(["recipe", "", "ganlab", "bare", "over bare"], rows)


def spread(ratios: list[float]) -> str:
    """Median (least-greatest)."""
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})"


def text(head: list[str], rows: list[list[str]]) -> str:
    """A table in columns."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = [" ".join(map(str.ljust, row, widths)).rstrip() for row in (head, *rows)]
    return "\n".join(["", *lines])


def markdown(head: list[str], rows: list[list[str]]) -> str:
    """The same for a README."""
    rule = ["---" if k < 2 else "---:" for k in range(len(head))]
    return "\n".join(["", *(f"| {' | '.join(row)} |" for row in (head, rule, *rows))])


def machine() -> str:
    """The processor or accelerator, threads and versions, in one line."""
    import torch

    cpu = platform.processor()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        cpu = next((line.split(": ")[1] for line in lines if line.startswith("model name")), cpu)
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else cpu
    load = f", load before {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"{device}, {torch.get_num_threads()} threads, torch {torch.__version__}{load}"


if __name__ == "__main__":
    main()
