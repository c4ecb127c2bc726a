"""What can be set is read from the option files as Hydra reads them."""

import itertools
import subprocess
import sys

import pytest

from ganlab.compose import compose
from ganlab.keys import choices, vocabulary
from ganlab.options import options
from ganlab.schema import keys as composed_keys

SHIPPED = options([])
CHOOSING = ("model", "dataset", "experiment", "runtime")
"""Groups whose options choose those of others, each tried by itself; of the rest, one a time."""
ALONE = [[f"{group}={option}"] for group in CHOOSING for option in SHIPPED[group]]
REST = [[f"{g}={o}" for o in names] for g, names in SHIPPED.items() if g not in CHOOSING]
TOGETHER = [list(filter(None, words)) for words in itertools.zip_longest(*REST)]
PAIRS = [["model=vae", "dataset=ring"], ["experiment=wgan_gp_ring", "penalty=r1", "loss=hinge"]]


@pytest.mark.parametrize("words", [[], *ALONE, *TOGETHER, *PAIRS], ids=" ".join)
def test_keys_and_choices_are_those_that_hydra_composes(words):
    composition = compose(words)
    assert set(vocabulary(words).keys) == set(composed_keys(composition.config))
    chosen = {g: c for g, c in choices(words, SHIPPED).items() if c in SHIPPED[g]}
    assert chosen == composition.choices


def test_a_users_own_options_bring_their_keys(tmp_path):
    (tmp_path / "my" / "loss").mkdir(parents=True)
    (tmp_path / "my" / "loss" / "mine.yaml").write_text("_target_: mine.Loss\nmargin: 2.0\n")
    for words in (["--config-dir", str(tmp_path / "my")], [f"--config-dir={tmp_path / 'my'}"]):
        can = vocabulary([*words, "loss=mine"])
        assert can.keys["loss.margin"] == 2
        assert "mine" in can.groups["loss"]


@pytest.mark.parametrize("text", ["_target_: [", "- a list", "", "defaults: [mine]\n", b"\xff"])
def test_a_file_that_cannot_be_read_brings_nothing(tmp_path, text):
    file = tmp_path / "loss" / "mine.yaml"
    file.parent.mkdir()
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    keys = vocabulary(["loss=mine", "--config-dir", str(tmp_path)]).keys
    assert "optimizer.lr" in keys
    assert not [key for key in keys if key.startswith("loss.")]


def test_keys_are_listed_without_hydra_or_torch():
    code = (
        "import sys; from ganlab.keys import vocabulary; vocabulary([]);"
        "sys.exit(bool({'torch', 'hydra', 'omegaconf'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
