import os
import re
import sys

import pytest
import yaml
from children import TINY, ganlab, last
from omegaconf import OmegaConf

from ganlab.cli import dispatch
from ganlab.errors import ConfigError
from ganlab.options import contents, options
from ganlab.trust import refuse_foreign_targets

HARMFUL = [
    "os.system",
    "builtins.exec",
    "ganlab.runs.os.system",
    "ganlab.datasets.prepare.shutil.rmtree",
    "ganlab.files.write_atomically",
    "torch.nn.modules.module.functools.partial",
    "torch.nn.attention._fa4.register_flash_attention_fa4",
    "torch.nn.init.xavier_uniform_",
    "ganlab.datasets.stored.ArrayFile",
]


@pytest.mark.parametrize("target", HARMFUL)
def test_what_is_only_reachable_is_not_trusted(target):
    for config in ({"loss": {"_target_": target}}, {"loss": [{"a": [{"_target_": target}]}]}):
        with pytest.raises(ConfigError, match="would run code"):
            refuse_foreign_targets(OmegaConf.create(config), set())


def test_what_the_user_names_is_trusted():
    refuse_foreign_targets(OmegaConf.create({"loss": {"_target_": "mine.Loss"}}), {"mine.Loss"})


@pytest.mark.parametrize("group", options([]))
def test_every_shipped_option_is_trusted(group):
    for option in contents(group).values():
        resolved = yaml.safe_load(re.sub(r"\$\{.*?\}+", "1", yaml.safe_dump(option)))
        refuse_foreign_targets(OmegaConf.create(resolved), set())


@pytest.mark.parametrize(
    "text", ["${oc.env:HOME}", "\\${oc.create:'{_target_: os.getcwd}'}", "a ${loss} b"]
)
def test_a_value_that_would_be_worked_out_is_refused(text):
    for config in ({"name": text}, {"penalty": {"weights": [text]}}):
        with pytest.raises(ConfigError, match="no interpolations"):
            refuse_foreign_targets(OmegaConf.create(config), set())


OWN_LOSS = """
from ganlab.losses.hinge import Hinge


class Mine(Hinge):
    pass
"""


def test_foreign_code_is_used_only_where_trust_names_it(tmp_path, monkeypatch, capsys):
    here, there = tmp_path / "here", tmp_path / "there"
    (here / "conf" / "loss").mkdir(parents=True)
    there.mkdir()
    (here / "my_losses.py").write_text(OWN_LOSS)
    (here / "conf" / "loss" / "mine.yaml").write_text("# Mine\n_target_: my_losses.Mine\n")
    monkeypatch.chdir(here)
    done = ganlab("train", *TINY, "loss=mine", "rounds=1")
    assert done.returncode == 0, done.stderr
    run = str(last().path.absolute())
    monkeypatch.chdir(there)
    monkeypatch.syspath_prepend(here)
    for words in (["sample", run, "n=1"], ["resume", run, "rounds=2"]):
        for trust in ([], ["trust=other"]):
            assert dispatch([*words, *trust]) == 2
            assert "trust=my_losses" in capsys.readouterr().err
            assert "my_losses" not in sys.modules
        code = {**os.environ, "PYTHONPATH": str(here)}
        trusted = ganlab(*words, "trust=my_losses", env=code)
        assert trusted.returncode == 0, trusted.stderr


def test_a_run_cannot_trust_itself(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert dispatch(["train", *TINY, "rounds=1"]) == 0
    text = last().config_file.read_text()
    own = "ganlab.losses.wasserstein.Wasserstein"
    last().config_file.write_text(f"trust: [os]\n{text.replace(own, 'os.getcwd')}")
    assert dispatch(["sample", "last", "n=1"]) == 2
    assert "os.getcwd" in capsys.readouterr().err


@pytest.mark.parametrize("lost", [False, True])
def test_a_runs_choices_are_no_words_to_run(lost, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert dispatch(["train", *TINY, "rounds=1"]) == 0
    run = last()
    run.note(choices={**run.facts()["choices"], "metrics.fid._target_": "os.abort"})
    if lost:
        config = run.config()
        del config["metrics"]
        run.keep_config(config)
    done = ganlab("evaluate", "last", "samples=10", "metrics=fast")
    assert done.returncode in {0, 2}
    assert "Traceback" not in done.stderr
