"""The monitor looks and speaks once; it never moves the game that it looks at."""

import math
import subprocess
import sys

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch.utils.tensorboard import SummaryWriter

import ganlab
from ganlab import checkpoints, runs
from ganlab.observers.health import Health, Probing
from ganlab.observers.progress import brief

CALM = 3
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
WORDS = ("network.width=4", "batch_size=8", "dataset.resolution=16", "dataset.held_out=0.1")
RUN = ("progress=none", "metrics=none", "log_every=3", "runtime=cpu", "health.samples=32")


class Listening:
    """A monitor of one alarm, to which measures are given as if they were logged."""

    def __init__(self, directory, alarm, memory=50, past=()):
        self.latest, self.writer = {}, SummaryWriter(directory)
        look = lambda: self.latest  # noqa: E731
        self.health = Health(1, 1000, look, self.writer, {"high": alarm}, memory, CALM, past)

    def hears(self, *values):
        for number, value in enumerate(values, len(self.health.history["x"]) + 1):
            self.latest = {"x": value}
            self.health(number, None, {})


def too_high(history):
    number, value = history["x"][-1] if history["x"] else (0, 0)
    return f"x is {value} in round {number}" if value > 1 else None


@pytest.fixture
def warnings(caplog):
    return lambda: [record.message for record in caplog.records if record.levelname == "WARNING"]


def test_an_alarm_speaks_once_and_again_after_it_was_calm(tmp_path, warnings):
    Listening(tmp_path, too_high).hears(0, 5, 6, 0, 7, 0, 0, 0, 8, 9)
    assert warnings() == ["round 2: x is 5 in round 2", "round 9: x is 8 in round 9"]


def test_tensorboard_holds_the_same_words(tmp_path):
    listening = Listening(tmp_path, too_high)
    listening.hears(0, 5)
    listening.writer.close()
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    (told,) = events.Tensors("health/text_summary")
    assert told.step == 2
    assert told.tensor_proto.string_val == [b"high: x is 5 in round 2"]


def test_what_is_remembered_is_bounded(tmp_path):
    listening = Listening(tmp_path, too_high, memory=4)
    for _ in range(3):
        listening.hears(*range(4))
    assert len(listening.health.history["x"]) == 4


def test_the_past_is_remembered_and_its_alarms_are_not_repeated(tmp_path, warnings):
    past = [{"round": 1, "time": 0.0, "x": None, "y": "odd"}, {"round": 2, "time": 1.0, "x": 5.0}]
    listening = Listening(tmp_path, too_high, past=past)
    assert math.isnan(listening.health.history["x"][0][1])
    assert set(listening.health.history) == {"x", "y"}
    listening.hears(6, 7)
    assert warnings() == []


@pytest.mark.parametrize(
    ("every", "log_every", "probed"),
    [(6, 3, [6, 12, 18]), (5, 2, [6, 10, 16, 20]), (1, 5, [5, 10, 15, 20])],
)
def test_probes_come_at_the_first_log_from_each_multiple_on(every, log_every, probed):
    records = {number: {"loss": torch.zeros(())} for number in range(1, 21)}
    probing = Probing(every, log_every, lambda game: {"measure": 0.5})
    for number, record in records.items():
        probing(number, None, record)
    assert [n for n, record in records.items() if "health/measure" in record] == probed
    assert all(records[n]["health/measure"] == 0.5 for n in probed)


def test_the_progress_line_keeps_to_the_players():
    latest = {"health/diversity": 0.5, "generator/loss": 2.0, "images_per_second": 10.0}
    assert brief(latest).split() == ["10", "img/s", "G", "2"]


def trained(directory, *words):
    """The newest state of a run, and what it measured."""
    run = ganlab.train(*WORDS, *RUN, f"output={directory}", "rounds=12", *words)
    return checkpoints.load(run.checkpoints, print), list(run.metrics())


def alike(one, other):
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(alike(one[k], other[k]) for k in one)
    return one == other


@pytest.mark.parametrize("model", ["dcgan", "vae"])
def test_the_run_is_the_same_to_the_bit_with_and_without(tmp_path, model):
    watched, measured = trained(tmp_path, f"model={model}", "health.every=3")
    alone, unmeasured = trained(tmp_path, f"model={model}", "health=none")
    for part in ("game", "average", "optimizers"):
        assert alike(watched[part], alone[part])
    names = {"diversity"} | ({"accuracy", "slope", "overfitting"} if model == "dcgan" else set())
    assert all({f"health/{name}" for name in names} == health(line) for line in measured)
    assert not any(health(line) for line in unmeasured)


def test_one_of_two_processes_looks_and_the_other_does_not_wait_for_it(tmp_path):
    words = ["model=dcgan", *WORDS, *RUN, f"output={tmp_path}", "rounds=6", "health.every=3"]
    command = [*TORCHRUN, "-m", "ganlab", "train", *words]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    measured = runs.find("last", str(tmp_path)).metrics()
    assert [len(health(line)) for line in measured] == [4, 4]


def health(line):
    return {name for name in line if name.startswith("health/")}
