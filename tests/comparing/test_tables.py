"""A comparison in writing: fitting a terminal, whole in a pipe, and read back by other programs."""

import csv
import io
import json
import math

import pytest
from handwritten import WGAN_GP, judge, write_run
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from ganlab.comparing import tables
from ganlab.comparing.cells import ranked, tails
from ganlab.comparing.comparison import compare
from ganlab.references import subjects


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """Three runs, of which one has a torn log, was never judged and has an odd setting."""
    output = tmp_path_factory.mktemp("outputs")
    for n, fid in enumerate((1 / 3, 5e-9), 1):
        run = write_run(output, f"000{n}", choices=WGAN_GP if n == 2 else ())
        judge(run, 50, fid=2.0, recall=0.5)
        judge(run, 100, fid=fid, recall=math.nan)
    given = "ganlab train model=dcgan dataset.path=x"
    torn = write_run(output, "0003", config={"dataset.path": "Bücher, |日本|"}, command=given)
    torn.metrics_file.write_bytes(torn.metrics_file.read_bytes()[:-5])
    return compare(subjects([], str(output)))


@pytest.fixture(scope="module")
def apart(tmp_path_factory):
    """Two runs that were judged by different protocols."""
    output = tmp_path_factory.mktemp("outputs")
    for n, samples in enumerate((2000, 10_000), 1):
        judge(write_run(output, f"000{n}"), 100, protocol={"samples": samples}, fid=float(n))
    return compare(subjects([], str(output)))


def test_in_a_pipe_each_run_has_one_whole_line(compared):
    head, *lines = tables.text(compared, None).splitlines()
    words = "run state model path rounds fid fid last recall recall last time img/s remarks"
    assert head.split() == words.split()
    assert [line.split()[0] for line in lines] == [f"14-03-07-000{n}" for n in (1, 2, 3)]
    assert "Bücher, |日本|" in lines[2]
    assert lines[2].endswith("its log is cut off after round 99")


@pytest.mark.parametrize("width", [20, 40, 80, 100, 132, 400])
def test_on_a_terminal_nothing_is_wider(compared, width):
    lines = tables.text(compared, width, "fid").splitlines()
    assert max(map(cell_len, lines)) <= width
    assert "0001" in lines[1]
    assert "its log is" in " ".join(lines)


def test_what_has_no_room_is_named_and_the_column_sorted_by_stays(compared):
    told = tables.text(compared, 40, "recall")
    assert "recall" in told.splitlines()[0]
    assert "fid" not in told.splitlines()[0]
    assert "no room: " in told
    assert "no room" not in tables.text(compared, 400)


def test_no_control_character_and_no_new_line_comes_through(tmp_path):
    for n, path in enumerate(("a", "b\x1b[31m\nc"), 1):
        write_run(tmp_path, f"000{n}", config={"dataset.path": path})
    found = compare(subjects([], str(tmp_path)))
    for told in (tables.text(found, None), tables.text(found, 80), tables.markdown(found)):
        assert "\x1b" not in told
        assert "b\\x1b[31m c" in told


def test_columns_are_aligned(compared):
    head, *lines = tables.text(compared, None).splitlines()
    place = head.index("state")
    assert {line[place - 2 : place + 4] for line in lines} == {"  done"}


def test_groups_have_a_table_and_a_title_each(apart):
    first, second = tables.text(apart, None).split("\n\n")
    assert first.startswith("judged by 10,000 samples of average weights against 60,000 of mnist")
    assert second.startswith("judged by 2,000 samples")
    assert "0002" in first.splitlines()[2]
    assert "0001" in second.splitlines()[2]


def test_a_difference_that_the_title_does_not_tell_is_added(tmp_path):
    for n, content in enumerate(("aaaa", "bbbb"), 1):
        judge(write_run(tmp_path, f"000{n}"), 100, protocol={"content": content}, fid=1.0)
    told = tables.text(compare(subjects([], str(tmp_path))), None)
    assert "(content: " in told


def test_json_has_everything_in_full(compared):
    told = json.loads(tables.as_json(compared), parse_constant=pytest.fail)
    first = told["runs"][0]
    assert first["metrics"]["fid_mnist_classifier"] == {
        "goal": "min",
        "best": 1 / 3,
        "best_round": 100,
        "last": 1 / 3,
        "last_round": 100,
    }
    assert first["metrics"]["recall_mnist_classifier"]["last"] is None
    assert first["settings"] == {"model": "dcgan", "dataset.path": None}
    assert told["protocols"][first["protocol"]]["samples"] == 2000
    assert told["runs"][2]["protocol"] is None


def test_csv_is_read_back_in_full(compared):
    rows = [*csv.DictReader(io.StringIO(tables.as_csv(compared)))]
    assert [row["id"] for row in rows] == ["0001", "0002", "0003"]
    assert float(rows[0]["fid_mnist_classifier"]) == 1 / 3
    assert rows[2]["fid_mnist_classifier"] == ""
    assert rows[2]["dataset.path"] == "Bücher, |日本|"
    assert rows[2]["remarks"] == "its log is cut off after round 99"


def test_programs_get_rows_that_may_be_ranked_together(apart):
    rows = [*csv.DictReader(io.StringIO(tables.as_csv(ranked(apart, "fid"))))]
    assert [(row["id"], row["protocol"]) for row in rows] == [("0002", "0"), ("0001", "1")]


def test_markdown_has_as_many_cells_in_every_line(compared):
    lines = tables.markdown(compared).splitlines()
    counts = {line.replace("\\|", "").count("|") for line in lines}
    assert len(lines) == 5
    assert len(counts) == 1


NAMES = st.lists(st.text("ab.", min_size=1, max_size=6), unique=True, max_size=8)


@given(NAMES)
def test_the_last_parts_of_names_tell_them_apart(names):
    short = tails(names, ".")
    assert all(name.endswith(short[name]) for name in names)
    ends = [[other for other in names if f".{other}".endswith(f".{short[n]}")] for n in names]
    assert all(len(same) == 1 or short[n] == n for n, same in zip(names, ends, strict=True))
