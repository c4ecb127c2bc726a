"""Several processes compute what one would, and none waits for another that is gone."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from recipes import one_of_each_game_and_network
from torch.testing import assert_close

from ganlab import checkpoints, runs
from ganlab.cli import dispatch
from ganlab.options import options

TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
SMALL = "batch_size=16 network.width=4 metrics=none"
TINY = "model=wgan_gp network=mlp network.width=8 batch_size=8 metrics=none"
PENALISED = "model=dcgan model.discriminator_norm=none dataset.resolution=16"
DROPPED = "model.discriminator_dropout=0.1"
AUGMENTED = ("flip", "diffaugment", "ada augment.aim=-0.99 augment.every=1 augment.horizon=32")
COMPOSITIONS = [
    *(f"model={model} dataset.resolution=16 {SMALL}" for model in one_of_each_game_and_network()),
    *(f"{PENALISED} {DROPPED} penalty={penalty} {SMALL}" for penalty in options([])["penalty"]),
    f"model=wgan_gp model.discriminator_norm=batch dataset.resolution=16 {SMALL}",
    *(f"model=dcgan augment={each} dataset.resolution=16 {SMALL}" for each in AUGMENTED),
    f"model=wgan_gp dataset=ring {SMALL}",
    f"model=wgan_gp dataset.flip=true dataset.resolution=16 runtime.resident=false {SMALL}",
]


def environment():
    return {**os.environ, "OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """What one process and what two make of every composition."""
    directory = tmp_path_factory.mktemp("played")
    script = str(Path(__file__).parent / "several.py")
    for name, start in {"one": [sys.executable], "two": TORCHRUN}.items():
        command = [*start, script, str(directory / name), *COMPOSITIONS]
        subprocess.run(command, check=True, env=environment(), capture_output=True, text=True)
    return [torch.load(directory / name) for name in ("one", "two")]


@pytest.mark.parametrize("k", range(len(COMPOSITIONS)), ids=COMPOSITIONS)
def test_two_processes_have_the_gradients_of_one(k, played):
    (state, records), (shared, shared_records) = (way[k] for way in played)
    assert_close(shared, state, rtol=1e-4, atol=1e-5)
    assert_close(shared_records, records, rtol=1e-3, atol=1e-4)


LEFT = """
from pathlib import Path
import torch
from ganlab import processes
with processes.joined():
    torch.distributed.all_reduce(torch.ones(1))
    import torch._dynamo
threads = [file.read_text() for file in Path("/proc/self/task").glob("*/comm")]
assert not [name for name in threads if "gloo" in name], threads
"""


@pytest.mark.skipif(sys.platform != "linux", reason="threads have names in /proc")
def test_nothing_of_the_exchange_is_left_to_die_with_the_interpreter(tmp_path):
    script = tmp_path / "left.py"
    script.write_text(LEFT)
    subprocess.run([*TORCHRUN, str(script)], check=True, env=environment(), timeout=60)


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def started(*words, metrics="none"):
    words = [*TINY.split()[:-1], f"metrics={metrics}", "checkpoint_every=1", *words]
    return subprocess.Popen(
        [*TORCHRUN, "-m", "ganlab", "train", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment(),
    )


def ranks(process):
    """The process ids of the two ranks, the leading one first."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            stat = (entry / "stat").read_text().rpartition(")")[2].split()
            environ = (entry / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if int(stat[1]) == process.pid:
            found |= {e: int(entry.name) for e in environ if e.startswith(b"RANK=")}
    return [found[rank] for rank in sorted(found)]


def wait_for_a_checkpoint(number=3):
    for _ in range(600):
        for run in runs.everything("outputs"):
            if any(e["round"] >= number for e in checkpoints.manifest(run.checkpoints).values()):
                return run
        time.sleep(0.1)
    raise AssertionError("no checkpoint was written")


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="reads ranks from /proc")
@pytest.mark.parametrize("victim", [0, 1])
def test_a_killed_process_ends_the_other_and_one_process_resumes(victim, home):
    process = started("rounds=100000")
    run = wait_for_a_checkpoint()
    os.kill(ranks(process)[victim], signal.SIGKILL)
    killed = time.monotonic()
    process.communicate(timeout=60)
    assert time.monotonic() - killed < 40
    assert process.returncode != 0
    assert run.facts()["status"] == "failed"
    number = checkpoints.load(run.checkpoints, print)["round"]
    assert dispatch(["resume", str(run.path), f"rounds={number + 2}"]) == 0
    assert run.facts()["status"] == "done"
    assert run.facts()["exact"] is False
    assert "processes: 2 -> 1" in run.facts()["changes"]


def test_sigterm_stops_all_processes_after_the_same_round(home):
    process = started("rounds=100000")
    run = wait_for_a_checkpoint()
    process.terminate()
    said = process.communicate(timeout=60)[0]
    assert run.facts()["status"] == "interrupted"
    assert f"ganlab resume {run.path}" in said


def test_a_batch_that_cannot_be_shared_equally_is_refused(home):
    process = started("rounds=2", "batch_size=9")
    said = process.communicate(timeout=60)[0]
    assert "batch_size=9" in said
    assert not Path("outputs").exists()


def test_two_processes_are_judged_by_one_and_end_together(home):
    words = ["rounds=40", "dataset.resolution=16", "evaluate_every=1", "evaluate.samples=300"]
    patient = ["early_stopping.by=precision", "early_stopping.patience=2", "health.every=1"]
    process = started(*words, *patient, "log_every=1", metrics="[precision,fid]")
    told, _ = process.communicate(timeout=180)
    assert process.returncode == 0, told
    run = runs.find("last", "outputs")
    assert run.facts()["status"] == "done"
    assert run.facts()["stopped"].startswith("stopped early")
    assert len(run.evaluations()) == checkpoints.newest_round(run.checkpoints) < 40
