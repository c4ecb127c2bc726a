"""Faults 11 to 23 and 29: bad checkpoints, full disks, directories that cannot be written."""

import contextlib
import json
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from children import ENDLESS, TINY, ganlab, last, saved_rounds, start, wait_for, wait_for_a_round

from ganlab import checkpoints, lock, runs
from ganlab.cli import dispatch

NAN = float("nan")


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def state(number):
    weights = {"weight": torch.full((1000,), float(number))}
    return {"round": number, "batches": 0, "game": weights, "average": {}, "optimizers": {}}


# What is kept


def test_the_best_is_kept_beside_the_newest(tmp_path):
    for number, rank in enumerate([5.0, 3.0, 4.0, 6.0, NAN, 7.0], start=1):
        checkpoints.save(tmp_path, number, state(number), keep=2, rank=rank)
    assert sorted(f.name for f in tmp_path.glob("*.pt")) == [
        "0000002.pt", "0000005.pt", "0000006.pt",
    ]  # fmt: skip
    assert checkpoints.load(tmp_path, print, "best")["round"] == 2
    assert checkpoints.load(tmp_path, print, 5)["round"] == 5


def test_nan_is_never_the_best(tmp_path):
    for number, rank in enumerate([NAN, 9.0, NAN, NAN], start=1):
        checkpoints.save(tmp_path, number, state(number), keep=1, rank=rank)
    assert checkpoints.load(tmp_path, print, "best")["round"] == 2


@pytest.mark.parametrize("goal", ["min", "max"])
def test_a_run_keeps_its_best_by_a_loss(goal):
    often = ["log_every=1", "checkpoint_every=1", "keep=1", "rounds=10"]
    assert dispatch(["train", *TINY, *often, "best.by=generator/loss", f"best.goal={goal}"]) == 0
    losses = {m["round"]: m["generator/loss"] for m in last().metrics()}
    wanted = {"min": min, "max": max}[goal](losses, key=losses.__getitem__)
    assert saved_rounds(last()) == sorted({wanted, 10})
    assert dispatch(["sample", "last", "n=1", "checkpoint=best", "out=best.png"]) == 0


def test_an_unknown_measure_is_refused_with_those_there_are(capsys):
    assert dispatch(["train", *TINY, "rounds=2", "best.by=fid"]) == 2
    assert "generator/loss" in capsys.readouterr().err
    assert not Path("outputs").exists()


def test_a_checkpoint_that_cannot_be_deleted_is_warned_of(tmp_path, caplog):
    checkpoints.save(tmp_path, 1, state(1), keep=1)
    (tmp_path / "0000001.pt").unlink()
    (tmp_path / "0000001.pt").mkdir()  # a directory cannot be unlinked, whoever tries
    checkpoints.log.addHandler(caplog.handler)
    checkpoints.save(tmp_path, 2, state(2), keep=1)
    checkpoints.log.removeHandler(caplog.handler)
    assert "0000001.pt is no longer needed and cannot be deleted" in caplog.text
    assert checkpoints.load(tmp_path, print)["round"] == 2


def test_what_others_put_there_is_left_alone(tmp_path):
    (tmp_path / "mine.pt").touch()
    checkpoints.save(tmp_path, 1, state(1), keep=1)
    checkpoints.save(tmp_path, 2, state(2), keep=1)
    assert sorted(f.name for f in tmp_path.glob("*.pt")) == ["0000002.pt", "mine.pt"]


# Checkpoints of another run


@pytest.mark.parametrize("words", [["model=dcgan", "network=mlp"], ["model.latent=64"]])
def test_a_checkpoint_of_another_configuration_is_refused_with_what_differs(words, capsys):
    assert dispatch(["train", *TINY, "rounds=2"]) == 0
    checkpoint = last().checkpoints
    assert dispatch(["train", *TINY, "rounds=2", *words]) == 0
    shutil.rmtree(last().checkpoints)
    shutil.copytree(checkpoint, last().checkpoints)
    capsys.readouterr()
    assert dispatch(["resume", "last", "rounds=4"]) == 4
    said = capsys.readouterr().err
    assert " -> " in said
    assert "model." in said
    assert dispatch(["train", *TINY, "rounds=2", *words, f"init_from={checkpoint.parent}"]) == 4
    assert last().path != checkpoint.parent
    assert len(runs.everything("outputs")) == 2


# Full disks


def limited(size):
    """What a child does first: no file of its may become larger."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def test_a_checkpoint_too_large_for_the_disk_keeps_the_older_and_ends_with_5():
    assert dispatch(["train", *TINY, "rounds=2", "checkpoint_every=2"]) == 0
    done = ganlab("resume", "last", "rounds=8", "checkpoint_every=2", preexec_fn=limited(60_000))
    assert done.returncode == 5
    assert "Traceback" not in done.stdout + done.stderr
    assert "bytes needed" in done.stderr
    assert "tried again" in done.stderr
    assert "ganlab resume" in done.stderr
    assert last().facts()["status"] == "failed"
    assert saved_rounds(last()) == [0, 2]
    assert not list(last().path.rglob(".*.tmp"))
    assert dispatch(["resume", "last", "rounds=8"]) == 0


def test_logs_and_grids_that_cannot_be_written_are_warned_of_once_and_training_goes_on():
    words = ["log_every=1", "sample_every=1", "rounds=200"]
    assert dispatch(["train", *TINY, "rounds=2"]) == 0
    size = max(entry["bytes"] for entry in checkpoints.manifest(last().checkpoints).values())
    events = next(last().path.glob("events*"))
    assert events.stat().st_size < size + 4000
    done = ganlab("train", *TINY, *words, preexec_fn=limited(size + 4000))
    assert done.returncode == 0, done.stderr
    assert last().facts()["status"] == "done"
    assert "Traceback" not in done.stdout + done.stderr
    for name in ("metrics.jsonl", "samples"):
        assert done.stderr.count(f"{name} cannot be written") == 1
    assert len(done.stderr.splitlines()) == 3


@pytest.fixture
def small_disk(tmp_path):
    """A file system of half a megabyte."""
    place = tmp_path / "small"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(place)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("file systems cannot be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(path):
    """Write until there is no space."""
    with open(path, "wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))


def test_a_disk_that_fills_up_is_survived_until_there_is_space_again(small_disk):
    words = ["rounds=1000000", "checkpoint_every=20", "sample_every=1000000", "keep=1"]
    process = start("train", *TINY, *words, f"output={small_disk}")
    wait_for_a_round(process)
    (run,) = runs.everything(str(small_disk))
    wait_for(lambda: saved_rounds(run)[-1] > 0)
    fill(small_disk / "ballast")
    for line in process.stdout:
        if "No space left" in line:
            break
    assert "bytes needed" in line
    assert "tried again" in line
    (small_disk / "ballast").unlink()
    known = saved_rounds(run)
    wait_for(lambda: saved_rounds(run) != known)
    process.kill()
    process.communicate()


# Directories


@pytest.fixture
def unprivileged():
    """What a command line begins with so that permissions bind it, even for root."""
    if os.geteuid() != 0:
        return []
    command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"]
    probe = [*command, sys.executable, "-c", "import ganlab"]
    if shutil.which("setpriv") is None or subprocess.run(probe, check=False).returncode:
        pytest.skip("root may write anywhere")
    return command


def test_a_read_only_output_is_refused_before_anything_is_built(home, unprivileged):
    (home / "outputs").mkdir(mode=0o555)
    words = [sys.executable, "-m", "ganlab", "train", "dataset=mnist", "dataset.root=nowhere"]
    done = subprocess.run([*unprivileged, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 5
    assert "output=outputs" in done.stderr
    assert not list((home / "outputs").iterdir())


def test_hydras_own_directory_cannot_be_pointed_at_an_older_run(capsys):
    assert dispatch(["train", *TINY, "rounds=1"]) == 0
    before = sorted(last().path.rglob("*"))
    assert dispatch(["train", *TINY, "rounds=1", f"hydra.run.dir={last().path}"]) == 2
    assert "output=" in capsys.readouterr().err
    assert sorted(last().path.rglob("*")) == before


def test_long_and_odd_words_make_a_short_plain_directory():
    words = ["name=" + "x/=, y" * 60, "tags=['a=b,c', 'd/e']"]
    assert dispatch(["train", *TINY, "rounds=1", *words]) == 0
    assert len(last().path.name) <= 80
    assert last().path.parent.parent == Path("outputs")
    assert last().facts()["tags"] == ["a=b,c", "d/e"]


def test_the_lock_of_a_dead_process_is_taken_over_with_a_notice(capsys):
    process = start("train", *ENDLESS)
    wait_for_a_round(process)
    process.kill()
    process.communicate()
    assert dispatch(["resume", "last", "rounds=1"]) == 0
    assert f"pid {process.pid}" in capsys.readouterr().out


def test_a_run_that_trains_cannot_be_resumed_by_a_second_process():
    process = start("train", *ENDLESS)
    wait_for_a_round(process)
    refused = ganlab("resume", "last", "rounds=5")
    assert refused.returncode == 2
    for fact in (f"pid {process.pid}", os.uname().nodename, "since"):
        assert fact in refused.stderr
    assert not lock.is_free(last().path)
    process.kill()
    process.communicate()


# Data that vanish


@pytest.mark.parametrize("fault", ["vanishes", "is cut short"])
def test_data_that_go_away_end_the_run_soon_with_its_last_good_round(
    fault, tmp_path_factory, monkeypatch
):
    cache = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("GANLAB_CACHE", str(cache))
    once = ["model=dcgan", *TINY[1:], "runtime.resident=false"]
    process = start("train", *ENDLESS, *once)
    wait_for_a_round(process)
    (column,) = cache.glob("digits-*/train-data.npy")
    if fault == "vanishes":
        column.unlink()
    else:
        os.truncate(column, 1000)
    said = process.communicate(timeout=20)[0]
    assert process.returncode == 3
    assert "train-data.npy" in said
    assert f"ganlab resume {last().path}" in said
    assert "Traceback" not in said
    assert last().facts()["status"] == "failed"
    newest = saved_rounds(last())[-1]
    assert newest > 0
    assert f"saved the last good round, {newest}" in said
    assert "Traceback" in last().log_file.read_text()


def test_run_json_of_a_failed_run_can_still_be_read():
    done = ganlab("train", *TINY, "rounds=100", preexec_fn=limited(9_000))
    assert done.returncode == 5
    assert json.loads((last().path / "run.json").read_text())["status"] == "failed"
