"""Faults 1 to 10: runs that are killed, stopped, continued."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from children import (
    ENDLESS,
    TINY,
    digest,
    environment,
    last,
    saved_rounds,
    start,
    start_that_writes_slowly,
    wait_for,
    wait_for_a_round,
    wait_for_file,
)
from PIL import Image

from ganlab import checkpoints
from ganlab.cli import dispatch

TORTURE = Path(__file__).parents[1] / "scripts" / "torture.py"


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def stop(process, number):
    process.send_signal(number)
    return process.communicate(timeout=30)[0]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the script forks")
def test_runs_killed_at_random_moments_end_as_undisturbed_ones():
    command = [sys.executable, TORTURE, "--endings=2", "dcgan", "gan"]
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment(), timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    count = dict(line.rsplit(maxsplit=1) for line in done.stdout.splitlines() if line[-1].isdigit())
    assert int(count["identical endings"]) == 2
    assert int(count["kills"]) >= 1  # when they come is left to chance


def test_a_kill_during_a_checkpoints_write_leaves_the_one_before():
    words = [*TINY, "rounds=8", "checkpoint_every=4"]
    assert dispatch(["train", *words]) == 0
    whole = digest(last())
    Path("armed").touch()
    process = start_that_writes_slowly("0000004.pt", "train", *words)
    wait_for_file("writing")
    process.kill()
    process.communicate()
    killed = last()
    assert list(killed.checkpoints.glob(".*.tmp"))
    assert saved_rounds(killed) == [0]
    assert dispatch(["resume", str(killed.path)]) == 0
    assert not list(killed.path.rglob(".*.tmp"))
    assert digest(killed) == whole


@pytest.mark.parametrize("first", ["true", "false"])
def test_a_run_goes_on_exactly_where_its_data_lie_elsewhere(first):
    other = {"true": "false", "false": "true"}[first]
    words = [*TINY, "dataset.flip=true", "checkpoint_every=3"]
    assert dispatch(["train", *words, "rounds=6"]) == 0
    whole = digest(last())
    assert dispatch(["train", *words, "rounds=3", f"runtime.resident={first}"]) == 0
    assert dispatch(["resume", "last", "rounds=6", f"runtime.resident={other}"]) == 0
    assert digest(last()) == whole
    assert last().facts()["exact"] is True


def test_sigterm_saves_after_the_round_and_exits_143():
    process = start("train", *ENDLESS)
    wait_for_a_round(process)
    said = stop(process, signal.SIGTERM)
    assert process.returncode == 143
    assert f"ganlab resume {last().path}" in said
    assert last().facts()["status"] == "interrupted"
    assert saved_rounds(last())[-1] > 0


def test_a_second_sigterm_while_saving_leaves_at_once():
    process = start_that_writes_slowly(".pt", "train", *ENDLESS)
    wait_for_a_round(process)
    Path("armed").touch()
    process.send_signal(signal.SIGTERM)
    wait_for_file("writing")
    then = time.monotonic()
    stop(process, signal.SIGTERM)
    assert time.monotonic() - then < 20
    assert process.returncode in (143, -signal.SIGTERM)
    assert saved_rounds(last()) == [0]


def test_a_run_that_cannot_save_within_the_grace_leaves_all_the_same():
    process = start_that_writes_slowly(".pt", "train", *ENDLESS, "preempt.grace_s=0.5")
    wait_for_a_round(process)
    Path("armed").touch()
    then = time.monotonic()
    stop(process, signal.SIGTERM)
    assert time.monotonic() - then < 20
    assert process.returncode == 143
    assert last().facts()["status"] == "interrupted"
    assert saved_rounds(last()) == [0]


def test_ctrl_c_twice_leaves_at_once():
    process = start_that_writes_slowly(".pt", "train", *ENDLESS)
    wait_for_a_round(process)
    Path("armed").touch()
    process.send_signal(signal.SIGINT)
    wait_for_file("writing")
    said = stop(process, signal.SIGINT)
    assert process.returncode == 130
    assert "Traceback" not in said


def test_sigusr1_saves_and_training_goes_on():
    process = start("train", *ENDLESS)
    wait_for_a_round(process)
    process.send_signal(signal.SIGUSR1)
    wait_for(lambda: len(saved_rounds(last())) == 2)
    time.sleep(0.2)
    assert process.poll() is None
    stop(process, signal.SIGTERM)


def scontrol(home, code):
    """A `scontrol` on the PATH that notes its arguments and the checkpoints that are there."""
    (home / "bin").mkdir()
    tool = home / "bin" / "scontrol"
    tool.write_text(
        f'#!/bin/sh\necho "$@" $(ls {home}/outputs/*/*/checkpoints | grep -c pt) >> {home}/asked\n'
        f"echo 'no such job' >&2; exit {code}\n"
    )
    tool.chmod(0o755)
    path = f"{home}/bin:{os.environ['PATH']}"
    return environment(PATH=path, SLURM_JOB_ID="1")


def test_sigusr1_requeues_a_slurm_job_once_and_the_queued_job_resumes_its_run(home):
    slurm = scontrol(home, code=0)
    process = start("train", *ENDLESS, "slurm.requeue=true", env=slurm)
    wait_for_a_round(process)
    for _ in range(2):
        before = saved_rounds(last())
        process.send_signal(signal.SIGUSR1)
        wait_for(lambda known=before: saved_rounds(last()) != known)
        time.sleep(0.2)
    stop(process, signal.SIGTERM)
    assert Path("asked").read_text() == "requeue 1 2\n"
    first, number = last(), saved_rounds(last())[-1]
    process = start(
        "train", *ENDLESS, "slurm.requeue=true", env={**slurm, "SLURM_RESTART_COUNT": "1"}
    )
    said = next(line for line in process.stdout if line.startswith("plays"))
    stop(process, signal.SIGTERM)
    assert f"resumed after round {number}" in said
    assert last() == first


def test_a_failing_scontrol_is_reported_and_loses_nothing(home):
    process = start("train", *ENDLESS, "slurm.requeue=true", env=scontrol(home, code=1))
    wait_for_a_round(process)
    process.send_signal(signal.SIGUSR1)
    wait_for_file("asked")
    said = stop(process, signal.SIGTERM)
    assert "scontrol requeue 1 failed: no such job" in said
    assert len(saved_rounds(last())) == 2


@pytest.mark.parametrize("word", ["batch_size=4", "seed=7", "dataset=ring", "optimizer.lr=0.5"])
def test_what_would_be_another_run_is_listed_and_refused(word, capsys):
    assert dispatch(["train", *TINY, "rounds=2"]) == 0
    capsys.readouterr()
    assert dispatch(["resume", "last", "rounds=4", word]) == 2
    said = capsys.readouterr().err
    assert " -> " in said
    assert word.partition("=")[0] in said
    assert "resume.allow_changes=true" in said


@pytest.mark.parametrize("word", ["batch_size=4", "seed=7", "optimizer.lr=0.5", "optimizer=sgd"])
def test_changes_that_are_allowed_are_made_and_noted(word, capsys):
    assert dispatch(["train", *TINY, "rounds=2"]) == 0
    words = ["rounds=4", word, "resume.allow_changes=true"]
    assert dispatch(["resume", "last", *words]) == 0
    facts = last().facts()
    assert facts["exact"] is False
    assert any(word.partition("=")[0] in change for change in facts["changes"])
    assert "no longer exact" in capsys.readouterr().err


def test_other_pictures_in_the_same_place_are_another_run(home, capsys):
    for name in ("one", "two"):
        (home / name).mkdir()
        for k in range(9):
            shade = Image.new("L", (16, 16), 10 * k + len(name) + (name == "two"))
            shade.save(home / name / f"{k}.png")
    words = [*TINY, "dataset=folder", "dataset.path=one", "rounds=2"]
    assert dispatch(["train", *words]) == 0
    (home / "one").rename("three")
    assert dispatch(["resume", "last", "rounds=3", "dataset.path=three"]) == 0
    assert last().facts()["exact"] is True
    assert dispatch(["resume", "last", "rounds=4", "dataset.path=two"]) == 2
    assert "data: " in capsys.readouterr().err
    allowed = ["dataset.path=two", "resume.allow_changes=true"]
    assert dispatch(["resume", "last", "rounds=4", *allowed]) == 0
    assert last().facts()["exact"] is False


def players(run):
    """The weights that optimizers move."""
    game = checkpoints.load(run.checkpoints, print)["game"]
    return {
        name: value for name, value in game.items() if name.endswith("weight") and value.dim() > 1
    }


def test_an_allowed_rate_is_the_rate_that_is_used():
    assert dispatch(["train", *TINY, "rounds=2"]) == 0
    before = players(last())
    words = ["rounds=3", "optimizer.lr=1e-30", "resume.allow_changes=true"]
    assert dispatch(["resume", "last", *words]) == 0
    assert last().config().optimizer.lr == 1e-30
    weights = players(last())
    assert all(torch.equal(weights[name], before[name]) for name in weights)


def test_another_runtime_is_allowed_and_marks_the_run():
    assert dispatch(["train", *TINY, "rounds=2", "runtime.precision=fp32"]) == 0
    assert dispatch(["resume", "last", "rounds=3", "runtime.precision=bf16"]) == 0
    assert last().facts()["exact"] is False
    assert last().facts()["changes"] == ["precision: fp32 -> bf16"]


def test_cadences_may_change_freely_and_the_end_is_the_same():
    words = [*TINY, "checkpoint_every=4"]
    assert dispatch(["train", *words, "rounds=8"]) == 0
    whole = digest(last())
    assert dispatch(["train", *words, "rounds=4"]) == 0
    free = ["rounds=8", "log_every=1", "sample_every=1", "checkpoint_every=1", "keep=5"]
    assert dispatch(["resume", "last", *free, "progress=none"]) == 0
    assert digest(last()) == whole
    assert last().facts()["exact"] is True
    assert saved_rounds(last()) == [4, 5, 6, 7, 8]


def test_rounds_logged_after_the_last_good_checkpoint_are_logged_once(capsys):
    words = [*TINY, "rounds=8", "checkpoint_every=5", "log_every=1"]
    assert dispatch(["train", *words]) == 0
    run = last()
    whole = digest(run)
    newest = run.checkpoints / "0000008.pt"
    content = bytearray(newest.read_bytes())
    content[len(content) // 2] ^= 1
    newest.write_bytes(content)
    assert dispatch(["resume", "last"]) == 0
    told = capsys.readouterr()
    assert newest.name in told.err
    assert "round 5 is used" in told.err
    assert "resumed after round 5" in told.out
    assert [m["round"] for m in run.metrics()] == list(range(1, 9))
    assert [e.step for e in scalars(run)] == list(range(1, 9))
    assert digest(run) == whole


def scalars(run):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(run.path))
    events.Reload()
    return events.Scalars("generator/loss")


def test_a_run_whose_checkpoints_are_all_bad_is_not_begun_anew(capsys):
    assert dispatch(["train", *TINY, "rounds=4", "checkpoint_every=2"]) == 0
    for file in last().checkpoints.glob("*.pt"):
        file.write_bytes(b"")
    assert dispatch(["resume", "last", "rounds=6"]) == 4
    said = capsys.readouterr().err
    assert "0000002.pt" in said
    assert "0000004.pt" in said


def test_events_hold_each_round_once_after_a_kill_before_the_first_checkpoint():
    process = start("train", *ENDLESS, "log_every=1")
    wait_for_a_round(process)
    time.sleep(0.5)
    process.kill()
    process.communicate()
    assert dispatch(["resume", "last", "rounds=6", "log_every=1"]) == 0
    assert [e.step for e in scalars(last())] == [1, 2, 3, 4, 5, 6]


READY = """
from ganlab import interrupts
listen = interrupts.listen
interrupts.listen = lambda: (listen(), print("listens", flush=True))
from ganlab.__main__ import main
main()
"""


@pytest.mark.parametrize("moment", [0, 0.3, 0.8, 1.5, 2.2])
def test_ctrl_c_while_a_run_starts_is_never_lost(moment):
    process = start("train", *ENDLESS, program=("-c", READY))
    assert process.stdout.readline() == "listens\n"
    time.sleep(moment)
    said = stop(process, signal.SIGINT)
    assert process.returncode == 130
    assert "Traceback" not in said


def test_a_moved_run_resumes_where_it_is_now(home):
    assert dispatch(["train", *TINY, "rounds=2"]) == 0
    moved = home / "elsewhere = here, now"
    last().path.rename(moved)
    assert dispatch(["resume", str(moved), "rounds=4"]) == 0
    assert json.loads((moved / "run.json").read_text())["status"] == "done"
    assert str(home) not in (moved / "config.yaml").read_text()
