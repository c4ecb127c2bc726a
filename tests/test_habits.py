"""Habits of other tools are answered with the right spelling of exactly that command."""

import shlex
import subprocess
import sys

import pytest

from ganlab.cli import dispatch
from ganlab.commands import parser
from ganlab.compose import compose

RIGHT = [
    ("--model wgan_gp dataset=mnist", "model=wgan_gp dataset=mnist"),
    ("--model=wgan_gp", "model=wgan_gp"),
    ("-model wgan_gp", "model=wgan_gp"),
    ("--model = wgan_gp", "model=wgan_gp"),
    ("\u2013model wgan_gp", "model=wgan_gp"),
    ("\u2014rounds=5", "rounds=5"),
    ("\u2212rounds 5 \u2013\u2013dry-run", "rounds=5 --dry-run"),
    ("\u2013q model=gan", "-q model=gan"),
    ("model = wgan_gp seed=1", "model=wgan_gp seed=1"),
    ("model= wgan_gp", "model=wgan_gp"),
    ("model =wgan_gp", "model=wgan_gp"),
    ("model:wgan_gp", "model=wgan_gp"),
    ("model: wgan_gp", "model=wgan_gp"),
    ("--MODEL WGAN-GP", "model=wgan_gp"),
    ("loss=Hinge", "loss=hinge"),
    ("--lr 1e-4", "optimizer.lr=1e-4"),
    ("--lr=1e-4", "optimizer.lr=1e-4"),
    ("--learning-rate 1e\u20134", "optimizer.lr=1e-4"),
    ("--optimizer.lr 1e-4", "optimizer.lr=1e-4"),
    ("lr=1e-4", "optimizer.lr=1e-4"),
    ("--batch-size 64", "batch_size=64"),
    ("--batchSize 64 --bs 32", "batch_size=64 batch_size=32"),
    ("--epochs 5", "rounds=5"),
    ("max_steps=5", "rounds=5"),
    ("--betas 0 0.9 --flip seed=1", "optimizer.betas=[0,0.9] dataset.flip=true seed=1"),
    ("--betas [0,0.9]", "optimizer.betas=[0,0.9]"),
    ("--model wgan_gp --weight 3", "model=wgan_gp penalty.weight=3"),
    ("--weight 3 penalty=gradient", "penalty.weight=3 penalty=gradient"),
    ("--cpu --seed 3", "runtime=cpu seed=3"),
    ("--name=a=b --dryrun", "name=a=b --dry-run"),
    ("--name 'a b' --dry_run", "name='a b' --dry-run"),
    ("--config_dir {here} --loss mine", "--config-dir {here} loss=mine"),
    ("config-dir={here} loss=mine", "--config-dir={here} loss=mine"),
    ("--config-dir {here} --margin 2 loss=mine", "--config-dir {here} loss.margin=2 loss=mine"),
]  # fmt: skip


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty place to work in, with an option of a user's own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "loss").mkdir()
    (tmp_path / "loss" / "mine.yaml").write_text(
        "_target_: ganlab.losses.hinge.Hinge\nmargin: 1.0\n"
    )
    return tmp_path


def told(line, capsys):
    """The message that a command is refused with."""
    assert dispatch(shlex.split(line)) == 2
    return capsys.readouterr().err


def settings(words):
    """What composing takes of a command's words, as argparse tells them apart."""
    arguments = parser("train").parse_intermixed_args(words)
    return arguments.words, arguments.config_dir


@pytest.mark.parametrize(("line", "right"), RIGHT)
def test_the_right_spelling_is_told_and_is_accepted(line, right, here, capsys):
    line, right = line.format(here=here), right.format(here=here)
    message, _, command = told(f"train {line}", capsys).partition("; say\n  ")
    assert "\n" not in message
    assert shlex.split(command) == ["ganlab", "train", *shlex.split(right)]
    words, directory = settings(shlex.split(command)[2:])
    assert compose(words, directory)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("train --foo 3", "--foo: `ganlab train` has no such option or key"),
        ("train --lrr 3", "did you mean optimizer.lr=?"),
        ("train --modle wgan_gp", "did you mean model=?"),
        ("train modle = wgan_gp", "did you mean model=?"),
        ("train --dry-rn", "did you mean --dry-run?"),
        ("train --model wgan_gpp", "did you mean wgan_gp or wgan_lp or wgan_ct?"),
        ("train --model", "--model lacks its value; write model=..."),
        ("train --model --dry-run", "--model lacks its value"),
        ("train --decay 3", "optimizer.decay or average.decay"),
        ("train --gpu 0", "'0' is not a setting"),
        ("train --seed 1 2", "'2' is not a setting"),
        ("train --config-dir", "--config-dir: expected one argument"),
        ("train --cfg nonsense", "invalid choice: 'nonsense'"),
        ("train foo", "'foo' is not a setting; write key=value, such as rounds=1000"),
        ("train wgan-gp", "write model=wgan_gp or optimizer=wgan_gp"),
        ("train mnist seed=1", "write dataset=mnist"),
        ("train model", "write model=acgan"),
        ("train rounds", "write rounds=..."),
        ("version", "did you mean `ganlab --version`?"),
        ("list --modle", "--modle: `ganlab list` has no such option"),
        ("list dataset model", "unrecognized arguments: model"),
        ("path", "the following arguments are required: RUN;"),
        ("resume", "the following arguments are required: RUN;"),
        ("sample", "the following arguments are required: RUN;"),
        ("data", "the following arguments are required: ACTION;"),
        ("trian --model gan", "did you mean `ganlab train`?"),
        ("frobnicate", "the verbs are"),
        ("foo=1", "is no verb"),
        ("--foo 1", "is no verb"),
    ],
)
def test_what_cannot_be_mended_is_one_line_without_a_usage(line, said, here, capsys):
    message = told(line, capsys)
    assert said in message
    assert message.startswith("ganlab: ")
    assert message.count("\n") == 1
    assert "usage" not in message


@pytest.mark.parametrize(
    ("line", "right"),
    [
        ("model=wgan_gp", "train model=wgan_gp"),
        ("--model wgan_gp seed=1", "train model=wgan_gp seed=1"),
        ("model = wgan_gp", "train model=wgan_gp"),
        ("-q train seed=1", "train -q seed=1"),
        ("n=3 sample last", "sample last n=3"),
        ("--dry-run", "train --dry-run"),
    ],
)
def test_a_verb_that_is_missing_or_late_is_put_first(line, right, here, capsys):
    message = told(line, capsys)
    assert "a verb comes first" in message
    assert message.endswith(f"say\n  ganlab {right}\n")


@pytest.mark.parametrize(
    ("line", "right"),
    [
        ("sample last --n 4 --seed 3", "sample last n=4 seed=3"),
        ("sample --format npz last", "sample last format=npz"),
        ("sample -q n=3 last", "sample last -q n=3"),
        ("sample out= last", "sample last out="),
        ("sample last output=there", "sample last --output=there"),
        ("resume last --rounds 9", "resume last rounds=9"),
        ("resume last rounds = 9", "resume last rounds=9"),
        ("show --model gan", "show model=gan"),
        ("show last \u2013\u2013output there", "show last --output there"),
        ("tensorboard --Port 0", "tensorboard --port 0"),
    ],
)
def test_every_verb_is_told_of_its_own_words(line, right, here, capsys):
    assert told(line, capsys).endswith(f"say\n  ganlab {right}\n")


@pytest.mark.parametrize(
    "words",
    [
        ["name=", "tags=[a]"],
        ["name=a:b", "output=a b"],
        ["name=--model", "seed=3", "-q"],
        ["name=1\u20132"],
        ["+optimizer.amsgrad=true"],
        ["optimizer.players.generator.lr=1e-4"],
        ["--config-dir", "loss"],
        ["model=gan", "-qv"],
    ],
)
def test_what_is_right_passes(words, here):
    assert dispatch(["train", *words, "--cfg=job"]) == 0


@pytest.mark.parametrize(
    "line",
    [
        "sample --output=there last",
        "sample --config-dir a=b last n=3",
        "resume last rounds=3 --output there",
        "show lr=1 --output there",
    ],
)
def test_runs_and_options_stand_where_they_like(line, here, capsys):
    (here / "a=b").mkdir()
    (here / "lr=1").mkdir()
    assert "no runs below" in told(line, capsys)


def test_a_round_is_said_to_be_no_epoch(here, capsys):
    assert "not a pass over the data" in told("train --epochs 3", capsys)


def test_habits_are_answered_without_hydra_or_torch(here):
    code = (
        "import sys; from ganlab.cli import dispatch; dispatch(['train', '--model', 'gan']);"
        "sys.exit(bool({'torch', 'hydra', 'omegaconf'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
