import re
import subprocess
import sys
import time

import pytest
from children import environment, ganlab

from ganlab.cli import VERBS, dispatch


def test_the_bare_command_prints_every_verb_and_examples(capsys):
    assert dispatch([]) == 0
    printed = capsys.readouterr().out
    assert all(f"  {verb} " in printed for verb in VERBS)
    assert printed.count("\n  ganlab ") == 3
    assert max(map(len, printed.splitlines())) <= 80


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_every_verb_fits_two_screens_and_gives_examples(verb, capsys):
    with pytest.raises(SystemExit) as ended:
        dispatch([verb, "--help"])
    printed = capsys.readouterr().out
    assert ended.value.code == 0
    assert printed.index("examples:") < printed.index("options:")
    assert printed.count("\n") < 48
    assert max(map(len, printed.splitlines())) <= 80


def test_help_and_list_import_neither_torch_nor_hydra():
    code = (
        "import sys; from ganlab.cli import dispatch; dispatch(['--help']); dispatch(['list']);"
        "sys.exit(bool({'torch', 'hydra', 'omegaconf'} & set(sys.modules)))"
    )
    assert (
        subprocess.run(
            [sys.executable, "-c", code], stdout=subprocess.DEVNULL, check=False
        ).returncode
        == 0
    )


def test_help_answers_in_less_than_three_tenths_of_a_second():
    def seconds():
        then = time.perf_counter()
        subprocess.run([sys.executable, "-m", "ganlab", "--help"], check=True, capture_output=True)
        return time.perf_counter() - then

    assert min(seconds() for _ in range(5)) < 0.3


def test_an_unknown_verb_is_refused_with_the_nearest(capsys):
    assert dispatch(["trian"]) == 2
    assert "did you mean `ganlab train`?" in capsys.readouterr().err


def test_versions_name_torch_and_hydra(capsys):
    assert dispatch(["--version"]) == 0
    printed = capsys.readouterr().out
    assert all(name in printed for name in ("ganlab", "torch", "hydra-core"))


def test_list_shows_each_option_with_its_description(capsys):
    assert dispatch(["list", "model"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "model"
    assert any(line.startswith("  wgan_gp") and "Gulrajani" in line for line in lines)


def test_the_whole_list_fits_eighty_columns(capsys):
    assert dispatch(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    named = [line for line in lines if re.match("  [a-z]", line)]
    assert all(len(line.split()) > 2 for line in named)


def test_list_refuses_an_unknown_group(capsys):
    assert dispatch(["list", "colour"]) == 2
    assert "dataset" in capsys.readouterr().err


def test_show_tells_where_each_value_came_from(capsys):
    assert dispatch(["show", "model=wgan_gp", "optimizer.lr=1e-3"]) == 0
    lines = {line.split("#")[0].strip(): line for line in capsys.readouterr().out.splitlines()}
    assert "command line" in lines["lr: 0.001"]
    assert "model/wgan_gp.yaml" in lines["discriminator_turns: 5"]
    assert "penalty/gradient.yaml" in lines["weight: 10.0"]


@pytest.mark.parametrize(
    ("flag", "said"),
    [("--cfg=job", "ganlab.penalties.gradient.Gradient"), ("--info=defaults", "loss/wasserstein")],
)
def test_hydra_tells_of_the_composition(flag, said, tmp_path):
    words = [sys.executable, "-m", "ganlab", "train", "model=wgan_gp", flag]
    done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, check=True)
    assert said in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_an_empty_variable_is_as_good_as_none():
    shown = ganlab("show", "model=gan", env=environment(GANLAB_OFFLINE=""))
    assert shown.returncode == 0, shown.stderr
    assert re.search(r"^offline: false", shown.stdout, re.M)
