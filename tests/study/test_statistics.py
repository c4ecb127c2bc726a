"""What is said of recipes agrees with closed forms, and failures are never left out."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganlab.study.statistics import (
    best_interval,
    best_of,
    median_interval,
    ordering,
    quantile,
    quartiles,
    swapped,
)

MANY = 2000
UNIFORM = [(n + 1) / MANY for n in range(MANY)]
FINITE = st.floats(-1e6, 1e6)
LOSSES = st.lists(st.one_of(FINITE, st.just(math.inf)), min_size=1, max_size=30)


@pytest.mark.parametrize("share", [0.025, 0.5, 0.975])
@pytest.mark.parametrize("budget", [1, 2, 5, 20, 100])
def test_the_best_of_k_uniform_numbers_has_its_quantiles(budget, share):
    assert best_of(UNIFORM, budget, share) == pytest.approx(
        1 - (1 - share) ** (1 / budget), abs=2 / MANY
    )


def test_it_is_what_resampling_finds():
    losses = np.random.default_rng(1).normal(size=12)
    resampled = np.random.default_rng(2).choice(losses, (20000, 4)).min(axis=1)
    for share in (0.1, 0.5, 0.9):
        at_most = np.mean(resampled <= best_of(losses, 4, share))
        below = np.mean(resampled < best_of(losses, 4, share))
        assert below - 0.02 <= share <= at_most + 0.02


def test_the_interval_holds_the_best_of_a_fresh_search():
    random = np.random.default_rng(0)
    inside = [
        low <= random.random(5).min() <= high
        for low, high in (best_interval(random.random(400), 5) for _ in range(2000))
    ]
    assert 0.93 < np.mean(inside) < 0.97


@given(LOSSES)
def test_a_larger_budget_is_never_worse(losses):
    curve = [best_of(losses, k, 0.5) for k in range(1, len(losses) + 1)]
    assert all(after <= before for before, after in itertools.pairwise(curve))
    assert set(curve) <= set(losses)


@given(LOSSES, st.integers(1, 40))
def test_the_median_of_the_best_lies_within_its_interval(losses, budget):
    low, high = best_interval(losses, budget)
    assert low <= best_of(losses, budget, 0.5) <= high


@given(LOSSES)
def test_an_endless_budget_finds_the_best(losses):
    assert best_of(losses, 10**6, 0.5) == min(losses)


@given(FINITE, st.integers(1, 20), st.integers(1, 20))
def test_equal_runs_leave_nothing_open(loss, runs, budget):
    same = [loss] * runs
    assert best_interval(same, budget) == median_interval(same) == quartiles(same) == (loss, loss)


def test_runs_that_failed_count_as_worst():
    losses = [1.0, math.inf, math.inf]
    assert best_of(losses, 1, 0.5) == math.inf  # one run is done with probability 1/3
    assert best_of(losses, 2, 0.5) == 1.0  # 5/9
    assert best_interval(losses, 2) == (1.0, math.inf)


def test_a_recipe_all_of_whose_runs_failed_is_worst_throughout():
    lost = [math.inf] * 4
    worst = (math.inf, math.inf)
    assert best_interval(lost, 3) == median_interval(lost) == quartiles(lost) == worst
    assert ordering({"lost": quantile(lost, 0.5), "found": 3.0}) == ["found", "lost"]


@given(st.lists(FINITE, min_size=1, max_size=30), st.floats(0, 1))
def test_a_quantile_is_the_usual_one(losses, share):
    assert quantile(losses, share) == pytest.approx(np.quantile(losses, share), abs=1e-6)


@pytest.mark.parametrize(
    ("losses", "found"),
    [
        ([3.0, 1.0, 2.0], 2.0),
        ([1.0, 2.0], 1.5),
        ([1.0, 2.0, math.inf], 2.0),
        ([1.0, math.inf], math.inf),
    ],
)
def test_a_median_leaves_no_run_out(losses, found):
    assert quantile(losses, 0.5) == found


def test_half_of_the_losses_lie_between_the_quartiles():
    assert quartiles([4.0, 0.0, 3.0, 1.0, 2.0]) == (1.0, 3.0)
    assert quartiles([0.0, 1.0, 2.0, math.inf, math.inf]) == (1.0, math.inf)


def test_the_interval_of_the_median_holds_that_of_the_source():
    random = np.random.default_rng(3)
    intervals = [median_interval(random.normal(size=25)) for _ in range(100)]
    assert 88 <= sum(low <= 0 <= high for low, high in intervals) <= 100
    assert np.mean([high - low for low, high in intervals]) < 1.2


def test_an_interval_is_the_same_every_time():
    assert median_interval([1.0, 4.0, 2.0, 7.0]) == median_interval([1.0, 4.0, 2.0, 7.0])


@given(st.lists(st.text(min_size=1), min_size=1, max_size=8, unique=True))
def test_opposite_orderings_change_every_pair_and_equal_ones_none(names):
    one = {name: float(n) for n, name in enumerate(names)}
    other = {name: -loss for name, loss in one.items()}
    assert ordering(one) == names
    assert len(swapped(one, other)) == math.comb(len(names), 2)
    assert swapped(one, one) == []


def test_a_pair_that_is_equal_once_does_not_change_places():
    assert swapped({"a": 1.0, "b": 2.0}, {"a": 3.0, "b": 3.0}) == []
    assert swapped({"a": 1.0, "b": 2.0}, {"a": 3.0, "b": 2.0}) == [("a", "b")]
