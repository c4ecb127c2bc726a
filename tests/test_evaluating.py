"""Evaluation while a run trains, with a metric whose values are known beforehand."""

import json
import math

import pytest
from children import TINY, digest, last
from PIL import Image

from ganlab import checkpoints
from ganlab.cli import dispatch

SCRIPTED = '''
import json
import pathlib

from ganlab.metrics.metric import Impossible, Metric


class Scripted(Metric):
    """Gives the values of a file, one after the other."""

    gives = ("scripted",)
    judges = frozenset({"pictures", "points"})
    by_features = False

    def __init__(self, scale):
        self.scale = scale

    def __call__(self, case):
        file = pathlib.Path("script.json")
        value, *rest = json.loads(file.read_text())
        file.write_text(json.dumps(rest))
        if value is None:
            raise Impossible("the script says so")
        return {"scripted": self.scale * value}
'''
OPTION = "scripted:\n  _target_: scripted.Scripted\n  scale: 1.0\n"
WORDS = [*TINY[:-1], "metrics=scripted", "evaluate.samples=4", "evaluate_every=1", "keep=1"]


@pytest.fixture
def play(tmp_path, monkeypatch):
    """Trains with a metric of the user's own, which gives these values."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scripted.py").write_text(SCRIPTED)
    (tmp_path / "conf" / "metrics").mkdir(parents=True)
    (tmp_path / "conf" / "metrics" / "scripted.yaml").write_text(OPTION)

    def train(values, *words, verb="train"):
        (tmp_path / "script.json").write_text(json.dumps(values))
        words = [f"rounds={len(values)}", *words]
        return dispatch(["train", *WORDS, *words] if verb == "train" else [verb, "last", *words])

    return train


def found():
    return [entry.metrics.get("scripted") for entry in last().evaluations()]


def best():
    return checkpoints.load(last().checkpoints, print, "best")["round"]


def test_samples_are_judged_every_so_often_and_after_the_last_round(play, capsys):
    assert play([1.0, 2.0, 3.0, 4.0, 5.0], "evaluate_every=2") == 0
    assert [entry.round for entry in last().evaluations()] == [2, 4, 5]
    assert found() == [1.0, 2.0, 3.0]
    assert "round 5  scripted=3" in capsys.readouterr().out


@pytest.mark.parametrize(("goal", "number"), [("auto", 4), ("min", 4), ("max", 2)])
def test_the_best_checkpoint_is_kept_though_no_cadence_saved_it(play, goal, number):
    play([5.0, 9.0, 4.0, 3.0, 6.0, 7.0, 5.0], "best.by=scr", f"best.goal={goal}")
    assert best() == number
    entries = checkpoints.manifest(last().checkpoints).values()
    assert {entry["round"] for entry in entries} == {number, 7}


def test_a_nan_is_never_best_not_even_the_first(play):
    play([math.nan, 5.0, math.nan, 4.0, math.nan], "best.by=scripted")
    assert best() == 4
    assert [math.isnan(value) for value in found()] == [True, False, True, False, True]


def test_nothing_but_nans_leaves_no_best(play, capsys):
    play([math.nan, math.nan], "best.by=scripted")
    assert dispatch(["sample", "last", "checkpoint=best"]) == 4


def test_a_metric_that_cannot_be_had_is_said_once_and_training_goes_on(play, capsys):
    assert play([None, None, 3.0], "best.by=scripted") == 0
    assert capsys.readouterr().err.count("not measured: scripted; the script says so") == 1
    assert best() == 3


def test_patience_ends_a_run_with_its_last_round_saved(play, capsys):
    assert (
        play([5.0, 4.0, 6.0, 4.5, 1.0], "early_stopping.by=scripted", "early_stopping.patience=2")
        == 0
    )
    facts = last().facts()
    assert facts["status"] == "done"
    assert facts["stopped"].startswith("stopped early after round 4: scripted has not improved")
    assert checkpoints.newest_round(last().checkpoints) == 4
    assert "stopped early after round 4" in capsys.readouterr().out


def test_a_run_that_was_stopped_early_can_be_resumed(play):
    patient = ["early_stopping.by=scripted", "early_stopping.patience=2"]
    play([5.0, 6.0, 7.0, 8.0, 9.0], *patient)
    assert checkpoints.newest_round(last().checkpoints) == 3
    assert play([1.0, 2.0], "rounds=5", "early_stopping.by=null", verb="resume") == 0
    assert found() == [5.0, 6.0, 7.0, 1.0, 2.0]
    assert last().facts()["stopped"] is None


def test_patience_remembers_what_was_before_it_was_resumed(play):
    patient = ["early_stopping.by=scripted", "early_stopping.patience=3"]
    play([5.0, 6.0], *patient)
    play([7.0, 8.0, 9.0], "rounds=9", verb="resume")
    assert found() == [5.0, 6.0, 7.0, 8.0]


def test_the_best_of_another_protocol_does_not_count(play):
    play([1.0, 2.0], "best.by=scripted")
    assert best() == 1
    play([9.0, 8.0], "rounds=4", "evaluate.samples=6", verb="resume")
    assert best() == 4


def test_the_best_stays_when_another_metric_is_added(play):
    play([1.0, 2.0], "best.by=scripted")
    play([3.0, 4.0], "rounds=4", "metrics=[scripted,swd]", verb="resume")
    assert best() == 1


def test_evaluations_by_the_verb_do_not_try_the_runs_patience(play, tmp_path):
    patient = ["early_stopping.by=scripted", "early_stopping.patience=2"]
    play([5.0], *patient)
    for _ in range(3):
        (tmp_path / "script.json").write_text("[9.0]")
        assert dispatch(["evaluate", "last", "samples=4"]) == 0
    play([6.0, 4.0, 3.0], "rounds=4", verb="resume")
    assert last().facts()["stopped"] is None


def test_a_run_that_ends_early_leaves_what_others_leave(play):
    words = ["early_stopping.by=scripted", "early_stopping.patience=1", "log_every=100"]
    play([5.0, 6.0, 7.0], *words, "sample_every=100")
    assert (last().samples / "0000002.png").exists()
    assert [logged["round"] for logged in last().metrics()] == [2]
    events = b"".join(file.read_bytes() for file in last().path.glob("events.*"))
    assert b"session_end_info" in events


def test_what_can_never_be_seen_is_refused_as_a_ranking(play, tmp_path, capsys):
    (tmp_path / "photos").mkdir()
    for number in range(9):
        Image.new("RGB", (20, 20), (20 * number, 0, 0)).save(tmp_path / f"photos/{number}.png")
    folder = ["dataset=folder", "dataset.path=photos", "metrics=fast", "best.by=fid"]
    assert dispatch(["train", *WORDS[:4], *folder, "rounds=1"]) == 2
    assert "best.by=fid: no such metric" in capsys.readouterr().err


def test_a_users_own_metric_is_found_where_config_dir_says(play, tmp_path):
    play([1.0])
    (tmp_path / "conf").rename(tmp_path / "mine")
    (tmp_path / "script.json").write_text("[7.0, 8.0]")
    there = ["--config-dir", "mine"]
    assert dispatch(["evaluate", "last", "metrics=scripted", "samples=4", *there]) == 0
    assert found()[-1] == 7.0
    assert play([8.0], "rounds=2", "metrics=[scripted,swd]", *there, verb="resume") == 0
    assert found()[-1] == 8.0


def test_the_evaluations_of_a_future_that_is_lost_are_forgotten(play):
    play([1.0, 2.0, 3.0, 4.0], "checkpoint_every=100", "rounds=4")
    manifest = last().checkpoints / checkpoints.MANIFEST
    entries = json.loads(manifest.read_text())
    assert len(entries) == 1
    play([1.0, 2.0], "checkpoint_every=1", "keep=5")
    entries = json.loads((last().checkpoints / checkpoints.MANIFEST).read_text())
    kept = {name: entry for name, entry in entries.items() if entry["round"] <= 1}
    (last().checkpoints / checkpoints.MANIFEST).write_text(json.dumps(kept))
    play([7.0, 8.0], "rounds=3", verb="resume")
    assert found() == [1.0, 7.0, 8.0]


def test_weights_that_are_absent_do_not_stop_training(play, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("GANLAB_CACHE", str(tmp_path / "cache"))
    words = ["metrics=[fid,precision,swd]", "evaluate.extractor=inception"]
    assert play([0.0] * 3, *words) == 0
    assert [set(entry.metrics) for entry in last().evaluations()] == [{"swd"}] * 3
    told = capsys.readouterr().err
    assert told.count("not measured: fid, precision; ") == 1
    assert "evaluate.inception=" in told


def test_judging_changes_no_bit_of_what_is_learnt(play):
    words = ["metrics=[swd,quality,fid]", "evaluate.samples=300", "model=dcgan", "network=dcgan"]
    digests = set()
    for judged in (["evaluate_every=1"], ["metrics=none"], ["evaluate.weights=raw"]):
        assert play([0.0] * 3, *words, *judged) == 0
        digests.add(digest(last()))
    assert len(digests) == 1


@pytest.mark.parametrize("key", ["best.by", "early_stopping.by"])
def test_a_metric_that_is_not_chosen_is_refused_before_anything_is_made(
    play, tmp_path, key, capsys
):
    assert play([1.0], f"{key}=fid") == 2
    assert f"{key}=fid: no such metric" in capsys.readouterr().err
    assert not (tmp_path / "outputs").exists()
