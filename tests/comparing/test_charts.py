"""Curves of several runs: the median, its band, and axes with round numbers."""

import math
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ganlab.comparing.charts import (
    GRID,
    HEIGHT,
    WIDTH,
    between,
    brief,
    extent,
    panel,
    series,
    ticks,
)

FINITE = st.floats(-1e12, 1e12)
CURVE = st.lists(st.tuples(st.integers(0, 500), FINITE), max_size=30, unique_by=lambda p: p[0])


def test_three_runs_have_a_median_and_a_band_from_least_to_greatest():
    found = series("a", 0, [[(1, 1.0), (2, 5.0)], [(1, 2.0), (2, 6.0)], [(1, 9.0), (2, 7.0)]])
    assert (found.low, found.middle, found.high) == ([1.0, 5.0], [2.0, 6.0], [9.0, 7.0])
    assert found.runs == 3


def test_five_runs_have_a_band_of_the_middle_half():
    found = series("a", 0, [[(1, float(n))] for n in (0, 10, 20, 30, 40)])
    assert (found.low, found.middle, found.high) == ([10.0], [20.0], [30.0])


def test_runs_that_were_logged_at_other_rounds_are_met_on_the_line_between():
    found = series("a", 0, [[(0, 0.0), (10, 10.0)], [(5, 7.0)]])
    assert found.rounds == [0, 5, 10]
    assert found.middle == [0.0, 6.0, 10.0]


def test_what_is_not_finite_is_left_out_and_nothing_at_all_is_no_series():
    assert series("a", 0, [[(1, math.nan), (2, 3.0), (3, math.inf)]]).rounds == [2]
    assert series("a", 0, [[(1, math.nan)], []]) is None


def test_beyond_its_ends_a_curve_has_no_value():
    curve = [(2, 1.0), (4, 3.0)]
    assert [between(curve, place) for place in (1, 2, 3, 4, 5)] == [None, 1.0, 2.0, 3.0, None]


@given(st.lists(CURVE, max_size=6))
def test_the_median_lies_within_its_band_at_a_bounded_number_of_rounds(curves):
    found = series("a", 0, [sorted(curve) for curve in curves])
    if found is None:
        assert not any(curves)
        return
    assert len(found.rounds) <= GRID
    assert found.rounds == sorted(set(found.rounds))
    for low, middle, high in zip(found.low, found.middle, found.high, strict=True):
        assert low <= middle <= high


@example([5e-324])
@example([0.0, 5e-324])
@given(st.lists(FINITE, min_size=1, max_size=20))
def test_an_axis_has_a_few_round_numbers_within_its_ends(values):
    low, high = extent(values, 0.0)
    assert low < high
    found = ticks(low, high)
    assert 1 <= len(found) <= 6
    assert all(low - 1e-9 * (high - low) <= tick <= high + 1e-9 * (high - low) for tick in found)


def test_a_spike_does_not_decide_the_axis():
    low, high = extent([*map(float, range(200)), 1e30], 0.01)
    assert low > -50
    assert high < 300


@pytest.mark.parametrize(
    ("value", "written"),
    [(0.0, "0"), (0.25, "0.25"), (1000.0, "1k"), (-2500.0, "-2.5k"), (3e6, "3M"), (1e-5, "1e-05")],
)
def test_numbers_of_axes_are_short(value, written):
    assert brief(value) == written


def drawn(curves, **more):
    return panel("fid", [series(more.get("label", "a"), more.get("colour", 0), curves)], 7)


def test_all_that_is_drawn_lies_near_the_picture():
    svg = drawn([[(1, 0.0), (2, 1e30), *((n, 1.0) for n in range(3, 200))]])
    places = re.findall(r"(-?[\d.]+),(-?[\d.]+)", " ".join(re.findall('points="(.*?)"', svg)))
    assert len(places) > 50
    assert all(0 <= float(x) <= WIDTH for x, _ in places)
    assert all(-HEIGHT <= float(y) <= 2 * HEIGHT for _, y in places)


def test_one_run_has_no_band_and_few_points_are_marked():
    svg = drawn([[(1, 1.0), (2, 2.0)]])
    assert "polygon" not in svg
    assert svg.count("<circle") == 2
    assert "<polygon" in drawn([[(1, 1.0), (2, 2.0)], [(1, 3.0), (2, 4.0)]])


def test_names_are_only_text():
    svg = drawn([[(1, 1.0)]], label='<script>"&')
    assert "<script>" not in svg
    assert "&lt;script&gt;&quot;&amp;" in svg
