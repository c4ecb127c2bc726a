"""Samples by class and nearer to the centre, from a run; and keys that follow on resume."""

import numpy as np
import pytest
import torch
from PIL import Image

from ganlab import load, runs
from ganlab.cli import dispatch
from ganlab.priors.normal import Normal

SMALL = ("dataset.resolution=16", "network.width=4", "batch_size=8", "metrics=none")


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """A run of a model that is told labels, in a directory of its own."""
    home = tmp_path_factory.mktemp("told")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        words = ["model=cgan", "dataset=digits", "prior=normal", "rounds=2", *SMALL]
        assert dispatch(["train", *words]) == 0
    return home


@pytest.fixture
def home(told, monkeypatch):
    monkeypatch.chdir(told)


def arrays(*words):
    assert dispatch(["sample", "last", *words, "out=some.npz"]) == 0
    return np.load("some.npz")


def test_classes_are_drawn_by_number_and_by_name(home):
    by_number, by_name = (arrays("n=6", f"label={label}") for label in ("3,5", "3,5"))
    assert by_number["labels"].tolist() == [3, 5, 3, 5, 3, 5]
    assert (by_number["images"] == by_name["images"]).all()
    other = arrays("n=6", "label=4")
    assert (other["images"] != by_number["images"]).any()


def test_a_sample_of_a_class_does_not_depend_on_how_many_are_drawn(home):
    few, many = (arrays(f"n={n}", "label=3") for n in (5, 70))
    assert (many["images"][:5] == few["images"]).all()


def test_classes_that_nobody_asked_for_are_as_frequent_as_in_the_data_and_kept(home):
    found = arrays("n=1000")
    shares = np.bincount(found["labels"], minlength=10) / 1000
    assert abs(shares - load("last").game.frequencies.numpy()).max() < 0.04


def test_a_grid_has_one_class_a_column(home):
    assert dispatch(["sample", "last", "n=30", "out=grid.png"]) == 0
    assert Image.open("grid.png").size == (10 * 18 - 2, 3 * 18 - 2)
    run = runs.find("last", "outputs")
    assert Image.open(run.samples / "0000002.png").size == (10 * 18 - 2, 8 * 18 - 2)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["label=12"], "label=12: the classes are 0 to 9"),
        (["label=cat"], "label=cat: the classes are 0, 1, 2"),
        (["truncation=2"], "truncation must be a number from 0 to 1"),
        (["labels=3"], "takes n=, seed="),
    ],
)
def test_what_cannot_be_drawn_is_refused(words, said, home, capsys):
    assert dispatch(["sample", "last", *words]) == 2
    assert said in capsys.readouterr().err


def test_models_without_labels_say_so(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert dispatch(["train", "model=gan", "dataset=ring", "rounds=2", *SMALL[1:]]) == 0
    assert dispatch(["sample", "last", "label=3"]) == 2
    assert "draws without labels" in capsys.readouterr().err
    assert dispatch(["sample", "last", "truncation=0.5"]) == 2
    assert "prior=normal" in capsys.readouterr().err


def test_a_truncated_normal_keeps_within_two_deviations_and_is_narrowed():
    torch.manual_seed(0)
    z = Normal(50).truncated(0.5)(2000, "cpu")
    assert z.abs().max() <= 1.0
    # The deviation of N(0, 1) within two deviations, scipy.stats.truncnorm(-2, 2).std().
    assert z.std().item() == pytest.approx(0.5 * 0.8796, rel=0.01)


def test_truncation_zero_gives_one_sample_of_each_class(home):
    found = load("last").sample(6, label=[1, 2], truncation=0.0)
    assert torch.equal(found[0], found[2])
    assert not torch.equal(found[0], found[1])


def test_keys_that_repeat_another_follow_it_on_resume(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert dispatch(["train", "model=glo", "dataset=digits", "rounds=2", *SMALL]) == 0
    words = ["batch_size=4", "model.average_decay=0.5", "rounds=3", "resume.allow_changes=true"]
    assert dispatch(["resume", "last", *words]) == 0
    config = runs.find("last", "outputs").config()
    assert config.model.game.batch_size == 4
    assert config.average.decay == 0.5
