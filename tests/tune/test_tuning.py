"""Searching: what is asked, what ends early, and who takes over."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from children import environment, saved_rounds, wait_for

from ganlab import evaluations, lock, runs
from ganlab.cli import dispatch
from ganlab.sweep import sweeps

pytest.importorskip("optuna")

from optuna.trial import TrialState

from ganlab.tune.searched import closing
from ganlab.tune.trials import Search, work

TINY = [
    *("model=gan", "network=mlp", "network.width=8", "batch_size=8", "dataset.resolution=16"),
    *("metrics=swd", "evaluate.samples=16", "evaluate_every=5"),
]
RATE = "optimizer.lr=tag(log,interval(1e-5,1e-2))"
SPACES = {
    "optimizer.lr": {"low": 1e-5, "high": 1e-2, "log": True, "whole": False},
    "model.latent": {"low": 8, "high": 64, "log": False, "whole": True},
    "batch_size": {"values": ["8", "16"]},
}


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def made(**facts):
    """The directory of a search of which no trial was asked yet."""
    usual = {
        **{"command": "ganlab tune", "words": [*TINY, "rounds=100"], "spaces": SPACES, "by": "swd"},
        **{"goal": "min", "rounds": 100, "trials": 20, "slots": 1, "more": [], "jobs": []},
        **{"prune_after": 5, "prune_factor": 3, "search_seed": 0},
    }
    return sweeps.create("outputs", None, "tune", **usual | facts)


def judged(job, **values):
    """Let a job's run, which is not trained, say how good it was after rounds `r5` and so on."""
    if not job.run.path.exists():
        runs.create(job.run.path, choices={}).note(status="interrupted")
    for number, value in values.items():
        protocol = {"weights": "average", "metrics": {"swd": {}}}
        entry = evaluations.Entry(int(number[1:]), 0.0, {"swd": value}, {}, protocol)
        evaluations.append(job.run.evaluations_file, entry)


def ended(search, status, is_pruned=False, **values):
    """Ask for a trial, let its job end so, tell of it; the trial and its job."""
    with search.claimed() as (trial, job):
        judged(job, **values)
        job.run.note(status=status)
        search.is_bad(trial, job, set())
        search.tell(trial, job, is_pruned)
    return search.trials()[trial.number], job


def asked(path, trials):
    """The values that a search asks for, told of without training; reopened for each trial."""
    for _ in range(trials):
        search = Search(sweeps.Sweep(path))
        with search.claimed() as (trial, job):
            rate = float(job.varied["optimizer.lr"])
            judged(job, r100=abs(rate - 1e-3) + 1e-4 * int(job.varied["model.latent"]))
            job.run.note(status="done")
            search.tell(trial, job, False)
    return [job.varied for job in sweeps.Sweep(path).jobs]


def test_two_searches_of_the_same_words_ask_the_same():
    found = asked(made().path, 13)  # ten of them are drawn at random
    assert found == asked(made().path, 13)
    assert asked(made(search_seed=1).path, 1) != found[:1]
    assert len({each["optimizer.lr"] for each in found}) == 13
    assert {each["batch_size"] for each in found} == {"8", "16"}
    for each in found:
        assert 1e-5 <= float(each["optimizer.lr"]) <= 1e-2
        assert 8 <= int(each["model.latent"]) <= 64


def test_what_was_found_is_told():
    sweep = made(trials=12)
    search = Search(sweep)
    found = asked(sweep.path, 12)
    best = min(search.trials(), key=lambda trial: trial.value)
    told = closing(sweep, search.study)
    assert "trials   12 of 12: 12 done" in told
    assert f"\n{best.number + 1:<5}  {best.value:.4g}" in told
    assert "\nmatters  " in told
    words = [f"{key}={value}" for key, value in found[best.number].items()]
    assert f"best     ganlab train {' '.join([*TINY, 'rounds=100', *words])}\n" in told
    assert f"resume {sweep.path} trials=24" in told


def test_a_trial_that_is_clearly_worse_ends_early_and_says_so():
    search = Search(made())
    good, _ = ended(search, "done", r5=1.0, r15=0.8, r100=0.9)
    assert good.state == TrialState.COMPLETE
    assert good.value == 0.8, "the best of its evaluations"
    with search.claimed() as (trial, job):
        judged(job, r5=2.0)
        assert search.is_bad(trial, job, set())
        search.tell(trial, job, is_pruned=True)
    assert search.trials()[1].state == TrialState.PRUNED
    assert job.state() == "pruned"
    assert "swd was 2" in job.run.facts()["stopped"]


def test_a_better_trial_goes_on_and_none_ends_at_its_last_round():
    search = Search(made())
    ended(search, "done", r5=1.0, r100=0.5)
    with search.claimed() as (trial, job):
        judged(job, r5=0.9, r10=3.0)
        assert not search.is_bad(trial, job, set()), "the best so far counts"
        search.tell(trial, job, False)
    with search.claimed() as (trial, job):
        judged(job, r100=9.0)
        assert not search.is_bad(trial, job, set())


def test_of_other_metrics_the_greatest_is_best():
    search = Search(made(goal="max"))
    assert ended(search, "done", r5=1.0, r100=0.5)[0].value == 1.0
    with search.claimed() as (trial, job):
        judged(job, r5=0.9)
        assert search.is_bad(trial, job, set())


def test_one_that_diverged_is_worse_than_any_and_one_that_failed_is_nothing():
    search = Search(made(prune_after=None))
    diverged, _ = ended(search, "diverged", r5=0.1)
    assert diverged.state == TrialState.PRUNED
    assert diverged.constraints == {"diverged": 1.0}
    silent, _ = ended(search, "done")
    assert silent.constraints == {"diverged": 1.0}
    failed, _ = ended(search, "failed", r5=0.1)
    assert failed.state == TrialState.FAIL
    ended(search, "interrupted", is_pruned=True, r5=9.0)
    ended(search, "done", r100=5.0)
    first, second, *_ = closing(search.sweep, search.study).splitlines()[2:]
    assert first.split()[:2] == ["5", "5"]
    assert second.split()[:2] == ["4", "9"]


def test_workers_share_trials_and_take_over_those_without_a_worker():
    sweep = made(trials=2)
    one, other = Search(sweep), Search(sweep)
    with one.claimed() as (first, _):
        with other.claimed() as (second, _):
            assert (first.number, second.number) == (0, 1)
            with Search(sweep).claimed() as nothing:
                assert nothing is None
        values = first.params
    with other.claimed() as (again, job):
        assert again.number == 0, "its worker is gone"
        assert again.params == values
        assert len(sweeps.Sweep(sweep.path).jobs) == 2
        judged(job, r100=1.0)
        job.run.note(status="done")
        other.tell(again, job, False)
    assert one.open() == [1]


def test_a_trial_that_ends_while_another_claims_it_is_not_played_again():
    sweep = made()
    one = Search(sweep)

    class Late(Search):
        """A worker that claims a trial just after the one who had it told of it."""

        def claim(self, number, held):
            if number == trial.number:
                one.tell(trial, job, False)
            return super().claim(number, held)

    with one.claimed() as (trial, job):
        judged(job, r100=1.0)
        job.run.note(status="done")
    with Late(sweep).claimed() as (other, _):
        assert other.number == 1


def test_a_trial_whose_worker_had_asked_but_not_noted_it_gets_its_job():
    search = Search(made())
    search.study.ask()
    with search.claimed() as (trial, job):
        assert trial.number == job.number == 0
        assert set(job.varied) == set(SPACES)


def test_a_line_of_the_journal_that_was_cut_off_is_dropped():
    sweep = made()
    ended(Search(sweep), "done", r100=1.0)
    with open(sweep.path / "study.journal", "a") as file:
        file.write('{"op_code":4,"wor')
    ended(Search(sweep), "done", r100=2.0)
    assert [trial.value for trial in Search(sweep).trials()] == [1.0, 2.0]


def test_a_damaged_journal_is_refused(capfd):
    sweep = made()
    (sweep.path / "study.journal").write_text("[]\n[]\n")
    assert dispatch(["resume", str(sweep.path)]) == 2
    assert "study.journal is damaged" in capfd.readouterr().err


UNSAVED = Path("outputs/2020-01-01/00-00-00-unsaved-ab12")


def worker(sweep):
    """A worker of a search, in a process of its own."""
    words = ["-m", "ganlab.sweep.child", str(os.getpid()), "tune", "--worker", str(sweep.path)]
    return subprocess.Popen([sys.executable, *words], env=environment())


def test_the_run_of_a_killed_worker_is_continued_in_the_same_trial_and_pruned():
    sweep = made(words=[*TINY, "rounds=1000000"], rounds=1_000_000, trials=2)
    ended(Search(sweep), "done", r5=0.0)
    sweep.note(prune_after=None)
    killed = worker(sweep)
    job = wait_for(lambda: sweeps.Sweep(sweep.path).jobs[1:])[0]
    wait_for(job.run.evaluations)
    killed.kill()
    killed.wait()
    with open(job.log) as log:
        wait_for(lambda: lock.acquire(log.fileno()))  # its run saves and leaves
    assert job.state() == "interrupted"
    assert Search(sweep).trials()[1].state == TrialState.RUNNING
    saved = saved_rounds(job.run)[-1]
    sweep.note(prune_after=saved + 1)
    assert work(sweep.path) == 0
    assert f"resumed after round {saved}" in job.log.read_text()
    assert job.run.evaluations()[-1].round > saved
    assert job.state() == "pruned"
    assert Search(sweep).trials()[1].state == TrialState.PRUNED
    assert Search(sweep).open() == []


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """Where two workers played two trials, one of which begins with a run of no checkpoint."""
    place = tmp_path_factory.mktemp("searched")
    (place / "own").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        runs.create(place / UNSAVED, choices={})
        words = [*TINY, "rounds=10", RATE, "init_from=null,last", "trials=2", "jobs=2"]
        assert dispatch(["tune", *words, "--config-dir", "own"]) == 0
    return place


def only():
    (sweep,) = sweeps.everything("outputs")
    return sweep


def test_a_search_plays_its_trials_and_outlives_one_that_fails(searched, monkeypatch):
    monkeypatch.chdir(searched)
    jobs = only().jobs
    assert sorted(job.state() for job in jobs[:2]) == ["done", "failed"]
    done = next(job for job in jobs if job.state() == "done")
    assert [entry.round for entry in done.run.evaluations()] == [5, 10]
    trial = Search(only()).trials()[done.number]
    assert trial.value == min(entry.metrics["swd"] for entry in done.run.evaluations())
    assert f"optimizer.lr={trial.params['optimizer.lr']:.6g}" in done.run.facts()["command"]


def test_what_trials_begin_with_is_settled_before_the_first(searched, monkeypatch):
    monkeypatch.chdir(searched)
    source = str(searched.resolve() / UNSAVED)
    facts = only().facts()
    assert facts["spaces"]["init_from"]["values"] == ["null", f'"{source}"']
    failed = next(job for job in only().jobs if job.state() == "failed")
    assert f"no usable checkpoint (newest) in {source}" in failed.log.read_text()
    assert facts["more"] == ["--config-dir", str(searched / "own")]
    assert facts.keys() == made().facts().keys()


def test_resume_plays_more_trials_and_a_damaged_run_fails_alone(capfd):
    sweep = made(words=["modle=gan"], trials=2, prune_after=None)
    _, done = ended(Search(sweep), "done", r100=1.0)
    with Search(sweep).claimed() as (_, damaged):
        judged(damaged, r5=1.0)
        (damaged.run.checkpoints / "0000005.pt").touch()
        (damaged.run.checkpoints / "manifest.json").write_text("{")
    before = done.run.told()
    assert dispatch(["resume", sweep.path.name, "trials=3"]) == 0
    told = capfd.readouterr()
    assert "trials   3 of 3" in told.out
    assert told.err == ""
    ends = [trial.state for trial in Search(sweep).trials()]
    assert ends == [TrialState.COMPLETE, TrialState.FAIL, TrialState.FAIL]
    assert "manifest.json cannot be read" in damaged.log.read_text()
    assert "did you mean model" in sweeps.Sweep(sweep.path).jobs[2].log.read_text()
    assert done.run.told() == before
    assert not done.log.exists()


def test_of_a_search_that_has_begun_only_its_extent_may_change(capfd):
    assert dispatch(["resume", str(made().path), "batch_size=4"]) == 2
    assert "only trials= and jobs= may change" in capfd.readouterr().err


@pytest.mark.parametrize("kind", [None, "sweep"])
def test_a_directory_that_is_no_search_has_no_trials_to_play(kind, home, capfd):
    place = sweeps.create("outputs", None, kind, command="", jobs=[]).path if kind else home
    assert dispatch(["tune", "--worker", str(place)]) == 2
    assert f"{place} is no search" in capfd.readouterr().err


def test_without_optuna_the_remedy_is_told(home, monkeypatch, capfd):
    monkeypatch.setitem(sys.modules, "optuna", None)
    assert dispatch(["tune", *TINY, "batch_size=8,16"]) == 2
    assert "pip install 'ganlab[tune]'" in capfd.readouterr().err
    assert list(home.iterdir()) == []


def test_only_one_command_searches_at_a_time(home, capfd):
    sweep = made()
    with lock.held(sweep.path):
        assert dispatch(["resume", str(sweep.path)]) == 2
    assert "another process is at work on it" in capfd.readouterr().err
