"""Every command, snippet and table of the README is what it says."""

import re
import shlex
from pathlib import Path

import pytest
from PIL import Image

from ganlab import combinations, runs
from ganlab.cli import dispatch
from ganlab.commands.train import EXAMPLES
from ganlab.options import options

REPOSITORY = Path(__file__).parent.parent
README = (REPOSITORY / "README.md").read_text()
SMALL = ["rounds=2", "batch_size=8", "network.width=8", "progress=none", "metrics=none"]


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def commands():
    return [line for block in blocks("bash") for line in block.splitlines()]


@pytest.fixture
def workplace(tmp_path, monkeypatch, mnist_root):
    """An empty folder with a few photos, where the README's commands are tried."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GANLAB_DATA", str(mnist_root))
    (tmp_path / "photos").mkdir()
    for number in range(12):
        Image.new("RGB", (40, 50), (20 * number, 0, 0)).save(tmp_path / f"photos/{number}.jpg")
    return tmp_path


def shortened(line):
    """The words of a command, made small enough for a test."""
    program, verb, *words = shlex.split(line)
    assert program == "ganlab"
    if verb == "train":
        words = [re.sub("seed=1,2.*", "seed=1", word) for word in words]
        words += SMALL if "best.by=fid" not in words else SMALL[:-1]
    if verb == "tune":
        words = [re.sub("trials=.*", "trials=1", re.sub("jobs=.*", "jobs=1", w)) for w in words]
        words += [*SMALL[2:-1], "network=mlp", "metrics=swd", "rounds=4", "evaluate_every=2"]
    if verb == "study":
        words += ["--dry-run"]
    if verb == "sample":
        words = [word.replace("n=2000", "n=300") for word in words]
    if verb == "evaluate":
        words = [re.sub("samples=.*", "samples=300", word) for word in words]
    if verb == "resume":
        words = [re.sub("rounds=.*", "rounds=3", word) for word in words]
    return [verb, *words]


def test_every_command_of_the_readme_runs_in_its_order(workplace):
    lines = [line for line in commands() if line != "ganlab tensorboard"]
    assert len(lines) > 10
    for line in lines:
        assert dispatch(shortened(line)) == 0, line
    assert (workplace / "samples.npz").exists()


@pytest.mark.parametrize("line", EXAMPLES)
def test_every_example_of_the_help_composes(line, workplace):
    words = [word for word in shlex.split(line)[2:] if not word.startswith("--")]
    if "job" in words:
        words.remove("job")
    assert dispatch(["train", *words, *SMALL, "--dry-run"]) == 0


def test_the_notebook_snippet_gives_what_it_says(workplace):
    code = blocks("python")[0].replace('"rounds=200"', ", ".join(map(repr, SMALL)))
    names = {}
    exec(code, names)
    assert names["samples"].shape == (64, 1, 32, 32)
    assert names["samples"].abs().max() <= 1
    assert names["run"] == runs.find("last", "outputs")


def test_a_loss_of_ones_own_is_two_files(workplace, monkeypatch):
    (workplace / "shifted_hinge.py").write_text(blocks("python")[1])
    (workplace / "conf" / "loss").mkdir(parents=True)
    option = blocks("yaml")[0].replace("ganlab.losses.", "")
    (workplace / "conf" / "loss" / "shifted_hinge.yaml").write_text(option)
    assert dispatch(["train", "loss=shifted_hinge", *SMALL]) == 0
    assert dispatch(["resume", "last", "rounds=3"]) == 0
    assert dispatch(["sample", "last", "n=2"]) == 0


def test_the_table_of_options_is_complete():
    table = README.partition("| group | options |")[2].partition("\n\n")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", table, re.MULTILINE))
    shown = {group: re.findall(r"`(\w+)`", row) for group, row in rows.items()}
    assert shown == {group: list(files) for group, files in options([]).items()}


def test_the_table_of_combinations_is_made_of_the_rules():
    shown = README.partition("<!-- combinations -->\n")[2].partition("\n<!-- end -->")[0]
    assert shown == combinations.table()


def test_every_room_of_the_map_exists():
    table = README[README.index("## Rooms") :]
    for cell in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE):
        names = re.findall(r"[\w./]+", cell)
        home = Path(names[0]).parent if names[0].endswith(".py") else Path(names[0])
        for name in names:
            found = [REPOSITORY / name, REPOSITORY / home / name, REPOSITORY / home.parent / name]
            assert any(place.exists() for place in found), name


def test_every_picture_of_the_readme_exists():
    for picture in re.findall(r"!\[.*?\]\((.*?)\)", README):
        assert (REPOSITORY / picture).stat().st_size < 500_000


def test_the_make_targets_of_the_readme_exist():
    makefile = (REPOSITORY / "Makefile").read_text()
    for target in re.findall(r"make (\w+)`", README):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_run_directory_of_the_readme_is_what_a_run_writes(workplace):
    assert dispatch(["train", "network=mlp", "model=gan", *SMALL[:-1], "metrics=swd"]) == 0
    listed = re.findall(r"^ {6}([\w.]+)/? ", README, re.MULTILINE)
    written = {entry.name for entry in runs.find("last", "outputs").path.iterdir()}
    assert len(listed) == 8
    for name in listed:
        assert any(entry.startswith(name.rstrip(".")) for entry in written), name
