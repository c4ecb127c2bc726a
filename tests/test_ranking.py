import math
from types import SimpleNamespace

import pytest

from ganlab.errors import ConfigError
from ganlab.ranking import Ranking, ranking

NAN = math.nan
JUDGE = SimpleNamespace(
    goals={"fid_x": "min", "precision_x": "max", "recall_x": "max", "swd": "min"},
    extractor_name="x",
)


def wish(by, goal="auto"):
    return SimpleNamespace(by=by, goal=goal)


@pytest.mark.parametrize(
    ("by", "goal", "name", "sign"),
    [
        ("fid", "auto", "fid_x", 1),
        ("prec", "auto", "precision_x", -1),
        ("precision_x", "min", "precision_x", 1),
        ("swd", "max", "swd", -1),
    ],
)
def test_a_metric_knows_what_is_best(by, goal, name, sign):
    assert ranking(wish(by, goal), "best", JUDGE) == Ranking(name, sign, True)


def test_a_measure_is_best_where_it_is_least():
    assert ranking(wish("generator/loss"), "best", JUDGE) == Ranking("generator/loss", 1, False)
    assert ranking(wish("a/b", "max"), "best", JUDGE) == Ranking("a/b", -1, False)


def test_nothing_is_ranked_by_default():
    assert ranking(wish(None), "best", JUDGE) is None


@pytest.mark.parametrize(("key", "by"), [("best", "fidd"), ("early_stopping", "generator/loss")])
def test_what_is_no_metric_is_refused_with_those_there_are(key, by):
    with pytest.raises(ConfigError, match=f"{key}.by={by}: no such metric.*(\n.*)*precision_x"):
        ranking(wish(by), key, JUDGE)


@pytest.mark.parametrize(
    ("values", "patience", "ends"),
    [
        ([], 1, False),
        ([5.0], 1, False),
        ([5.0, 6.0], 1, True),
        ([5.0, 4.0], 1, False),
        ([5.0, 4.0, 4.0], 1, True),
        ([5.0, 6.0, 7.0], 3, False),
        ([5.0, 6.0, 7.0, 8.0], 3, True),
        ([NAN, 6.0], 1, False),
        ([6.0, NAN, NAN], 2, True),
        ([NAN, NAN], 2, True),
        ([NAN], 2, False),
    ],
)
def test_patience_ends_so_many_evaluations_after_the_best(values, patience, ends):
    assert Ranking("fid", 1, True).exhausted(values, patience) is ends
    assert Ranking("is", -1, True).exhausted([-v for v in values], patience) is ends
