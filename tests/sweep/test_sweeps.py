"""Sweeps: every job a process of its own, whatever becomes of the others (faults 33 and 38)."""

import json
import os
import shutil
import signal
from pathlib import Path

import pytest
from children import TINY, digest, ganlab, saved_rounds, start, wait_for

from ganlab import lock, runs
from ganlab.cli import dispatch
from ganlab.sweep import sweeps
from ganlab.sweep.attempts import begin
from ganlab.sweep.launching import gpus, share
from ganlab.sweep.sweeps import Sweep
from ganlab.sweep.variations import settled, variations

SWEEP = ["train", "-m", *TINY, "progress=none"]
ENDS = """
import os, signal, sys


def loss(kind):
    if kind == "raise":
        raise RuntimeError("the loss is broken")
    if kind == "exit":
        sys.exit(0)
    if kind == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    from ganlab.losses.wasserstein import Wasserstein

    return Wasserstein()
"""


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    return tmp_path


def only():
    (sweep,) = sweeps.everything("outputs")
    return sweep


def states():
    return [job.state() for job in only().jobs]


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """Where a sweep of two jobs was played."""
    place = tmp_path_factory.mktemp("played")
    words = [*SWEEP, "rounds=2", "seed=1,2", "optimizer.lr=choice(1e-3)", "jobs=2"]
    assert ganlab(*words, cwd=place).returncode == 0
    return place


@pytest.fixture
def done(played, home):
    """A sweep that is done, moved here from elsewhere."""
    shutil.copytree(played, home, dirs_exist_ok=True)


def test_combinations_vary_the_last_key_fastest():
    found = variations(
        ["seed=1,2", "model=gan", "optimizer.lr=1e-3,1e-4", "metrics=[fid],none"], None
    )
    assert [job.varied for job in found] == [
        {"seed": seed, "optimizer.lr": rate, "metrics": metrics}
        for seed in "12"
        for rate in ("0.001", "0.0001")
        for metrics in ("[fid]", "none")
    ]
    assert all("model=gan" in job.words for job in found)


@pytest.mark.usefixtures("done")
def test_every_job_is_a_run_below_the_sweep():
    sweep = only()
    assert states() == ["done"] * 2
    found = sorted(runs.everything("outputs"), key=lambda run: run.path)
    assert found == [job.run for job in sweep.jobs]
    for job in sweep.jobs:
        config = job.run.config()
        assert str(config.seed) == job.varied["seed"]
        assert config.optimizer.lr == 1e-3
        assert job.run.path.name.startswith(f"{job.number}-seed_{config.seed}-")
        assert len(job.run.path.name) < 40


@pytest.mark.usefixtures("done")
def test_verbs_take_a_sweep_by_the_beginning_of_its_name_or_id(capfd):
    sweep = only()
    assert dispatch(["path", sweep.path.name[:12]]) == 0
    assert capfd.readouterr().out == f"{sweep.path}\n"
    assert dispatch(["show", sweep.path.name[-4:]]) == 0
    assert "sweep of 2 jobs: 2 done" in capfd.readouterr().out
    with lock.held(sweep.jobs[1].run.path):
        assert dispatch(["rm", str(sweep.path), "--yes"]) == 2
    assert states() == ["done", "done"]
    (sweep.path / "another").mkdir()
    (sweep.path / "another" / "run.json").touch()
    assert dispatch(["rm", str(sweep.path), "--yes"]) == 2
    shutil.rmtree(sweep.path / "another")
    assert dispatch(["rm", str(sweep.path), "--yes"]) == 0
    assert not list(Path("outputs").iterdir())


@pytest.fixture
def my_ends(home):
    """An option for each way in which a job may end, in the user's own directory."""
    (home / "ends.py").write_text(ENDS)
    for kind in ("raise", "exit", "kill", "well"):
        file = home / "conf" / "loss" / f"{kind}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"# Ends: {kind}.\n_target_: ends.loss\nkind: {kind}\n")


@pytest.mark.usefixtures("my_ends")
def test_a_job_that_raises_exits_or_is_killed_does_not_end_the_sweep():
    done = ganlab(*SWEEP, "rounds=2", "loss=raise,exit,kill,well")
    assert done.returncode == 1
    assert states() == ["failed", "failed", "failed", "done"]
    assert "the loss is broken" in only().jobs[0].log.read_text()
    assert "Traceback" in only().jobs[0].log.read_text()
    assert "Traceback" not in done.stderr
    for job in only().jobs:
        said = done.stdout if job.state() == "done" else done.stderr
        assert f"job {job.number + 1} of 4  loss={job.varied['loss']}  {job.state()}" in said
    assert f"ganlab resume {only().path}" in done.stdout


def test_a_run_that_diverges_is_told_as_such_and_not_played_again():
    words = ["debug.inject_nan=null,2:generator/loss", "rounds=4"]
    assert dispatch([*SWEEP, *words]) == 1
    assert states() == ["done", "diverged"]
    ended = [job.run.facts()["ended"] for job in only().jobs]
    assert dispatch(["resume", str(only().path)]) == 1
    assert [job.run.facts()["ended"] for job in only().jobs] == ended


def test_a_killed_sweep_leaves_no_process_and_goes_on_as_if_undisturbed():
    words = [*SWEEP, "seed=1,2", "checkpoint_every=5", "log_every=5"]
    process = start(*words, "rounds=1000000")
    wait_for(lambda: sweeps.everything("outputs") and states()[0] == "running")
    sweep = only()
    wait_for(lambda: len(saved_rounds(sweep.jobs[0].run)) > 1)
    child = sweep.jobs[0].run.facts()["pid"]
    process.kill()
    process.communicate()
    wait_for(lambda: states()[0] == "interrupted")
    wait_for(lambda: not is_alive(child))
    assert states() == ["interrupted", "waiting"]
    reached = max(saved_rounds(sweep.jobs[0].run)) + 5
    assert dispatch(["resume", sweep.path.name[:17], f"rounds={reached}"]) == 0
    assert states() == ["done"] * 2
    played = [digest(job.run) for job in only().jobs]
    assert dispatch(["train", *TINY, "seed=1", f"rounds={reached}", "output=alone"]) == 0
    assert digest(runs.find("last", "alone")) == played[0]
    before = [job.run.facts() for job in only().jobs]
    assert dispatch(["resume", str(sweep.path)]) == 0
    assert [job.run.facts() for job in only().jobs] == before


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_what_plays_and_begins_nothing_more(number):
    process = start(*SWEEP, "seed=1,2,3", "jobs=2", "rounds=1000000", "checkpoint_every=1000000")
    wait_for(lambda: sweeps.everything("outputs") and states()[:2] == ["running"] * 2)
    wait_for(lambda: all(saved_rounds(job.run) for job in only().jobs[:2]))
    process.send_signal(number)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 128 + number, said
    assert states() == ["interrupted", "interrupted", "waiting"]
    assert "Traceback" not in said
    assert f"ganlab resume {only().path}" in said


@pytest.mark.usefixtures("done")
def test_an_attempt_that_still_goes_on_is_waited_for():
    job = only().jobs[0]
    with open(job.log) as held:
        assert lock.acquire(held.fileno())
        assert begin(job) is None
    child = begin(job)
    assert child is not None
    assert child.wait() == 0
    assert "already done" in job.log.read_text()


@pytest.mark.usefixtures("done")
@pytest.mark.parametrize(
    "word", ["rouns=30", "rounds=abc", "optimizer.lr=1e-5", "trust=foreign", "hydra/launcher=none"]
)
def test_a_word_that_is_refused_on_resume_changes_nothing(word):
    before = only().facts()
    assert dispatch(["resume", str(only().path), word]) == 2
    assert only().facts() == before


@pytest.mark.usefixtures("done")
def test_what_was_trained_is_never_removed_and_one_jobs_damage_is_its_own():
    first, second = (job.run for job in only().jobs)
    (first.checkpoints / "manifest.json").unlink()
    kept = sorted(first.path.rglob("*"))
    done = ganlab("resume", str(only().path), "rounds=3")
    assert done.returncode == 1
    assert "job 1 of 2  seed=1  done, and goes on no further" in done.stderr
    assert "no usable checkpoint" in done.stderr
    assert sorted(first.path.rglob("*")) == kept
    assert (second.checkpoints / "0000003.pt").exists()
    assert only().facts()["more"] == ["rounds=3"]


@pytest.mark.usefixtures("done")
def test_a_word_that_may_be_a_sweep_or_a_run_is_refused(capfd):
    shutil.copytree(only().jobs[0].run.path, only().path.with_name(f"{only().path.name[:8]}-run"))
    assert dispatch(["rm", only().path.name[:8], "--yes"]) == 2
    assert "several sweeps and runs match" in capfd.readouterr().err
    assert states() == ["done", "done"]


@pytest.mark.usefixtures("done")
def test_all_jobs_begin_with_the_run_that_is_the_last_now():
    last = runs.find("last", "outputs").path.resolve()
    found = variations(["init_from=last", "seed=1,2"], None)
    assert {settled(job.words, "outputs")[0] for job in found} == {f'init_from="{last}"'}


@pytest.mark.usefixtures("done")
def test_more_places_than_jobs_are_not_looked_at():
    assert dispatch(["resume", str(only().path), "jobs=1000000000", "rounds=3"]) == 0


def test_what_a_job_said_in_an_earlier_attempt_is_no_reason(home):
    job = Sweep(home).job(0, [], {"words": [], "varied": {}, "directory": "0-ab12"})
    job.log.parent.mkdir()
    job.log.write_text("$ ganlab train\nfailed: long ago\n$ ganlab train\nganlab: interrupted\n")
    assert (job.state(), job.reason()) == ("interrupted", "ganlab: interrupted")
    job.log.write_text("$ ganlab train\nganlab: interrupted\n$ ganlab train\nodd\n")
    assert (job.state(), job.reason()) == ("failed", "odd")


@pytest.mark.usefixtures("done")
def test_two_processes_do_not_play_one_sweep():
    with lock.held(only().path):
        said = ganlab("resume", str(only().path))
    assert said.returncode == 2
    assert "another process is at work" in said.stderr


LAUNCHERS = {
    "joblib": ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"],
    "basic": ["hydra/launcher=basic"],
    "submitit": ["hydra/launcher=submitit_local", "hydra.launcher.timeout_min=5"],
}


@pytest.mark.parametrize("launcher", LAUNCHERS)
@pytest.mark.usefixtures("my_ends")
def test_launchers_of_hydras_start_the_same_children(launcher):
    words = ["loss=exit,well", "rounds=2", "seed=3", *LAUNCHERS[launcher]]
    done = ganlab(*SWEEP, *words)
    assert done.returncode == 1
    assert states() == ["failed", "done"], done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert not list(only().path.rglob("multirun.yaml"))


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["seed=1,2", "jobs=0"], "jobs=0"),
        (["seed=1,2", "jobs=2", "hydra/launcher=joblib"], "one of them"),
        (["seed=1,2", "hydra/launcher=joblip"], "joblip"),
        (["seed=1,2", "hydra/launcher=joblib", "hydra.launcher.n_job=2"], "n_job"),
        (["optimizer.lr=interval(1e-5,1e-3)"], "ganlab tune"),
        (["model=glob(*nothing)"], "no value among acgan"),
        (["seed=range(5,1)"], "no value"),
        (["seed=choice(1,2),3"], "seed=choice(1,2),3"),
        (["seed=1,2", "init_from=nowhere"], "nowhere"),
        (["output=a,b"], "output cannot vary"),
        (["model=dcgan,wgan_gpp"], "wgan_gp"),
        (["seed=1,x"], "seed"),
        (["optimizer.lrr=1,2"], "optimizer.lr"),
        (["seed=1,2", "--directory", "here"], "--directory"),
        (["model=dcgan,vae", "loss=hinge", "dataset=ring"], "model=vae: loss=hinge"),
        (["model=dcgan,gan", "augment=none,flip", "dataset=ring"], "augment=flip: ring has no"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_made(words, wanted, capfd):
    assert dispatch(["train", "-m", *words]) == 2
    assert wanted in capfd.readouterr().err
    assert not Path("outputs").exists()


@pytest.mark.parametrize("word", ["jobs=2", "hydra/launcher=joblib", "seed=1,2"])
def test_a_sweeps_words_without_its_flag_name_the_flag(word, capfd):
    assert dispatch(["train", word]) == 2
    assert "-m" in capfd.readouterr().err


def test_a_sweep_is_started_once_also_below_torchrun(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert dispatch(["train", "-m", "seed=1,2"]) == 2


def test_a_dry_run_lists_the_jobs(capsys):
    assert dispatch([*SWEEP, "model=glob(d*gan)", "seed=range(2)", "--dry-run"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert len(listed) % 2 == 0
    assert any("model=dcgan" in line and "seed=1" in line for line in listed)
    assert not Path("outputs").exists()


def test_a_damaged_sweep_is_told_as_such(capfd):
    Path("outputs/broken").mkdir(parents=True)
    for content in ("", "[]", '{"jobs": 3, "command": ""}', json.dumps({"jobs": [{}]})):
        Path("outputs/broken/sweep.json").write_text(content)
        assert dispatch(["resume", "outputs/broken"]) == 2
        assert "damaged" in capfd.readouterr().err


def test_a_directory_of_ones_own_is_where_the_run_is(home):
    assert dispatch(["train", *TINY, "rounds=2", "--directory", "runs/mine"]) == 0
    assert (home / "runs" / "mine" / "run.json").exists()
    assert ganlab("train", *TINY, "rounds=2", "--directory", "runs/mine").returncode == 5


def test_cores_and_gpus_are_divided_among_the_jobs(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,5")
    assert gpus() == ["3", "5"]
    shares = [share(slot, 4) for slot in range(4)]
    assert [each["CUDA_VISIBLE_DEVICES"] for each in shares] == ["3", "5", "3", "5"]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    assert {int(each["OMP_NUM_THREADS"]) for each in shares} == {max(cores // 4, 1)}
    assert share(0, 1) == {}
