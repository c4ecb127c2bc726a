"""`ganlab data`: what it finds, makes and deletes, and that it touches nothing else."""

import io
import os
import pty
import signal
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from ganlab.cli import dispatch
from ganlab.datasets.digits import Digits
from ganlab.options import options


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty directory to work in, with a cache of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GANLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("GANLAB_DATA", str(tmp_path / "data"))
    return tmp_path


@pytest.fixture
def said(capsys):
    """Run words, and give the exit code with what was said on each stream."""

    def run(*words):
        code = dispatch(["data", *words])
        return code, *capsys.readouterr()

    return run


def everything(home):
    """Each file below a directory with its content and time."""
    files = sorted(path for path in home.rglob("*") if path.is_file())
    return [(file, file.stat().st_mtime_ns, file.read_bytes()) for file in files]


def picture(path, seed=0, mode="RGB", size=(20, 24)):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (*size[::-1], 3), dtype=np.uint8)
    Image.fromarray(pixels).convert(mode).save(path)


@pytest.fixture
def photos(home):
    """Two classes of good pictures, one in colour, and a file of another kind."""
    top = home / "photos"
    for k in range(3):
        picture(top / "cats" / f"{k}.png", k, "L")
    picture(top / "dogs" / "0.png", 9, size=(64, 48))
    (top / "notes.txt").write_text("-")
    return top


def spoil(top, count=12):
    whole = io.BytesIO()
    Image.new("RGB", (64, 64), (1, 2, 3)).save(whole, "PNG")
    (top / "cats" / "half.png").write_bytes(whole.getvalue()[:60])
    for k in range(count - 1):
        (top / "cats" / f"text{k:02d}.png").write_text("not a picture")


def prepared(name="digits", **changes):
    """Prepare small digits in the cache of the environment; where they lie."""
    settings = {"resolution": 8, "held_out": 0.0, "flip": False} | changes
    kind = type("Named", (Digits,), {"name": name})
    dataset = kind(**settings)
    dataset.prepare()
    return dataset.directory


def test_a_check_without_a_name_has_a_line_for_every_dataset(home, said):
    prepared(resolution=32)
    code, out, _ = said("check")
    lines = dict(line.split(maxsplit=1) for line in out.splitlines())
    assert code == 0
    assert lines.keys() == options([])["dataset"].keys()
    assert lines["digits"] == "raw found, prepared"
    assert lines["mnist"] == "missing"


def test_missing_raw_data_are_listed_a_line_each_and_end_in_3(home, said):
    before = everything(home)
    code, out, err = said("check", "mnist")
    assert code == 3
    assert str(home / "data") in out
    lines = [line for line in out.splitlines() if "missing; expected" in line]
    assert len(lines) == 4
    assert "9,912,422 bytes, md5 f68b3c2dcbeaaa9fbdd348bbdeb94873" in lines[0]
    assert "not yet; will be" in out
    assert "missing" in err
    assert "dataset.root=DIR" in err
    assert everything(home) == before


def test_a_wrong_file_is_told_with_what_was_expected_and_found(home, said):
    raw = home / "data" / "MNIST" / "raw"
    raw.mkdir(parents=True)
    (raw / "t10k-labels-idx1-ubyte.gz").write_bytes(b"half")
    before = everything(home)
    code, out, err = said("check", "mnist")
    assert code == 3
    (line,) = [line for line in out.splitlines() if "wrong:" in line]
    assert "found 4 bytes, md5 " in line
    assert "expected 4,542 bytes, md5 ec29112dd5afa0611ce80d1b7f02629c" in line
    assert "wrong" in err
    assert everything(home) == before


def test_real_mnist_is_right_and_then_prepared(home, said, mnist_root):
    root = f"dataset.root={mnist_root}"
    code, out, _ = said("check", "mnist", root)
    assert code == 0
    assert out.count("present") == 4
    code, out, _ = said("prepare", "mnist", root)
    assert code == 0
    assert "train 60,000, test 10,000" in out
    assert "71,750,512" in out
    code, out, err = said("check", "mnist")
    assert (code, err) == (0, "")  # prepared arrays suffice
    assert "not needed" in out
    assert "all right" in out


def test_a_damaged_array_is_found_by_the_check_alone(home, said):
    where = prepared(resolution=32)
    with open(where / "train-data.npy", "r+b") as file:
        file.seek(1000)
        file.write(b"\xaa\x55")
    assert said("prepare", "digits")[0] == 0  # sizes are right
    before = everything(home)
    code, out, err = said("check", "digits")
    assert code == 3
    assert "damaged" in out
    assert "train-data.npy has sha256" in err
    assert f"`ganlab data prune digits` removes {where}" in err
    assert everything(home) == before


def test_a_folder_is_described(home, said, photos):
    before = everything(home)
    code, out, err = said("check", "./photos")
    facts = {line[:12].strip(): line[12:].strip() for line in out.splitlines()}
    assert (code, err) == (0, "")
    assert facts["pictures"] == "4"
    assert facts["classes"] == "cats 3, dogs 1"
    assert facts["sizes"] == "20x24 to 64x48"
    assert facts["colour"] == "in 1 of 4"
    assert facts["unreadable"] == "0"
    assert facts["other files"] == "1"
    assert everything(home) == before


def test_unreadable_pictures_are_counted_and_ten_are_named(home, said, photos):
    spoil(photos)
    code, out, err = said("check", str(photos))
    assert code == 3
    assert "unreadable   12" in out
    assert "12 of 16 pictures" in err
    assert "half.png" in err
    assert "text08.png" in err
    assert "text09.png" not in err
    assert "on_bad=skip" in err
    code, out, err = said("check", str(photos), "dataset.on_bad=skip")
    assert (code, err) == (0, "")
    assert "half.png" in out


def test_training_refuses_what_the_check_refuses_before_anything_is_written(home, photos, capsys):
    spoil(photos)
    assert dispatch(["train", "dataset=folder", "dataset.path=photos", "rounds=1"]) == 3
    assert "12 of 16 pictures" in capsys.readouterr().err
    assert not (home / "outputs").exists()


def test_an_empty_folder_ends_in_3_with_the_fix(home, said):
    (home / "empty").mkdir()
    code, _, err = said("check", "empty")
    assert code == 3
    assert "no pictures" in err
    assert "dataset.path" in err


def test_an_archive_that_leads_out_ends_in_3_and_writes_nothing(home, said):
    import zipfile

    with zipfile.ZipFile(home / "bad.zip", "w") as archive:
        archive.writestr("../../x.png", b"-")
    before = everything(home)
    code, _, err = said("check", "bad.zip")
    assert code == 3
    assert "lead out" in err
    assert everything(home) == before


def test_a_typo_gets_the_nearest_names(said, home):
    assert said("check", "minst")[::2] == (
        2,
        "ganlab: minst: no such dataset, folder or archive; did you mean mnist?\n",
    )
    assert said("prune", "digit")[0] == 2
    assert said("prepare")[0] == 2


@pytest.mark.parametrize("word", ["./nosuch", "~/nosuch", "photos/cats", "photos.tar"])
def test_a_path_that_leads_nowhere_ends_in_3_wherever_it_is_said(word, home, said, capsys):
    assert said("check", word)[::2] == (
        3,
        f"ganlab: {word}: there is no such folder or archive\n",
    )
    assert dispatch(["train", "dataset=folder", f"dataset.path={word}"]) == 3
    assert f"dataset.path={word}" in capsys.readouterr().err


def test_own_pictures_need_a_path(home, capsys):
    assert dispatch(["train", "dataset=folder"]) == 2
    assert "needs dataset.path=DIR" in capsys.readouterr().err


def test_what_is_right_missing_and_wrong_is_told_of_each_file(home, said, mnist_root):
    raw = home / "data" / "MNIST" / "raw"
    raw.mkdir(parents=True)
    good, bad, gone = (f"{name}-ubyte.gz" for name in (
        "t10k-labels-idx1", "t10k-images-idx3", "train-labels-idx1"
    ))  # fmt: skip
    (raw / good).write_bytes((mnist_root / "MNIST" / "raw" / good).read_bytes())
    (raw / bad).write_bytes(b"half")
    code, _, err = said("prepare", "mnist")
    lines = {line.split()[0]: line for line in err.splitlines() if line.startswith("  t")}
    assert code == 3
    assert lines[good].endswith("(right)")
    assert "(wrong: found 4 bytes" in lines[bad]
    assert lines[gone].endswith("(missing)")
    assert all(not line.endswith("/.") for line in err.splitlines())


def test_the_last_word_of_preparing_is_that_it_is_done(home, photos, capsys):
    words = ["dataset=folder", "dataset.path=photos", "rounds=1", "batch_size=2", "model=gan"]
    assert dispatch(["train", *words, "network.width=4", "dataset.resolution=16"]) == 0
    assert "the data are prepared\nrun " in capsys.readouterr().out


def test_a_dataset_may_be_named_as_for_train(home, said):
    assert said("check", "dataset=ring")[0] == 0


def test_prepare_says_where_and_how_large_and_that_it_was_there(home, said):
    code, out, _ = said("prepare", "digits", "dataset.resolution=8")
    assert code == 0
    assert str(home / "cache") in out
    assert "bytes" in out
    before = everything(home)
    assert "already prepared" in said("prepare", "digits", "dataset.resolution=8")[1]
    assert everything(home) == before


def test_prepare_of_absent_data_offline_ends_in_3(home, said):
    code, _, err = said("prepare", "cifar10")
    assert code == 3
    assert "cifar-10-python.tar.gz" in err
    assert "offline=true" in err
    assert err.endswith("ganlab data check cifar10\n")


@pytest.mark.parametrize("word", ["offline=false", "dataset.offline=false"])
def test_a_dry_run_downloads_nothing_even_where_it_may(home, capsys, word):
    words = ["train", "dataset=mnist", word, "--dry-run"]
    assert dispatch(words) == 3
    err = capsys.readouterr().err
    assert "a dry run forbids a download" in err
    assert "offline=true" not in err
    assert "train-images-idx3-ubyte.gz" in err
    assert everything(home) == []


@pytest.mark.parametrize("value", ["true", "1"])
def test_the_environment_forbids_downloads(home, said, monkeypatch, value):
    monkeypatch.setenv("GANLAB_OFFLINE", value)
    assert "offline=true" in said("prepare", "mnist")[2]


def test_an_environment_that_says_neither_is_refused(home, said, monkeypatch):
    monkeypatch.setenv("GANLAB_OFFLINE", "maybe")
    code, _, err = said("prepare", "mnist")
    assert code == 2
    assert "offline=maybe" in err


# Prune


def test_prune_lists_and_without_a_terminal_refuses(home, said, monkeypatch):
    where = prepared()
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    code, out, err = said("prune")
    assert code == 2
    assert where.name in out
    assert "1,797 of 1x8x8" in out
    assert "--yes" in err
    assert where.exists()


def test_prune_deletes_what_is_named_and_leaves_the_rest(home, said):
    digits, other = prepared(), prepared("mnist")
    code, out, _ = said("prune", "digits", "--yes")
    assert code == 0
    assert digits.name in out
    assert other.name not in out
    assert not digits.exists()
    assert other.exists()


def test_prune_touches_nothing_that_is_not_ours(home, said, tmp_path_factory):
    cache, elsewhere = home / "cache", tmp_path_factory.mktemp("elsewhere")
    mixed = prepared()
    (mixed / "thesis.tex").write_text("-")
    linked = cache / "linked-0123456789ab"
    (elsewhere / "spec.json").write_text("{}")
    linked.symlink_to(elsewhere)
    (cache / "photos-0123456789ab").mkdir()
    (cache / "spec.json").write_text("-")
    before = everything(cache)
    assert said("prune", "--yes")[0] == 0
    assert everything(cache) == before
    assert (elsewhere / "spec.json").exists()
    assert (cache / "photos-0123456789ab").is_dir()


def killed_preparation():
    """A child that stopped within its preparation, and holds its lock."""
    code = (
        "import os, signal; from ganlab.datasets.digits import Digits;"
        "Digits(resolution=8, held_out=0.0, flip=False).prepare("
        "lambda *_: (print('here', flush=True), os.kill(os.getpid(), signal.SIGSTOP)))"
    )
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "here\n"
    return child


def test_prune_takes_what_a_killed_preparation_left_but_not_a_live_one(home, said):
    child = killed_preparation()
    (live,) = (path for path in (home / "cache").iterdir() if path.is_dir())
    try:
        assert "holds nothing" in said("prune", "--yes")[1]
        assert live.exists()
    finally:
        child.send_signal(signal.SIGKILL)
        child.communicate()
    assert "left by a killed preparation" in said("prune", "--yes")[1]
    assert not live.exists()


def test_prune_of_nothing_says_so(home, said):
    assert "holds nothing of mnist" in said("prune", "mnist")[1]
    assert not (home / "cache").exists()


@pytest.mark.parametrize(("answer", "stays"), [("n", True), ("", True), ("y", False)])
def test_prune_asks_on_a_terminal(home, answer, stays):
    where = prepared()
    ours, theirs = pty.openpty()
    words = [sys.executable, "-m", "ganlab", "data", "prune"]
    child = subprocess.Popen(words, stdin=theirs, stdout=subprocess.PIPE, text=True)
    os.write(ours, f"{answer}\n".encode())
    out = child.communicate(timeout=60)[0]
    os.close(ours)
    os.close(theirs)
    assert child.returncode == 0
    assert "delete all of these?" in out
    assert where.exists() == stays
