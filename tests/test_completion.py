"""Completion, as shells ask for it."""

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from ganlab.cli import dispatch
from ganlab.commands.candidates import candidates
from ganlab.commands.completion import SCRIPTS
from ganlab.keys import VALUES
from ganlab.options import options
from ganlab.ranges import RANGES

ENVIRONMENT = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
ENVIRONMENT.pop("COLUMNS", None)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A place to work in, with options of a user's own, and three runs."""
    monkeypatch.chdir(tmp_path)
    for file in ("conf/loss/ours.yaml", "my/loss/mine.yaml"):
        Path(file).parent.mkdir(parents=True)
        Path(file).write_text("_target_: ganlab.losses.hinge.Hinge\nmargin: 1.0\n")
    for number, id in enumerate(["3f9a", "81c2", "81d3"]):
        run = tmp_path / f"outputs/2026-11-22/14-03-0{number}-gan-digits-{id}"
        run.mkdir(parents=True)
        (run / "run.json").write_text(f'{{"started": "2026-11-22T14:03:0{number}"}}')
    return tmp_path


def installed(shell):
    return pytest.param(
        shell, marks=pytest.mark.skipif(not shutil.which(shell), reason=f"no {shell} here")
    )


def in_bash(line, breaks='" \t\n"\'><=;|&(:'):
    """What a bash process replies to a line: its script's function is called as bash calls it."""
    code = """
    eval "$(ganlab completion bash)"
    COMP_WORDBREAKS=$2 COMP_LINE=$1 COMP_POINT=${#1}
    COMP_WORDS=($1) COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    _ganlab ganlab "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
    [ ${#COMPREPLY[@]} = 0 ] || printf '%s\\n' "${COMPREPLY[@]}"
    """
    command = ["bash", "-uc", code, "bash", line, breaks]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=ENVIRONMENT)
    assert done.stderr == ""
    return done.stdout.splitlines()


# In bash


@pytest.mark.parametrize(
    ("line", "replies"),
    [
        ("ganlab tra", ["train "]),
        ("ganlab train model=ls", ["lsgan "]),
        ("ganlab train optimizer.l", ["optimizer.lr="]),
        ("ganlab train batch", ["batch_size="]),
        ("ganlab train --dry", ["--dry-run "]),
        ("ganlab show loss=o", ["ours "]),
        ("ganlab train init_from=81d", ["81d3 "]),
        ("ganlab train no.such", []),
        ("ganlab train dataset.path=./", []),
    ],
)
def test_bash_replaces_what_follows_its_last_word_break(line, replies, here):
    assert in_bash(line) == replies


def test_bash_replaces_the_whole_word_where_equals_signs_do_not_break_it(here):
    assert in_bash("ganlab train model=wgan_g", breaks=" \t\n") == ["model=wgan_gp "]


@pytest.mark.parametrize("shell", [installed(shell) for shell in ("bash", "zsh")])
def test_a_tab_completes_on_a_terminal(shell, here, tmp_path):
    """`said` is completed as ganlab is, and prints its words between angle brackets."""
    bind = {"bash": "complete -o default -o nospace -F _ganlab said", "zsh": "compdef _ganlab said"}
    setup = (
        f'eval "$(ganlab completion {shell})"\nsaid() {{ printf "<%s>" "$@"; }}\n{bind[shell]}\n'
    )
    for file in (".bashrc", ".zshrc"):
        (tmp_path / file).write_text(f"{setup}PS1='READY> '\n")
    keys = "said train model=wgan_g\toptimizer.l\t5 --config-dir m\t\n"
    screen = on_terminal([shell, "-i"], keys, "<--config-dir><my", tmp_path)
    assert "<train><model=wgan_gp><optimizer.lr=5><--config-dir><my" in screen


def on_terminal(command, keys, awaited, home):
    """What a shell shows on a terminal of its own after keys that are typed at its prompt."""
    child, terminal = pty.fork()
    if child == 0:
        os.environ.update(ENVIRONMENT, HOME=str(home), ZDOTDIR=str(home), TERM="dumb")
        os.execvp(command[0], command)
    screen, ends = "", time.monotonic() + 20
    try:
        for text in ("READY> ", awaited):
            while text not in screen and time.monotonic() < ends:
                if select.select([terminal], [], [], 0.1)[0]:
                    screen += os.read(terminal, 4096).decode(errors="replace")
            if text == "READY> ":
                os.write(terminal, keys.encode())
    finally:
        os.close(terminal)
        os.waitpid(child, 0)
    return screen


@pytest.mark.parametrize("shell", [installed("fish")])
@pytest.mark.parametrize(
    ("line", "replies"),
    [
        ("ganlab tra", ["train"]),
        ("ganlab train model=wgan_", ["model=wgan_ct", "model=wgan_gp", "model=wgan_lp"]),
        ("ganlab train optimizer.l", ["optimizer.lr="]),
        ("ganlab train dataset.path=./m", ["dataset.path=./my/"]),
    ],
)
def test_fish_completes(shell, line, replies, here):
    code = "ganlab completion fish | source; complete -C $argv[1]"
    command = ["fish", "--no-config", "-c", code, line]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=ENVIRONMENT)
    assert [reply.partition("\t")[0] for reply in done.stdout.splitlines()] == replies


@pytest.mark.parametrize("shell", [installed(shell) for shell in SCRIPTS])
def test_the_script_is_one_that_the_shell_reads(shell):
    command = [shell, "--no-execute" if shell == "fish" else "-n"]
    assert subprocess.run(command, input=SCRIPTS[shell], text=True, check=False).returncode == 0


# What is offered


def offered(line):
    return [candidate.rstrip() for candidate in candidates(line)]


@pytest.mark.parametrize("group", options([]))
def test_every_option_of_every_group_is_offered(group):
    shipped = [f"{group}={name}" for name in options([])[group]]
    assert set(shipped) <= set(offered(f"ganlab train {group}="))


@pytest.mark.parametrize(
    ("line", "some", "never"),
    [
        ("ganlab ", {"train", "completion", "--version"}, {"candidates"}),
        ("ganlab train ", {"model=", "rounds=", "optimizer.", "optimizer="}, {"optimizer.lr="}),
        ("ganlab train optimizer.", {"optimizer.lr=", "optimizer.decay."}, {"optimizer._target_="}),
        ("ganlab train optimizer.decay.", {"optimizer.decay.end="}, {"optimizer.decay._target_="}),
        ("ganlab train model=wgan_gp penalty.", {"penalty.weight="}, set()),
        ("ganlab train penalty=clip penalty.", {"penalty.limit="}, {"penalty.weight="}),
        ("ganlab train experiment=wgan_gp_ring dataset.", {"dataset.modes="}, set()),
        ("ganlab train loss=mine --config-dir my loss.", {"loss.margin="}, set()),
        ("ganlab train --config-dir my loss=", {"loss=mine", "loss=ours", "loss=hinge"}, set()),
        ("ganlab train loss=", {"loss=ours"}, {"loss=mine"}),
        ("ganlab train --config-dir=nowhere loss=", {"loss=hinge"}, {"loss=ours"}),
        ("ganlab train model=gan,", {"model=gan,vae"}, {"model=vae"}),
        ("ganlab train dataset.flip=", {"dataset.flip=true", "dataset.flip=false"}, set()),
        ("ganlab train on_nan=", {"on_nan=rollback", "on_nan=skip"}, set()),
        ("ganlab train runtime.resident=", {"runtime.resident=auto"}, set()),
        ("ganlab sample last format=", {"format=npz", "format=grid"}, set()),
        ("ganlab data ", {"check", "prune"}, {"mnist"}),
        ("ganlab data check ", {"mnist", "digits"}, {"rounds=", "check"}),
        ("ganlab data check dataset.", {"dataset.resolution="}, set()),
        ("ganlab data check mnist ", {"offline="}, {"digits"}),
        ("ganlab train -", {"--dry-run", "--config-dir", "-q"}, {"--output"}),
        ("ganlab train --cfg ", {"job", "all"}, {"model="}),
        ("ganlab list ", {"model", "loss"}, {"model="}),
        ("ganlab copy model/", {"model/gan"}, {"loss/ours"}),
        ("ganlab sample last ", {"n=", "seed="}, {"model=", "last"}),
        ("ganlab sample ", {"last", "14-03-00-gan-digits-3f9a"}, {"n=", "3f9a"}),
        ("ganlab sample 3", {"3f9a"}, {"last"}),
        ("ganlab rm 3f9a 81", {"81c2", "81d3"}, set()),
        ("ganlab show ", {"last", "model="}, set()),
        ("ganlab resume last opt", {"optimizer."}, {"last"}),
        ("ganlab completion ", {"bash", "zsh", "fish"}, {"--line"}),
        ("ganlab path --output elsewhere ", set(), {"last"}),
        ("ganlab train --config-dir ", set(), {"model="}),
        ("ganlab frobnicate ", set(), {"model="}),
        ("ganlab train 'name=", set(), {"model="}),
    ],
)  # fmt: skip
def test_what_fits_is_offered(line, some, never, here):
    found = set(offered(line))
    assert some <= found
    assert not never & found
    assert all(candidate.startswith(line.split(" ")[-1]) for candidate in found)


@pytest.mark.parametrize("key", [key for key in VALUES if key in RANGES])
def test_the_values_that_are_offered_are_taken(key):
    _, holds = RANGES[key]
    assert all(holds(yaml.safe_load(value)) for value in VALUES[key])


def test_runs_begin_with_the_newest_name_that_fits(here):
    assert offered("ganlab path 14-03-02") == ["14-03-02-gan-digits-81d3"]


def test_a_shell_must_be_named_and_known(capsys):
    assert dispatch(["completion"]) == 2
    assert 'eval "$(ganlab completion bash)"' in capsys.readouterr().err
    assert dispatch(["completion", "tcsh"]) == 2


def test_it_answers_in_less_than_half_a_second_without_hydra_or_torch(here):
    for number in range(300):
        run = here / f"outputs/2026-11-23/14-03-07-gan-digits-{number:04x}"
        run.mkdir(parents=True)
        (run / "run.json").write_text('{"started": "2026-11-23"}')

    def seconds(line):
        then = time.perf_counter()
        command = [sys.executable, "-m", "ganlab", "completion", "--line", line]
        subprocess.run(command, check=True, capture_output=True)
        return time.perf_counter() - then

    for line in ("ganlab train model=wgan_gp optimizer.l", "ganlab sample "):
        assert min(seconds(line) for _ in range(5)) < 0.5
    code = (
        "import sys; from ganlab.cli import dispatch;"
        "dispatch(['completion', '--line', 'ganlab train ']);"
        "sys.exit(bool({'torch', 'hydra', 'omegaconf'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
