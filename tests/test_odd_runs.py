"""Run directories that something happened to, or that somebody made up: refused in one message."""

import hashlib
import json
import shutil

import pytest
import torch
from children import TINY, last, saved_rounds

from ganlab import checkpoints, runs
from ganlab.cli import dispatch


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished run, to be copied and spoiled."""
    home = tmp_path_factory.mktemp("finished")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        assert dispatch(["train", *TINY, "rounds=2", "checkpoint_every=1"]) == 0
        return home / last().path


@pytest.fixture
def run(finished, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return runs.Run(shutil.copytree(finished, tmp_path / "outputs" / "2026-01-01" / "odd"))


def facts_without(key):
    def spoil(run):
        facts = json.loads((run.path / "run.json").read_text())
        del facts[key]
        (run.path / "run.json").write_text(json.dumps(facts))

    return spoil


def text_of(name, text):
    return lambda run: (run.path / name).write_text(text)


def config_with(old, new):
    def spoil(run):
        text = run.config_file.read_text()
        assert old in text
        run.config_file.write_text(text.replace(old, new, 1))

    return spoil


def newest_is(make):
    """Put another content, with its right checksum, in the place of both checkpoints."""

    def spoil(run):
        entries = json.loads((run.checkpoints / "manifest.json").read_text())
        for name in entries:
            state = make(torch.load(run.checkpoints / name, weights_only=True))
            torch.save(state, run.checkpoints / name)
            content = (run.checkpoints / name).read_bytes()
            entries[name] |= {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        (run.checkpoints / "manifest.json").write_text(json.dumps(entries))

    return spoil


def without(key):
    return lambda state: {k: v for k, v in state.items() if k != key}


def with_a_small_moment(state):
    for optimizer in state["optimizers"].values():
        optimizer["state"][0]["exp_avg"] = torch.ones(2)
    return state


RUN_JSON = {
    "empty": text_of("run.json", ""),
    "a list": text_of("run.json", "[]"),
    "without facts": text_of("run.json", "{}"),
    "without choices": facts_without("choices"),
    "without a status": facts_without("status"),
}
CONFIG = {
    "a list": text_of("config.yaml", "- 1\n"),
    "no yaml": text_of("config.yaml", "a: [1"),
    "dangling": config_with("seed: 0", "seed: ${nothing}"),
    "reading the environment": config_with("name: null", "name: ${oc.env:HOME}"),
    "without a loss": config_with("loss:\n", "loss: null\nlost:\n"),
    "an unknown key": config_with("runtime:\n", "runtime:\n  speed: 3\n"),
    "another type": config_with("version: 1", "version: one"),
    "out of range": config_with("batch_size: 8", "batch_size: -8"),
}
CHECKPOINTS = {
    "the manifest is a list": text_of("checkpoints/manifest.json", "[1]"),
    "the manifest is no json": text_of("checkpoints/manifest.json", "{"),
    "the manifest's round is a text": text_of(
        "checkpoints/manifest.json", '{"0000002.pt": {"round": "2", "bytes": 1, "sha256": ""}}'
    ),
    "the manifest is gone": lambda run: (run.checkpoints / "manifest.json").unlink(),
    "a tensor": newest_is(lambda state: torch.ones(3)),
    "empty": newest_is(lambda state: {}),
    "without players": newest_is(without("game")),
    "players of nothing": newest_is(lambda state: state | {"game": {}}),
}
RESUMED_ONLY = {
    "without optimizers": newest_is(lambda state: state | {"optimizers": {}}),
    "a moment of another shape": newest_is(with_a_small_moment),
}


def refused(words, code, capsys):
    assert dispatch(words) == code
    said = capsys.readouterr()
    assert said.err.startswith(("ganlab: ", "unusable"))
    assert "Traceback" not in said.err
    return said.err


@pytest.mark.parametrize("fault", RUN_JSON)
@pytest.mark.parametrize("verb", ["sample", "resume", "show"])
def test_a_damaged_run_json_is_told(verb, fault, run, capsys):
    RUN_JSON[fault](run)
    assert "run.json" in refused([verb, str(run.path)], 2, capsys)


@pytest.mark.parametrize("fault", CONFIG)
@pytest.mark.parametrize("words", [["sample"], ["resume", "rounds=4"]], ids=["sample", "resume"])
def test_a_damaged_configuration_is_told(words, fault, run, capsys):
    CONFIG[fault](run)
    refused([words[0], str(run.path), *words[1:]], 2, capsys)


@pytest.mark.parametrize("fault", CHECKPOINTS)
@pytest.mark.parametrize("words", [["sample"], ["resume", "rounds=4"]], ids=["sample", "resume"])
def test_damaged_checkpoints_are_told(words, fault, run, capsys):
    CHECKPOINTS[fault](run)
    refused([words[0], str(run.path), *words[1:]], 4, capsys)


@pytest.mark.parametrize("fault", RESUMED_ONLY)
def test_optimizers_that_do_not_fit_are_told(fault, run, capsys):
    RESUMED_ONLY[fault](run)
    refused(["resume", str(run.path), "rounds=4"], 4, capsys)


@pytest.mark.parametrize("line", ["no json}", '{"a": 1}', "[1]"])
def test_a_bad_line_of_measures_is_passed_over(line, run):
    with open(run.metrics_file, "a") as file:
        file.write(f"{line}\n")
    assert dispatch(["show", str(run.path)]) == 0
    assert dispatch(["resume", str(run.path), "rounds=3", "log_every=1"]) == 0
    assert [m["round"] for m in run.metrics()] == [2, 3]


def test_an_empty_configuration_is_that_of_the_checkpoint(run):
    before = run.config_file.read_text()
    run.config_file.write_text("")
    assert dispatch(["resume", str(run.path), "rounds=3"]) == 0
    assert sorted(run.config_file.read_text().replace("rounds: 3", "rounds: 2")) == sorted(before)


def test_a_lost_key_is_that_of_the_checkpoint(run):
    config_with("batch_size: 8\n", "")(run)
    assert dispatch(["resume", str(run.path), "rounds=3"]) == 0
    assert run.config().batch_size == 8
    assert run.facts()["exact"] is True


def older(state):
    config = {key: value for key, value in state["config"].items() if key != "on_nan"}
    return state | {"config": config | {"average": {"decay": config["average"]["decay"]}}}


def test_a_run_of_an_older_ganlab_is_completed(run, capsys):
    newest_is(older)(run)
    config_with("on_nan: stop\n", "")(run)
    config_with("  ramp: 10.0\n", "")(run)
    assert dispatch(["resume", str(run.path), "rounds=3"]) == 0
    said = capsys.readouterr().out
    assert "on_nan=stop" in said
    assert "average.ramp=10.0" in said
    assert run.config().average.ramp == 10


def unmonitored(state):
    return state | {"config": {k: v for k, v in state["config"].items() if k != "health"}}


def test_a_run_from_before_a_group_was_there_gets_its_usual_option(run, capsys):
    newest_is(unmonitored)(run)
    config = run.config()
    del config.health
    run.keep_config(config)
    run.note(choices={g: option for g, option in run.facts()["choices"].items() if g != "health"})
    assert dispatch(["resume", str(run.path), "rounds=3"]) == 0
    assert "new since this run was made: health=standard\n" in capsys.readouterr().out
    assert "collapse" in run.config().health.alarms
    assert dispatch(["resume", str(run.path), "rounds=4", "health=none"]) == 0
    assert run.config().health.alarms == {}
    assert run.facts()["exact"] is True


def test_a_run_of_a_newer_ganlab_is_refused(run, capsys):
    config_with("version: 1", "version: 99")(run)
    assert "newer" in refused(["resume", str(run.path), "rounds=4"], 2, capsys)


def test_a_run_that_was_stopped_before_its_first_checkpoint_says_how_to_start_it_again(run, capsys):
    shutil.rmtree(run.checkpoints)
    run.checkpoints.mkdir()
    assert "ganlab train model=wgan_gp" in refused(["resume", str(run.path)], 4, capsys)


def test_checkpoints_of_a_future_that_is_lost_give_way(run):
    for file in run.checkpoints.glob("0000002.pt"):
        file.write_bytes(b"")
    words = ["keep=1", "checkpoint_every=1", "rounds=2"]
    assert dispatch(["resume", str(run.path), *words]) == 0
    assert saved_rounds(run) == [2]
    assert checkpoints.load(run.checkpoints, print)["round"] == 2


def test_consent_is_given_once(run):
    once = ["rounds=3", "seed=7", "resume.allow_changes=true"]
    assert dispatch(["resume", str(run.path), *once]) == 0
    assert dispatch(["resume", str(run.path), "rounds=4", "seed=8"]) == 2
    assert run.config().seed == 7


@pytest.mark.parametrize("option", ["sgd", "rmsprop"])
def test_another_optimizer_that_is_allowed_begins_anew_and_resumes(option, run):
    words = ["rounds=3", f"optimizer={option}", "resume.allow_changes=true"]
    assert dispatch(["resume", str(run.path), *words]) == 0
    assert run.facts()["choices"]["optimizer"] == option
    assert any(change.startswith("optimizer: ") for change in run.facts()["changes"])
    assert dispatch(["resume", str(run.path), "rounds=4"]) == 0
