"""What cannot be searched, and is refused before anything is made."""

import pytest

from ganlab.cli import dispatch

pytest.importorskip("optuna")

TINY = [
    *("model=gan", "network=mlp", "network.width=8", "batch_size=8", "dataset.resolution=16"),
    *("metrics=swd", "evaluate.samples=16", "evaluate_every=5"),
]
RATE = "optimizer.lr=tag(log,interval(1e-5,1e-2))"


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "nothing to search"),
        ("batch_size=8,0", "batch_size=0"),
        ("optimizer.lr=interval(1,1e-3)", "the first end must be below the second"),
        ("optimizer.lr=interval(-1e-3,1e-3)", "optimizer.lr=-0.001"),
        ("dataset=digits,mnist", "dataset=digits and dataset=mnist cannot be compared"),
        ("dataset.resolution=16,32", "dataset.resolution: 16 -> 32\n"),
        ("rounds=int(interval(10,20))", "rounds: 10 -> 20\n"),
        ("evaluate.samples=16,32 evaluate_every=1", "evaluate.samples: 16 -> 32\n"),
        ("metrics=swd,diversity", "metrics.swd: "),
        ("name=a,b", "name cannot be searched: trials are told apart by their numbers"),
        ("output=a,b", "output cannot be searched: a sweep has one place"),
        ("batch_size=8,16 init_from=last", "last: no runs below output=outputs"),
        ("batch_size=8,16 trials=0", "trials=0: write a whole number of at least 1"),
        ("batch_size=8,16 jobs=many", "jobs=many: write a whole number"),
        ("batch_size=8,16 by=fid", "by=fid: no such metric; there are\n  swd"),
        ("batch_size=8,16 metrics=none", "say by which metric, with by=; there are\n  none"),
        ("batch_size=8,16 metrics=[swd,diversity]", "say by which metric"),
        ("modle=gan,wgan", "model"),
    ],
)
def test_what_cannot_be_searched_is_refused_before_anything_is_made(words, said, home, capfd):
    assert dispatch(["tune", *TINY, *words.split()]) == 2
    assert said in capfd.readouterr().err
    assert list(home.iterdir()) == []


def test_experiments_of_which_one_takes_longer_cannot_be_compared(home, capfd):
    (home / "own/experiment").mkdir(parents=True)
    for name, rounds in {"brief": 10, "long": 20}.items():
        text = f"# @package _global_\nrounds: {rounds}\n"
        (home / f"own/experiment/{name}.yaml").write_text(text)
    words = [*TINY, "experiment=brief,long", RATE, "--config-dir", "own"]
    assert dispatch(["tune", *words]) == 2
    said = capfd.readouterr().err
    assert "experiment=brief and experiment=long cannot be compared" in said
    assert "rounds: 10 -> 20\n" in said
    assert [each.name for each in home.iterdir()] == ["own"]
