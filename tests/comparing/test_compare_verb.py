"""`ganlab compare` as it is typed: into terminals and pipes, of real runs, without torch."""

import csv
import io
import json
import os
import pty
import subprocess
import sys

import pytest
from handwritten import WGAN_GP, judge, write_run

from ganlab import runs
from ganlab.cli import dispatch

GANLAB = [sys.executable, "-m", "ganlab"]
WATCHED = (
    "import sys; from ganlab.cli import dispatch; code = dispatch(sys.argv[1:]); "
    "print(*sys.modules, file=sys.stderr); sys.exit(code)"
)
HEAVY = {"torch", "torchvision", "hydra", "omegaconf", "numpy", "matplotlib", "tensorboard"}
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Three runs, of which the last was judged otherwise."""
    monkeypatch.chdir(tmp_path)
    for n in (1, 2, 3):
        run = write_run(f"outputs/2026-11-2{n}", f"000{n}", choices=WGAN_GP if n == 2 else ())
        judge(run, 100, protocol={"samples": 500} if n == 3 else {}, fid=4.0 - n)
    return tmp_path


def test_the_result_goes_to_standard_output_and_the_rest_elsewhere(here, capsys):
    assert dispatch(["compare", "--sort", "fid"]) == 0
    said = capsys.readouterr()
    lines = said.out.splitlines()
    assert [line.split()[0][-4:] for line in lines if line.startswith("14-")] == [
        "0002",
        "0001",
        "0003",
    ]
    assert "2 protocols" in said.err
    assert dispatch(["compare", "--sort", "fid", "--quiet"]) == 0
    assert capsys.readouterr() == (said.out, "")


@pytest.mark.parametrize("words", [["0001", "0002"], ["outputs/*[12]"], ["last:3", "--reverse"]])
def test_formats_hold_what_the_words_name(here, capsys, words):
    assert dispatch(["compare", *words, "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)["runs"]
    assert dispatch(["compare", *words, "--format", "csv"]) == 0
    rows = [*csv.DictReader(io.StringIO(capsys.readouterr().out))]
    assert [row["id"] for row in rows] == [run["id"] for run in told]
    assert {"0001", "0002"} <= {row["id"] for row in rows}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nothing"], "no such run"),
        (["--sort", "nothing"], "no such column"),
        (["--metrics", "nothing"], "no run was judged by it"),
        (["--output", "nowhere"], "no runs below"),
        (["--format", "xml"], "--format"),
    ],
)
def test_what_cannot_be_is_refused_in_a_line(here, capsys, words, message):
    assert dispatch(["compare", *words]) == 2
    said = capsys.readouterr()
    assert message in said.err
    assert said.out == ""


def test_a_page_is_written_and_one_that_cannot_be_is_refused(here, capsys):
    assert dispatch(["compare", "last:2", "--sort", "fid", "--html", "out.html"]) == 0
    assert "out.html" in capsys.readouterr().err
    assert "ganlab compare last:2 --sort fid</code>" in (here / "out.html").read_text()
    assert dispatch(["compare", "--html", "no/where.html"]) == 5
    assert "no/where.html" in capsys.readouterr().err


def test_the_page_names_the_place_of_its_runs(here):
    os.rename("outputs", "elsewhere")
    assert dispatch(["compare", "--output", "elsewhere", "--html", "out.html"]) == 0
    assert "ganlab compare --output elsewhere</code>" in (here / "out.html").read_text()


@pytest.mark.skipif(sys.platform == "darwin", reason="file names are UTF-8 there")
def test_a_page_of_paths_that_are_no_text_is_written(here):
    odd = os.fsdecode(b"o\xff")
    write_run(odd, "0004")
    assert dispatch(["compare", odd, "--html", "out.html"]) == 0
    assert r"ganlab compare &#x27;o\udcff&#x27;</code>" in (here / "out.html").read_text()


def test_neither_torch_nor_configuration_is_imported(here):
    words = ["compare", "--html", "out.html", "--sort", "fid"]
    told = subprocess.run(
        [sys.executable, "-c", WATCHED, *words], capture_output=True, text=True, check=True
    )
    assert not HEAVY & set(told.stderr.split())
    assert "ganlab.comparing.page" in told.stderr.split()


@pytest.mark.parametrize("columns", ["40", "80"])
def test_a_terminal_gets_what_fits_it_in_plain_characters(here, columns):
    write_run("outputs", "0004", config={"dataset.path": "日本"}, started="2027")
    ours, theirs = pty.openpty()
    environment = {**os.environ, **ASCII, "COLUMNS": columns, "TERM": "dumb", "NO_COLOR": "1"}
    subprocess.run([*GANLAB, "compare"], stdout=theirs, stderr=theirs, env=environment, check=True)
    os.close(theirs)
    told = b""
    try:
        while piece := os.read(ours, 1 << 16):
            told += piece
    except OSError:  # all was read
        pass
    lines = told.decode().splitlines()
    notes = ("1 run also", "judged by 2 protocols")
    assert all(len(line) <= int(columns) for line in lines if not line.startswith(notes))
    assert b"\x1b" not in told
    assert ("\\u65e5\\u672c" in told.decode()) == (columns == "80")
    assert "0004" in told.decode()


def test_a_pipe_in_an_ascii_locale_gets_every_line_whole_and_aligned(here):
    write_run("other", "0004", config={"dataset.path": "日本" * 30})
    write_run("other", "0005")
    command = [*GANLAB, "compare", "other"]
    environment = {**os.environ, **ASCII, "COLUMNS": "40"}
    told = subprocess.run(command, capture_output=True, env=environment, check=True)
    _, first, second = told.stdout.splitlines()
    assert rb"\u65e5\u672c" * 30 in first
    assert first.index(b"100/100") == second.index(b"100/100")


def test_a_reader_that_has_had_enough_is_no_failure(here):
    process = subprocess.Popen(
        [*GANLAB, "compare", "--format", "json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    process.stdout.close()
    assert "Error" not in process.stderr.read()
    assert process.wait() == 0


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Two real runs that differ by their seed."""
    home = tmp_path_factory.mktemp("home")
    words = ["model=gan", "dataset=ring", "network.width=4", "batch_size=8", "rounds=6"]
    more = ["log_every=1", "evaluate_every=3", "evaluate.samples=50", "progress=none"]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        for seed in (1, 2):
            assert dispatch(["train", *words, *more, f"seed={seed}"]) == 0
    return home


def test_real_runs_are_told_apart_by_their_seed_and_ranked_as_metrics_say(
    trained, monkeypatch, capsys
):
    monkeypatch.chdir(trained)
    assert dispatch(["compare", "--sort", "high_quality", "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    one, two = told["runs"]
    assert one["settings"].keys() == {"seed"}
    assert {one["settings"]["seed"], two["settings"]["seed"]} == {1, 2}
    assert one["metrics"]["high_quality"]["goal"] == "max"
    assert one["metrics"]["high_quality"]["best"] >= two["metrics"]["high_quality"]["best"]
    assert one["metrics"]["js"]["goal"] == "min"
    assert (one["round"], one["rounds"], one["state"], one["remarks"]) == (6, 6, "done", [])
    assert one["protocol"] == two["protocol"] == 0
    assert told["notes"] == []


def test_evaluations_of_training_tell_goals_and_the_metric_behind_each_number(trained):
    entry = runs.everything(str(trained / "outputs"))[0].evaluations()[0]
    assert entry.goals.keys() == entry.options.keys() == entry.metrics.keys()
    assert entry.options["reverse_kl"] == "divergence"
    assert entry.goals["modes_found"] == "max"


def test_a_page_of_real_runs_has_their_curves_and_panels(trained, monkeypatch):
    monkeypatch.chdir(trained)
    assert dispatch(["compare", "--html", "out.html"]) == 0
    text = (trained / "out.html").read_text()
    assert text.count('<figure class="wide"><img') == 2
    assert "<figcaption>generator loss</figcaption>" in text
    assert "<figcaption>modes_found</figcaption>" in text
