"""What several words name."""

import pytest
from handwritten import write_run, write_sweep

from ganlab.errors import ConfigError
from ganlab.references import path, subjects
from ganlab.runs import Run
from ganlab.sweep.sweeps import Job


@pytest.fixture
def output(tmp_path, monkeypatch):
    """Four runs on two days, the last one in a sweep beside a job without a run."""
    monkeypatch.chdir(tmp_path)
    for day, id in (("2026-11-20", "0001"), ("2026-11-20", "0002"), ("2026-11-21", "0003")):
        write_run(f"outputs/{day}", id)
    sweep = "outputs/2026-11-21/15-00-00-sweep-5eed"
    write_run(sweep, "0004")
    write_sweep(sweep, {"14-03-07-0004": "", "1-seed_1-9999": "ganlab: no such model"})
    return "outputs"


def ids(words, output="outputs"):
    return [path(subject).name.rpartition("-")[2] for subject in subjects(words, output)]


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ([], "0001 0002 0003 0004 9999"),
        (["last"], "0004"),
        (["last:2"], "0003 0004"),
        (["last:99"], "0001 0002 0003 0004"),
        (["0002"], "0002"),
        (["0003", "0001"], "0003 0001"),
        (["outputs/2026-11-20"], "0001 0002"),
        (["outputs/2026-11-20/"], "0001 0002"),
        (["outputs/2026-11-20/14-03-07-0001"], "0001"),
        (["outputs/*"], "0001 0002 0003 0004 9999"),
        (["outputs/*/*000[23]"], "0002 0003"),
        (["outputs/2026-11-21/15-00-00-sweep-5eed"], "0004 9999"),
        (["5eed"], "0004 9999"),
        (["0001", "outputs/2026-11-20", "last:4"], "0001 0002 0003 0004"),
    ],
)
def test_words_name_runs_each_once(words, named, output):
    assert ids(words, output) == named.split()


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("nothing", "no such run"),
        ("14-03", "several runs match"),
        ("outputs/*/zz*", "nothing of that pattern"),
        ("empty", "ganlab train"),
        ("last:0", "last:4"),
    ],
)
def test_a_word_that_names_nothing_is_refused_with_a_remedy(word, message, output, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match=message):
        subjects([word], output)


@pytest.mark.parametrize("words", [[], ["last"], ["last:3"], ["3f9a"]])
def test_no_runs_at_all_are_said(words, tmp_path):
    with pytest.raises(ConfigError, match="no runs below"):
        subjects(words, str(tmp_path / "outputs"))


def test_the_same_run_by_several_paths_is_one(output, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "outputs/2026-11-20/14-03-07-0001")
    assert ids([str(link), "0001", "./outputs/2026-11-20/14-03-07-0001"]) == ["link"]


def test_a_job_without_a_run_is_told_from_a_run(output):
    kinds = [type(subject) for subject in subjects(["5eed"], output)]
    assert kinds == [Run, Job]


def test_a_damaged_sweep_keeps_its_runs(output, tmp_path, told):
    (tmp_path / "outputs/2026-11-21/15-00-00-sweep-5eed/sweep.json").write_text("{")
    assert ids([], output) == ["0001", "0002", "0003", "0004"]
    assert "damaged" in told.text
