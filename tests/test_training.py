"""Runs as a user makes them: what they write, how they end, how they go on."""

import os
import re
import shutil
import signal
import time

import numpy as np
import pytest
import torch
from children import digest, start, wait_for_a_round
from children import ganlab as ganlab_process
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import ganlab
from ganlab import checkpoints, runs
from ganlab.cli import dispatch
from ganlab.sampling import quantise

TINY = ["model=wgan_gp", "network=mlp", "network.width=8", "batch_size=8", "metrics=none"]
SHORT = ["rounds=8", "log_every=2", "sample_every=4", "checkpoint_every=3", "keep=2"]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A directory to work in, with one finished run in it."""
    directory = tmp_path_factory.mktemp("home")
    before = os.getcwd()
    os.chdir(directory)
    assert dispatch(["train", *TINY, *SHORT, "name=base", "tags=[a,b]"]) == 0
    yield directory
    os.chdir(before)


@pytest.fixture(scope="module")
def run(home):
    (base,) = (run for run in runs.everything("outputs") if run.facts()["name"] == "base")
    return base


def test_a_run_has_its_layout(run):
    names = {re.sub(r"tfevents.*", "tfevents", file.name) for file in run.path.iterdir()}
    assert names == {
        ".lock", "config.yaml", "run.json", "train.log", "metrics.jsonl",
        "events.out.tfevents", "samples", "checkpoints",
    }  # fmt: skip
    pictures = [f"000000{k}{view}.png" for k in (4, 8) for view in ("-interpolation", "")]
    assert [f.name for f in sorted(run.samples.iterdir())] == pictures
    assert [f.name for f in sorted(run.checkpoints.glob("*.pt"))] == ["0000006.pt", "0000008.pt"]


def test_run_json_says_what_the_run_is(run):
    facts = run.facts()
    assert facts["status"] == "done"
    assert facts["choices"]["model"] == "wgan_gp"
    assert facts["tags"] == ["a", "b"]
    assert {"torch", "hydra-core", "python"} <= set(facts["versions"])
    assert {"command", "seed", "host", "pid", "started", "ended", "git", "runtime"} <= set(facts)


def test_no_path_of_the_run_itself_is_absolute(run, home):
    texts = [run.config_file, run.path / "run.json", run.log_file, run.metrics_file]
    assert all(str(home) not in text.read_text() for text in texts)


def test_metrics_hold_one_line_a_logged_round(run):
    logged = list(run.metrics())
    assert [m["round"] for m in logged] == [2, 4, 6, 8]
    assert {
        "discriminator/loss", "discriminator/penalty", "discriminator/score_real",
        "discriminator/score_fake", "discriminator/gradient_norm", "generator/loss",
        "generator/gradient_norm", "images_per_second", "time",
    } <= set(logged[0])  # fmt: skip


def events(run):
    accumulator = EventAccumulator(str(run.path))
    accumulator.Reload()
    return accumulator


def test_tensorboard_holds_scalars_grids_and_one_session_of_hyperparameters(run):
    found = events(run)
    assert [e.step for e in found.Scalars("generator/loss")] == [2, 4, 6, 8]
    assert [e.step for e in found.Images("samples")] == [4, 8]
    assert [e.step for e in found.Images("interpolation")] == [4, 8]
    plugin = found.summary_metadata
    assert "_hparams_/session_start_info" in plugin
    assert "_hparams_/session_end_info" in plugin
    assert "_hparams_/experiment" not in plugin
    assert not [entry for entry in run.path.iterdir() if entry.is_dir() and entry.name[0].isdigit()]


def test_a_grid_is_eight_by_eight_pictures(run):
    assert Image.open(run.samples / "0000008.png").size == (8 * 34 - 2, 8 * 34 - 2)


def test_the_log_tells_the_story_and_the_next_commands(run):
    log = run.log_file.read_text()
    assert "8 rounds on cpu" in log
    for verb in ("sample", "resume", "tensorboard"):
        assert f"ganlab {verb}" in log


def test_samples_of_the_verb_and_of_the_notebook_are_the_same(run, home, capsys):
    assert dispatch(["sample", "last", "n=70", "seed=3", "format=npz", "out=drawn.npz"]) == 0
    assert capsys.readouterr().out.strip() == "drawn.npz"
    images = np.load("drawn.npz")["images"]
    assert images.shape == (70, 32, 32, 1)
    assert images.dtype == np.uint8
    samples = ganlab.load(run).sample(64, seed=3)
    assert np.array_equal(quantise(samples), images[:64])


def test_samples_go_into_the_run_as_a_grid_or_as_files(run, capsys):
    assert dispatch(["sample", "last", "n=10", "seed=5"]) == 0
    assert Image.open(run.samples / "seed5-n10.png").size == (4 * 34 - 2, 3 * 34 - 2)
    assert dispatch(["sample", "last", "n=3", "seed=5", "format=png"]) == 0
    assert len(list((run.samples / "seed5-n3").iterdir())) == 3


def test_raw_weights_give_other_samples(run):
    loaded = ganlab.load(run)
    assert not torch.equal(loaded.sample(4), loaded.sample(4, weights="raw"))


@pytest.mark.parametrize(
    "word", ["n=0", "n=x", "seed=-1", "format=gif", "weights=best", "k=1", "n"]
)
def test_sample_refuses_what_it_does_not_know(word, run, capsys):
    assert dispatch(["sample", "last", word]) == 2
    assert word.partition("=")[0] in capsys.readouterr().err


def test_a_run_resumed_twice_ends_as_an_uninterrupted_one(home):
    settings = [*TINY, "checkpoint_every=4", "log_every=2"]
    assert dispatch(["train", *settings, "rounds=12", "name=whole"]) == 0
    whole = runs.find("last", "outputs")
    assert dispatch(["train", *settings, "rounds=4", "name=parts"]) == 0
    parts = runs.find("last", "outputs")
    id = parts.facts()["id"]
    assert dispatch(["resume", id, "rounds=8"]) == 0
    assert dispatch(["resume", id, "rounds=12"]) == 0
    assert digest(parts) == digest(whole)
    assert [m["round"] for m in parts.metrics()] == [2, 4, 6, 8, 10, 12]
    assert [e.step for e in events(parts).Scalars("generator/loss")] == [2, 4, 6, 8, 10, 12]


def test_a_finished_run_is_left_alone(run, capsys):
    before = (run.path / "run.json").read_text()
    assert dispatch(["resume", run.facts()["id"]]) == 0
    assert "already done" in capsys.readouterr().out
    assert (run.path / "run.json").read_text() == before


def test_what_would_change_the_run_is_refused_on_resume(run, capsys):
    assert dispatch(["resume", run.facts()["id"], "rounds=20", "batch_size=4"]) == 2
    assert "batch_size" in capsys.readouterr().err


def test_a_moved_run_is_shown_and_sampled(run, home, tmp_path, capsys):
    moved = shutil.copytree(run.path, tmp_path / "elsewhere = here")
    assert dispatch(["show", str(moved)]) == 0
    assert "done" in capsys.readouterr().out
    assert dispatch(["sample", str(moved), "n=2"]) == 0
    assert (moved / "samples" / "seed0-n2.png").exists()


def test_ctrl_c_saves_says_how_to_go_on_and_resumes_exactly(home):
    process = start("train", *TINY, "rounds=100000", "name=stopped")
    wait_for_a_round(process)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=30)[0]
    stopped = runs.find("last", "outputs")
    assert process.returncode == 130
    assert f"ganlab resume {stopped.path}" in said
    assert "Traceback" not in said
    assert stopped.facts()["status"] == "interrupted"
    number = checkpoints.load(stopped.checkpoints, print)["round"]
    assert dispatch(["resume", str(stopped.path), f"rounds={number + 3}"]) == 0
    assert dispatch(["train", *TINY, f"rounds={number + 3}"]) == 0
    assert digest(stopped) == digest(runs.find("last", "outputs"))


def test_a_killed_run_shows_as_killed_and_a_live_one_is_locked(home, capsys):
    process = start("train", *TINY, "rounds=100000", "checkpoint_every=1", "name=killed")
    wait_for_a_round(process)
    killed = runs.find("last", "outputs")
    time.sleep(0.5)
    assert dispatch(["resume", str(killed.path), "rounds=100001"]) == 2
    assert str(process.pid) in capsys.readouterr().err
    process.kill()
    process.communicate()
    assert killed.facts()["status"] == "running"
    assert dispatch(["show", str(killed.path)]) == 0
    assert "killed" in capsys.readouterr().out
    number = checkpoints.load(killed.checkpoints, print)["round"]
    assert dispatch(["resume", str(killed.path), f"rounds={number + 1}"]) == 0
    assert killed.facts()["status"] == "done"


def test_a_diverged_run_says_so_and_keeps_no_bad_checkpoint(home, capsys):
    words = ["train", *TINY, "rounds=50", "optimizer=sgd", "optimizer.lr=1e30"]
    assert dispatch(words) == 1
    assert "diverged" in capsys.readouterr().err
    diverged = runs.find("last", "outputs")
    assert diverged.facts()["status"] == "diverged"
    assert "Traceback" in diverged.log_file.read_text()


def test_a_dry_run_tells_everything_and_writes_nothing(home, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GANLAB_CACHE", str(tmp_path / "cache"))
    assert dispatch(["train", *TINY, "--dry-run"]) == 0
    told = capsys.readouterr().out
    for fact in ("directory", "device", "parameters", "batch", "disk", "data"):
        assert f"\n{fact}" in told
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["modle=wgan_gp"], 2, "model"),
        (["model=wgan_gpp"], 2, "wgan_gp"),
        (["optimizer.lrr=1"], 2, "optimizer.lr"),
        (["rounds=-1"], 2, "rounds=-1"),
        (["optimizer.lr=abc"], 2, "optimizer.lr=abc"),
        (["model=vae", "loss=hinge"], 2, "loss"),
        (["network=dcgan", "dataset=ring"], 2, "network=mlp"),
        (["batch_size=5000"], 2, "1797"),
        (["dataset=mnist", "dataset.root=nowhere"], 3, "train-images-idx3-ubyte"),
        (["dataset=folder"], 2, "dataset.path"),
        (["output=file/below"], 5, "output=file/below"),
        (["runtime.device=cuda:99"], 2, "runtime.device"),
    ],
)
def test_a_refusal_is_one_message_and_leaves_nothing(
    words, code, said, tmp_path, tmp_path_factory, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GANLAB_CACHE", str(tmp_path_factory.mktemp("cache")))
    (tmp_path / "file").touch()
    assert dispatch(["train", *words]) == code
    out, err = capsys.readouterr()
    assert said in err
    assert "Traceback" not in err + out
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_a_pipe_gets_plain_lines_without_control_characters(home):
    done = ganlab_process("train", *TINY, "rounds=3", env={**os.environ, "TERM": "dumb"})
    assert done.returncode == 0
    assert "round 3/3" in done.stdout
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", done.stdout + done.stderr)


def test_progress_can_be_switched_off(home, capsys):
    assert dispatch(["train", *TINY, "rounds=2", "progress=none"]) == 0
    assert "round 2/2" not in capsys.readouterr().out


def test_the_bar_shows_rounds_losses_and_speed(home, capsys):
    assert dispatch(["train", *TINY, "rounds=3", "log_every=1", "progress=bar"]) == 0
    assert "3/3" in capsys.readouterr().out


def test_train_of_the_notebook_returns_the_run(home):
    trained = ganlab.train(*TINY, "rounds=2", "progress=none")
    assert trained.facts()["status"] == "done"
    assert ganlab.load(trained).sample(5).shape == (5, 1, 32, 32)


def test_points_are_drawn_as_a_cloud_and_stored_as_points(home):
    words = ["train", "model=gan", "dataset=ring", "network.width=8", "batch_size=8", "rounds=2"]
    assert dispatch(words) == 0
    ring = runs.find("last", "outputs")
    assert Image.open(ring.samples / "0000002.png").size == (1158, 405)
    assert dispatch(["sample", "last", "format=npz", "n=7", "out=ring.npz"]) == 0
    assert np.load("ring.npz")["points"].shape == (7, 2)


def test_the_command_line_is_kept(run):
    facts = run.facts()
    assert facts["command"].startswith("ganlab train model=wgan_gp network=mlp")


def test_a_run_from_elsewhere_that_would_run_code_is_refused(run, tmp_path, capsys):
    foreign = shutil.copytree(run.path, tmp_path / "foreign")
    config = (foreign / "config.yaml").read_text()
    target = "_target_: ganlab.datasets.digits.Digits"
    harmful = f"_target_: os.system\n  command: touch {tmp_path}/ran"
    (foreign / "config.yaml").write_text(config.replace(target, harmful))
    for verb in (["sample"], ["resume"]):
        assert dispatch([*verb, str(foreign)]) == 2
        assert "os.system" in capsys.readouterr().err
    assert not (tmp_path / "ran").exists()


def test_a_fork_begins_with_the_weights_of_another_run(run, home, capsys):
    id = run.facts()["id"]
    assert dispatch(["train", *TINY, "rounds=1", f"init_from={id}"]) == 0
    assert f"begins with the weights of {run.path}" in capsys.readouterr().out
    fork = runs.find("last", "outputs")
    assert fork.facts()["init_from"] == {"run": run.path.name, "round": 8}
    forked, original = (checkpoints.load(r.checkpoints, print)["game"] for r in (fork, run))
    name = "generator.0.weight"
    assert torch.allclose(forked[name], original[name], atol=1e-3)
    assert not torch.equal(forked[name], original[name])


def test_a_fork_into_another_architecture_is_refused_before_its_directory_is_made(run, capsys):
    before = len(runs.everything("outputs"))
    id = run.facts()["id"]
    assert dispatch(["train", *TINY, "network.width=16", f"init_from={id}"]) == 4
    assert "network.width: 8 -> 16" in capsys.readouterr().err
    assert len(runs.everything("outputs")) == before


def test_a_run_is_sampled_where_its_data_are_not(run, tmp_path, monkeypatch):
    monkeypatch.setenv("GANLAB_CACHE", str(tmp_path / "cache"))
    assert ganlab.load(run).sample(3).shape == (3, 1, 32, 32)
    assert not (tmp_path / "cache").exists()


def test_resume_computes_as_the_run_did(home):
    words = ["runtime.precision=bf16", "runtime.threads=2", "rounds=2"]
    assert dispatch(["train", *TINY, *words]) == 0
    two = runs.find("last", "outputs")
    torch.set_num_threads(1)
    assert dispatch(["resume", "last", "rounds=3"]) == 0
    assert two.facts()["runtime"]["threads"] == torch.get_num_threads() == 2
    assert two.config().runtime.precision == "bf16"
    torch.set_num_threads(1)


def test_doubtful_parts_are_warned_of(home, capsys):
    words = ["model=dcgan", "penalty=r1", "network.width=4", "batch_size=4", "rounds=1"]
    assert dispatch(["train", *words, "metrics=none"]) == 0
    assert "model.discriminator_norm=none" in capsys.readouterr().err
