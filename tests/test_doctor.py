"""`ganlab doctor`: an account of the machine, its problems, and a test of the promise to resume."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from ganlab import doctor
from ganlab.cli import dispatch
from ganlab.doctor import Problem, account, examine
from ganlab.options import options
from ganlab.selftest import TINY


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GANLAB_CACHE", str(tmp_path / "cache"))
    return tmp_path


def test_a_healthy_machine_is_described_in_eighty_columns_and_left_as_it_was(home, capsys):
    assert dispatch(["doctor"]) == 0
    out = capsys.readouterr().out
    lines = out.splitlines()
    keys = [line[2:].split("  ")[0].strip() for line in lines]
    for key in (
        "python", "ganlab", "torch", "torchvision", "hydra-core", "omegaconf", "numpy", "devices",
        "runtime=auto", "cores", "threads", "memory", "outputs", "cache", "hydra", "locks",
        "environment", "classifiers", "inception",
    ):  # fmt: skip
        assert key in keys
    assert all(f"\n    {name} " in out for name in options([])["dataset"])
    assert "BasicSweeper" in out
    assert f"GANLAB_CACHE={home / 'cache'}" in out
    assert all(len(line) <= 80 or len(line.split()) <= 3 for line in lines)
    assert list(home.iterdir()) == []


def test_values_are_aligned(home, capsys):
    dispatch(["doctor"])
    lines = capsys.readouterr().out.splitlines()
    column = lines[0].index(lines[0].split("python")[1].strip())
    assert {line[column - 1] for line in lines} == {" "}


def test_what_judges_samples_is_told_of_here_or_not(home, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(home / "torch"))
    assert "none yet" in doctor.classifiers()
    told = doctor.inception()
    for fact in ("not here", "95.6 MB", str(home / "cache"), "evaluate.inception=PATH"):
        assert fact in told
    (home / "cache" / "extractors").mkdir(parents=True)
    (home / "cache" / "extractors" / "mnist-0123456789ab.pt").write_bytes(b"x" * 600_000)
    assert doctor.classifiers() == "mnist (0.6 MB)"


@pytest.mark.parametrize("spoiled", ["outputs", "cache"])
def test_what_would_stop_a_training_is_marked_with_its_remedy_and_ends_in_1(home, capsys, spoiled):
    (home / spoiled).touch()  # a file where a directory must be
    assert dispatch(["doctor"]) == 1
    out, err = capsys.readouterr()
    marked = [k for k, line in enumerate(out.splitlines()) if line.startswith(f"! {spoiled}")]
    assert marked
    assert "->" in out
    assert {"outputs": "output=DIR", "cache": "GANLAB_CACHE"}[spoiled] in out
    assert spoiled in err


@pytest.fixture
def foreign():
    """A directory that others may read but not write to."""
    place = Path(tempfile.mkdtemp())
    place.chmod(0o755)
    yield place
    place.rmdir()


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="root can become another user")
def test_a_directory_without_write_rights_is_a_problem(foreign):
    code = (
        "import os, sys; from pathlib import Path; from ganlab.doctor import place;"
        "os.setuid(65534); place(Path(sys.argv[1]), 'output=DIR')"
    )
    words = [sys.executable, "-c", code, str(foreign / "outputs")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert f"Problem: {foreign} cannot be written to (Permission denied)" in done.stderr


def test_one_failing_check_hides_no_other():
    def breaks():
        raise ZeroDivisionError("oh")

    def lacks():
        raise Problem("too little", "get more", stops=False)

    found = list(examine({"one": breaks, "two": lambda: "fine", "three": lacks}))
    assert [finding.stops for finding in found] == [True, False, False]
    lines = account(found).splitlines()
    assert lines[0] == "! one    ZeroDivisionError: oh"
    assert "  two    fine" in lines
    assert lines[-2:] == ["! three  too little", "         -> get more"]


def test_a_package_that_is_not_there_is_a_problem():
    with pytest.raises(Problem, match="not installed"):
        doctor.installed("no-such-package-of-ganlab")


def test_the_selftest_trains_kills_resumes_compares_and_samples(home):
    words = [sys.executable, "-m", "ganlab", "doctor", "--selftest"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 5
    assert all("  ok  " in line for line in lines)
    assert "the same bits after round 150" in lines[3]
    assert list(home.iterdir()) == []


def test_a_selftest_that_cannot_train_says_so_and_ends_in_1(home):
    (home / "ganlab.py").write_text("raise SystemExit('broken on purpose')")
    code = (
        "import os, sys; from ganlab.cli import dispatch; os.environ['PYTHONPATH'] = sys.argv[1];"
        "sys.exit(dispatch(['doctor', '--selftest']))"
    )
    words = [sys.executable, "-P", "-c", code, str(home)]
    surroundings = {**os.environ, "TMPDIR": str(home)}
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=surroundings)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "FAILED" in done.stdout
    assert "broken on purpose" in done.stdout
    assert {path.name for path in home.iterdir()} <= {"ganlab.py", "__pycache__"}


def test_the_selftest_asks_for_what_can_be_asked_for(tiny):
    assert tiny(*TINY).rounds == 150
