"""Small verbs on real files, and what every verb says into pipes, terminals and odd locales."""

import contextlib
import json
import os
import pty
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from ganlab import lock, runs
from ganlab.cli import dispatch
from ganlab.compose import compose
from ganlab.options import options

GANLAB = [sys.executable, "-m", "ganlab"]
TINY = "model=gan network.width=4 batch_size=8 rounds=3 dataset.resolution=16 metrics=none"
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def made(**facts):
    """A run that was started, without the training."""
    choices = {"model": "gan", "dataset": "digits"}
    run = runs.create(runs.new_path("outputs", list(choices.values())), choices=choices, **facts)
    (run.checkpoints / "0000007.pt").write_bytes(bytes(2_000_000))
    return run


def told(words, capsys):
    """The message that words are refused with, as exit code 2."""
    assert dispatch(words) == 2
    return capsys.readouterr().err


def in_bash(line, **environment):
    """A line of bash in which `ganlab` is this one; fails as any part of a pipe does."""
    setup = f'set -o pipefail; ganlab() {{ {shlex.join(GANLAB)} "$@"; }}\n'
    env = {**os.environ, **environment}
    env.pop("PYTHONUNBUFFERED", None)  # as it is at a user's
    command = ["bash", "-c", setup + line]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=env)


# copy


@pytest.mark.parametrize("group", options([]))
def test_a_copied_option_is_found_and_is_the_same(group, here):
    name = next(iter(options([])[group]))
    assert dispatch(["copy", f"{group}/{name}", f"my/{group}/mine.yaml"]) == 0
    assert compose([f"{group}=mine"], "my").config == compose([f"{group}={name}"]).config


def test_the_next_command_is_told_and_works(here, capsys):
    for target in (["deep/my/loss/mine.yaml"], [], [str(here / "other dir/loss/third.yaml")]):
        assert dispatch(["copy", "loss/hinge", *target]) == 0
        told = capsys.readouterr().out.splitlines()
        assert Path(told[0]).is_file()
        words = shlex.split(told[-1])
        assert words[:2] == ["ganlab", "train"]
        assert ("--config-dir" in words) is bool(target)
        assert dispatch([*words[1:], "--cfg", "job"]) == 0
        assert "Hinge" in capsys.readouterr().out


def test_an_option_of_ones_own_is_copied_too(here):
    assert dispatch(["copy", "loss/hinge", "my/loss/first.yaml"]) == 0
    words = ["copy", "loss/first", "my/loss/second.yaml", "--config-dir", "my"]
    assert dispatch(words) == 0
    assert Path("my/loss/second.yaml").read_bytes() == Path("my/loss/first.yaml").read_bytes()


def test_nothing_is_overwritten(here, capsys):
    Path("my/loss").mkdir(parents=True)
    for make in (lambda file: file.write_text("mine"), lambda file: file.symlink_to("nowhere")):
        file = Path("my/loss/mine.yaml")
        make(file)
        assert "my/loss/mine.yaml exists" in told(["copy", "loss/hinge", str(file)], capsys)
        assert not file.exists() or file.read_text() == "mine"
        file.unlink()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("loss/hing", "loss/hing: no such loss; did you mean hinge?"),
        ("los/hinge", "los/hinge: no such group; did you mean loss?"),
        ("hinge", "write GROUP/OPTION"),
        ("loss/hinge my", "write a file, such as my/loss/mine.yaml"),
        ("loss/hinge my/loss/mine.yml", "write a file"),
        ("loss/hinge my/mine.yaml", "write my/loss/mine.yaml"),
        ("loss/hinge my/loss/minimax.yaml", "write my/loss/my_minimax.yaml"),
    ],
)
def test_a_copy_that_could_not_be_chosen_is_refused(words, said, here, capsys):
    assert said in told(["copy", *words.split()], capsys)
    assert list(here.iterdir()) == []


def test_a_copy_that_cannot_be_written_is_an_error_of_output(here):
    Path("file").touch()
    assert dispatch(["copy", "loss/hinge", "file/loss/mine.yaml"]) == 5


# path


def test_path_prints_the_path_alone(here):
    run = made()
    done = in_bash("ls $(ganlab path last)")
    assert done.stdout.split() == ["checkpoints", "run.json", "samples"]
    assert in_bash("ganlab path last").stdout == f"{run.path}\n"


@pytest.mark.parametrize("environment", [{}, ASCII])
def test_path_prints_the_very_bytes(environment, here):
    run = made()
    (here / "B\u00fccher").mkdir()
    moved = run.path.rename(here / "B\u00fccher" / run.path.name)
    done = in_bash(f'ls "$(ganlab path {shlex.quote(str(moved))})"', **environment)
    assert "run.json" in done.stdout
    assert dispatch(["path", "nowhere"]) == 2


# train --dry-run


def test_a_dry_run_names_the_run_and_counts_what_it_will_keep(here, capsys):
    assert dispatch(["train", *TINY.split(), "name=mine", "keep=1", "--dry-run"]) == 0
    told = capsys.readouterr().out
    assert "outputs/DATE/TIME-mine-gan-digits-ID" in told
    assert re.search(r"about [\d.]+ MB: 1 checkpoint of [\d.]+ MB, 1 sample grid\n", told)
    assert max(len(line) for line in told.splitlines() if "/" not in line) <= 80


# sample


def test_only_the_path_is_on_standard_output_and_the_round_beside_it(here, capsys):
    assert dispatch(["train", *TINY.split(), "-q"]) == 0
    for word, said in (
        ("newest", "drawn from round 3 of "),
        ("0", "untrained: drawn from round 0"),
    ):
        capsys.readouterr()
        assert dispatch(["sample", "last", f"checkpoint={word}", "n=2", "out=two.npz", "-v"]) == 0
        told = capsys.readouterr()
        assert told.out == "two.npz\n"
        assert said in told.err


def test_what_cannot_be_written_is_named_as_it_was_typed(here, capsys):
    assert dispatch(["train", *TINY.split(), "-q"]) == 0
    Path("file").touch()
    assert dispatch(["sample", "last", "n=2", "out=file/x.png"]) == 5
    assert "out=file/x.png cannot be written" in capsys.readouterr().err


# show


def test_a_run_fits_a_screen_and_begins_with_how_far_it_is(here, capsys):
    run = made(command="ganlab train", versions={"torch": "2.0", "numpy": "1.0"}, pid=7)
    run.config_file.write_text("rounds: 400\n")
    measured = {"round": 200, "time": 1.8e9, "generator/loss": 0.25, "images_per_second": 99.0}
    run.metrics_file.write_text(json.dumps(measured) + "\n")
    (run.samples / "0000200.png").touch()
    assert dispatch(["show", "last"]) == 0
    lines = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
    assert lines[:5] == [
        ["path", str(run.path)],
        ["status", "created"],
        ["rounds", "200 of 400, 99 img/s"],
        ["samples", str(run.samples / "0000200.png")],
        ["generator", "loss 0.25"],
    ]
    assert ["versions", "torch 2.0, numpy 1.0"] in lines
    assert not {"pid", "heartbeat", "time"} & {line[0] for line in lines}
    assert re.fullmatch(r"[-\d]{10} [:\d]{8}", dict(lines)["started"])


@pytest.mark.parametrize("columns", [40, 80])
def test_a_narrow_bar_keeps_speed_losses_and_the_time_that_is_left(columns):
    code = (
        "from ganlab.observers.progress import Bar;"
        "latest = {'images_per_second': 13846.0, 'd/loss': 1.24, 'g/loss': 0.768};"
        "bar = Bar(1, 2000, lambda: latest);"
        "bar.showing().__enter__(); bar(500, None, {}); bar.bar.stop()"
    )
    done = in_bash(
        f"{sys.executable} -c {shlex.quote(code)}", COLUMNS=str(columns), FORCE_COLOR="1"
    )
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", done.stdout).splitlines()[-1]
    assert re.search(r"13846 img/s  D 1.24  G 0.768   [-:\d]+$", shown.rstrip())
    assert ("500/2000" in shown) is (columns == 80)


# rm


def answered(answer, *words):
    """What `ganlab rm` says on a terminal where this is typed."""
    keyboard, terminal = pty.openpty()
    os.write(keyboard, answer)
    command = [*GANLAB, "rm", *words]
    done = subprocess.run(command, stdin=terminal, capture_output=True, text=True, check=False)
    os.close(keyboard)
    os.close(terminal)
    assert done.returncode == 0
    return done.stdout


def test_a_run_is_deleted_wholly_after_a_yes(here):
    first, second = made(), made()
    assert f"{first.path}  created, round 7, 2.0 MB" in answered(b"y\n", str(first.path))
    assert not first.path.exists()
    assert second.path.exists()
    assert "delete this? [y/N]" in answered(b"YES\n", "last")
    assert list(Path("outputs").iterdir()) == []


@pytest.mark.parametrize("answer", [b"n\n", b"\n", b"yesterday\n", b"\x04"])
def test_any_other_answer_keeps_everything(answer, here):
    run = made()
    assert "kept" in answered(answer, "last")
    assert (run.checkpoints / "0000007.pt").exists()


def test_several_runs_are_deleted_after_one_question(here):
    names = [made().path.name for _ in range(3)]
    said = answered(b"y\n", *names, "last", names[0])
    assert said.count("[y/N]") == 1
    assert "delete these 3?" in said
    assert runs.everything("outputs") == []


def test_nobody_to_ask_is_a_refusal_unless_yes_is_said(here, capsys):
    run = made()
    done = subprocess.run([*GANLAB, "rm", "last"], stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 2
    assert run.path.exists()
    assert dispatch(["rm", "last", "--yes"]) == 0
    assert not run.path.exists()


def test_a_run_that_a_process_trains_is_kept_with_all_that_are_named_beside_it(here, capsys):
    idle, busy = made(), made()
    with lock.held(busy.path):
        message = told(["rm", str(idle.path), str(busy.path), "--yes"], capsys)
    assert f"pid {os.getpid()}" in message
    assert idle.path.exists()
    assert busy.path.exists()


def test_what_is_no_run_is_kept(here, capsys):
    run = made()
    Path("pictures").mkdir()
    for name in ("pictures", "outputs", str(run.path.parent)):
        assert "no such run" in told(["rm", name, "--yes"], capsys)
    Path("outputs/run.json").write_text("{}")
    assert "holds another run" in told(["rm", "outputs", "--yes"], capsys)
    assert run.path.exists()


def test_links_are_not_followed(here, capsys):
    run = made()
    Path("treasure").mkdir()
    Path("treasure/gold").touch()
    (run.samples / "link").symlink_to(here / "treasure")
    (run.path / "link").symlink_to(here / "treasure")
    Path("alias").symlink_to(run.path)
    assert "is a link" in told(["rm", "alias", "--yes"], capsys)
    assert dispatch(["rm", "last", "--yes"]) == 0
    assert not run.path.exists()
    assert Path("treasure/gold").exists()


def test_a_run_whose_facts_are_damaged_can_be_deleted(here):
    run = made()
    (run.path / "run.json").write_text("")
    assert dispatch(["rm", str(run.path), "--yes"]) == 0
    assert not run.path.exists()


# Pipes, terminals, locales


def test_a_reader_that_goes_early_is_no_failure(here):
    for line in ("ganlab list | true", "ganlab list | head -1", "ganlab train --help | true"):
        done = in_bash(line)
        assert (done.returncode, done.stderr) == (0, "")


def test_a_closed_or_full_output_is_no_traceback(here):
    assert in_bash("ganlab list >&-").returncode == 0
    assert in_bash("ganlab frobnicate 2>&-").returncode == 2
    full = in_bash("ganlab list >/dev/full")
    assert full.returncode == 5
    assert full.stderr.count("\n") == 1


@pytest.mark.slow
def test_training_goes_on_when_nobody_listens_any_more_whatever_the_locale(here):
    Path("B\u00fccher").mkdir()
    done = in_bash(f"cd B*; ganlab train {TINY} name=\u00fc output=\u00f6ut | head -1", **ASCII)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.isascii()
    run = runs.find("last", "B\u00fccher/\u00f6ut")
    assert (run.facts()["status"], run.facts()["name"]) == ("done", "\u00fc")


@pytest.mark.slow
def test_the_bar_goes_on_when_nobody_reads_it_any_more(here):
    done = in_bash(f"ganlab train {TINY} rounds=30 progress=bar | true")
    assert (done.returncode, done.stderr) == (0, "")
    assert runs.find("last", "outputs").facts()["status"] == "done"


@pytest.mark.parametrize(
    "line",
    [
        "train modle=\u00fc",
        "train --model \u00fc",
        "train \u2013model gan",
        "show \u00fc",
        "rm \u00fc",
        "copy \u00fc/\u00fc",
    ],
)
def test_no_message_needs_more_than_ascii(line, here):
    done = in_bash(f"ganlab {line}", **ASCII)
    assert done.returncode == 2
    assert done.stderr.startswith("ganlab: ")
    assert "Traceback" not in done.stderr
    assert done.stderr.isascii()


@pytest.mark.slow
def test_a_dumb_and_narrow_terminal_gets_plain_lines(here):
    keyboard, terminal = pty.openpty()
    env = {**os.environ, "TERM": "dumb", "COLUMNS": "40"}
    words = [*GANLAB, "train", *TINY.split()]
    with subprocess.Popen(words, stdout=terminal, stderr=terminal, env=env) as process:
        os.close(terminal)
        screen = b"".join(read(keyboard))
    os.close(keyboard)
    assert process.returncode == 0
    assert b"round 3/3" in screen
    assert not re.search(rb"[\x00-\x09\x0b\x0c\x0e-\x1f]", screen)


def read(keyboard):
    """What a terminal shows until its last process has gone, which Linux tells by an error."""
    with contextlib.suppress(OSError):
        while text := os.read(keyboard, 4096):
            yield text
