"""Reading a log at a few places: bounded, and never hurt by what is damaged."""

import itertools
import json
import math

import pytest
from handwritten import logged as line
from handwritten import write_run
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.tensorboard import SummaryWriter

from ganlab.comparing.curves import logged


@pytest.fixture
def run(tmp_path):
    return write_run(tmp_path, "0001", rounds=1000)


def rounds(log):
    return [line["round"] for line in log.lines]


def test_a_short_log_is_read_whole(tmp_path):
    assert rounds(logged(write_run(tmp_path, "0001", rounds=20), 200)) == [*range(1, 21)]


def test_a_long_log_is_read_at_places_that_are_evenly_spread(run):
    found = rounds(logged(run, 50))
    assert len(found) == 50
    assert (found[0], found[-1]) == (1, 1000)
    gaps = [b - a for a, b in itertools.pairwise(found)]
    assert max(gaps) <= 1.2 * 1000 / 49


@given(st.lists(st.integers(0, 9000), max_size=30), st.integers(2, 40))
def test_first_and_last_are_among_at_most_so_many_lines(tmp_path_factory, lengths, most):
    run = write_run(tmp_path_factory.mktemp("run"), "0001", rounds=0)
    lines = [json.dumps({"round": n, "pad": "x" * length}) for n, length in enumerate(lengths)]
    run.metrics_file.write_text("".join(f"{each}\n" for each in lines))
    found = rounds(logged(run, most))
    assert len(found) <= most
    assert found == sorted(set(found))
    assert {*found[:1], *found[-1:]} == {*range(len(lengths))[:1], *range(len(lengths))[-1:]}


@pytest.mark.parametrize("cut", [1, 20, 100])
def test_a_log_that_is_cut_off_shows_what_is_there(run, cut):
    run.metrics_file.write_bytes(run.metrics_file.read_bytes()[:-cut])
    log = logged(run, 50)
    assert log.cut_off
    assert log.round == 999


def test_a_whole_log_is_not_cut_off(run):
    assert not logged(run, 50).cut_off


@pytest.mark.parametrize("junk", ["[]", "{}", '{"round": "x"}', "\x00\x01", "NaN", '"' * 70_000])
def test_lines_that_tell_of_no_round_are_left_out(run, junk):
    run.metrics_file.write_text(line(1) + junk + "\n" + line(2) + junk + "\n" + line(3))
    assert rounds(logged(run, 50)) == [1, 2, 3]


def test_an_empty_log_and_none_have_no_lines(run):
    run.metrics_file.write_text("")
    assert logged(run, 50).lines == []
    run.metrics_file.unlink()
    assert logged(run, 50).lines == []
    assert logged(run, 50).round == 0


def test_what_was_not_finite_is_not_a_number(run):
    run.metrics_file.write_text('{"round": 1, "time": 1.0, "a": null, "b": 2, "c": "word"}\n')
    curves = logged(run, 50).curves()
    assert math.isnan(curves["a"][0][1])
    assert curves["b"] == [(1, 2.0)]
    assert curves.keys() == {"a", "b"}


def written(path, steps):
    with SummaryWriter(str(path)) as writer:
        for step in range(1, steps + 1):
            writer.add_scalar("generator/loss", step / 10, step)
            writer.add_scalar("metrics/fid", 7.0, step)


def test_without_a_log_the_event_files_tell(run):
    run.metrics_file.unlink()
    written(run.path, 30)
    log = logged(run, 50)
    assert log.from_events
    assert not log.cut_off
    assert rounds(log) == [*range(1, 31)]
    assert log.curves().keys() == {"generator/loss"}
    assert log.curves()["generator/loss"][4] == (5, pytest.approx(0.5))


@pytest.mark.parametrize("cut", [1, 15, 40])
def test_event_files_that_are_cut_off_show_what_is_there(run, cut):
    run.metrics_file.unlink()
    written(run.path, 30)
    (file,) = run.path.glob("events.*")
    file.write_bytes(file.read_bytes()[:-cut])
    log = logged(run, 50)
    assert log.cut_off
    assert rounds(log)[:28] == [*range(1, 29)]


def test_of_many_events_few_are_kept(run):
    run.metrics_file.unlink()
    written(run.path, 300)
    assert len(logged(run, 20).lines) <= 20
