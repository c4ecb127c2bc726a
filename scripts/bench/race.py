"""A real run and the two loops, taking turns in one process."""

import contextlib
import math
import signal
import statistics
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field

import torch
from torch.utils.tensorboard import SummaryWriter

from ganlab import checkpoints, pictures, session
from ganlab.build import Experiment
from ganlab.commands.train import start
from ganlab.compose import compose
from ganlab.observers.samples import Samples
from ganlab.observers.scalars import Scalars
from ganlab.runs import Run
from ganlab.views import views

BLOCK_S = 2.5
Loops = dict[str, Callable[[], None]]
WARM_UP = 20  # rounds, of which the second half says how long a block is


@dataclass
class Result:
    """Seconds per round in each block, by way, and seconds of one log, grid and checkpoint."""

    blocks: dict[str, list[float]] = field(
        default_factory=lambda: {"ganlab": [], "plain": [], "lean": []}
    )
    occasions: dict[str, float] = field(default_factory=dict)
    amortised: float = 0.0

    def speed(self, way: str) -> float:
        """Median rounds per second, ganlab's with its grids and checkpoints."""
        extra = self.amortised if way == "ganlab" else 0.0
        return 1 / (statistics.median(self.blocks[way]) + extra)

    def speedups(self) -> list[float]:
        """How many times faster ganlab is than the plain loop, block by block."""
        pairs = zip(self.blocks["plain"], self.blocks["ganlab"], strict=True)
        return [theirs / (ours + self.amortised) for theirs, ours in pairs]

    def overheads(self) -> list[float]:
        """How many times longer ganlab takes than the lean loop, block by block."""
        pairs = zip(self.blocks["lean"], self.blocks["ganlab"], strict=True)
        return [(ours + self.amortised) / theirs for theirs, ours in pairs]


def race(words: list[str], seconds: float, loops: Callable[[Experiment], Loops]) -> Result:
    """Train for `seconds` in blocks of rounds, in turn with what `loops` makes of the run."""
    with tempfile.TemporaryDirectory() as directory:
        run, experiment = start(compose([*run_words(directory), *words]))
        relay = Relay(experiment, loops(experiment), seconds)
        experiment.pace = relay
        try:
            session.train(run, experiment)
        except session.Interrupted as stop:
            if not relay.over:
                raise KeyboardInterrupt from stop
        config, result = experiment.config, relay.result
        result.occasions = occasions(run, experiment)
    result.amortised = (
        result.occasions["grid"] / config.sample_every
        + result.occasions["checkpoint"] / config.checkpoint_every
    )
    return result


def run_words(directory: str, rounds: int = 10**9) -> list[str]:
    """Settings of a run that differ from `ganlab train`'s defaults."""
    return [f"rounds={rounds}", "progress=none", "metrics=none", f"output={directory}"]


class Relay:
    """Hands the thread from a run to its rivals and back.

    It stands in for the run's `pace`, which the engine calls as each round begins, when the round
    before is over, observers included.
    """

    def __init__(self, experiment: Experiment, rivals: Loops, seconds: float) -> None:
        self.pace, self.config = experiment.pace, experiment.config
        self.grid, self.checkpoint = self.config.sample_every, self.config.checkpoint_every
        self.device = torch.device(experiment.runtime.device)
        self.rivals, self.seconds, self.result = rivals, seconds, Result()
        self.number, self.over = 0, False
        self.programme = self.alternate()
        next(self.programme)

    def __call__(self, number: int) -> None:
        self.number = number
        next(self.programme)
        self.pace(number)

    def alternate(self) -> Iterator[None]:
        """All that happens before rounds of the run; each `yield` lets it play one."""
        yield
        yield from self.own(WARM_UP // 2)
        n = self.block_length((yield from self.own(WARM_UP // 2)))
        for play_round in self.rivals.values():
            self.theirs(play_round, WARM_UP // 2)
        end = time.monotonic() + self.seconds
        while not self.result.blocks["lean"] or time.monotonic() < end:
            self.result.blocks["ganlab"].append((yield from self.own(n)))
            for way, play_round in self.rivals.items():
                self.result.blocks[way].append(self.theirs(play_round, n))
        self.over = True
        signal.raise_signal(signal.SIGINT)  # the run saves its last round and stops
        yield

    def block_length(self, round_s: float) -> int:
        """Rounds of a block: as many logs as it takes to fill its time."""
        every = self.config.log_every
        return every * math.ceil(BLOCK_S / round_s / every)

    def own(self, n: int) -> Generator[None, None, float]:
        """Seconds per round over n rounds of the run, the rare ones not counted."""
        spent, counted, started = 0.0, 0, self.now()
        for _ in range(n):
            if self.rare():
                spent += self.now() - started
                yield
                started = self.now()
            else:
                yield
                counted += 1
        return (spent + self.now() - started) / counted

    def rare(self) -> bool:
        """Whether the coming round ends with a grid or a checkpoint."""
        return 0 in (self.number % self.grid, self.number % self.checkpoint)

    def theirs(self, play_round: Callable[[], None], n: int) -> float:
        """Seconds per round over n rounds of a rival."""
        started = self.now()
        for _ in range(n):
            play_round()
        return (self.now() - started) / n

    def now(self) -> float:
        """The time when all work handed to the device is done."""
        if self.device.type != "cpu":
            torch.accelerator.synchronize(self.device)
        return time.perf_counter()


def occasions(run: Run, experiment: Experiment, times: int = 7) -> dict[str, float]:
    """Median seconds of one log, one grid and one checkpoint, wired as the session wires them."""
    config, device = experiment.config, experiment.runtime.device
    *_, logged = run.metrics()
    record = {k: torch.tensor(v, device=device) for k, v in logged.items() if "/" in k}

    def save() -> None:
        state = experiment.state(logged["round"], logged["round"])
        checkpoints.save(run.checkpoints, logged["round"], state, config.keep)

    with (
        SummaryWriter(str(run.path)) as writer,
        contextlib.closing(Scalars(run.metrics_file, writer, 1, 1, lambda: 0)) as scalars,
    ):
        grids = Samples(run.samples, writer, 1, 1, views(experiment), pictures.png)
        calls = {
            "log": lambda: scalars(1, experiment.game, record),
            "grid": lambda: grids(1, experiment.game, record),
            "checkpoint": save,
        }
        return {name: median_s(call, times) for name, call in calls.items()}


def median_s(call: Callable[[], None], times: int) -> float:
    """Median seconds of several calls."""
    spent = []
    for _ in range(times):
        started = time.perf_counter()
        call()
        spent.append(time.perf_counter() - started)
    return statistics.median(spent)
