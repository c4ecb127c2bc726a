import json
import math

import pytest

from ganlab.errors import ConfigError
from ganlab.evaluations import Entry, append, entries, named, refuse_unlike, stamp

PROTOCOL = {
    "dataset": "mnist",
    "samples": 2000,
    "weights": "average",
    "seed": 0,
    "metrics": {"kid": {"subsets": 100}},
}


NO_PROTOCOL = '{"round": 1, "time": 1.0, "metrics": {}, "skipped": {}, "protocol": {}}'


def entry(number=5, **metrics):
    return Entry(number, 1.5, metrics, {"swd": "no reason"}, PROTOCOL)


def test_what_is_kept_is_read_back(tmp_path):
    for number in (1, 2):
        append(tmp_path / "file", entry(number, fid=3.5))
    assert entries(tmp_path / "file") == [entry(1, fid=3.5), entry(2, fid=3.5)]


def test_a_file_is_json_whatever_the_numbers(tmp_path):
    append(tmp_path / "file", entry(fid=math.nan, kid=math.inf))
    line = json.loads((tmp_path / "file").read_text())
    assert line["metrics"] == {"fid": None, "kid": None}
    assert math.isnan(entries(tmp_path / "file")[0].metrics["fid"])


@pytest.mark.parametrize("cut", [1, 30, 80])
def test_a_line_that_was_cut_off_costs_no_other(tmp_path, cut):
    file = tmp_path / "file"
    append(file, entry(1))
    append(file, entry(2))
    file.write_bytes(file.read_bytes()[:-cut])
    append(file, entry(3))
    assert [e.round for e in entries(file)] == ([1, 2, 3] if cut == 1 else [1, 3])


@pytest.mark.parametrize(
    "line", ["[]", "{}", "null", '{"round": 1}', '{"a": {"b": 1}}', "\x00\x01", NO_PROTOCOL]
)
def test_what_is_no_evaluation_is_left_out(tmp_path, line):
    (tmp_path / "file").write_text(line + "\n")
    append(tmp_path / "file", entry(7))
    assert [e.round for e in entries(tmp_path / "file")] == [7]


NAMES = ("fid_mnist_classifier", "kid_mnist_classifier", "kid_deviation_mnist_classifier", "swd")


@pytest.mark.parametrize(
    ("wish", "full"),
    [
        ("fid", "fid_mnist_classifier"),
        ("f", "fid_mnist_classifier"),
        ("kid", "kid_mnist_classifier"),
        ("kid_d", "kid_deviation_mnist_classifier"),
        ("kid_deviation_mnist_classifier", "kid_deviation_mnist_classifier"),
        ("swd", "swd"),
        ("k", None),
        ("precision", None),
        ("swd_mnist_classifier", None),
    ],
)
def test_a_unique_prefix_names_a_metric(wish, full):
    assert named(wish, NAMES, "mnist_classifier") == full


def test_other_protocols_are_not_compared():
    other = {**PROTOCOL, "samples": 10_000, "metrics": {"kid": {"subsets": 10}}}
    refuse_unlike({"a": PROTOCOL, "b": dict(PROTOCOL)})
    with pytest.raises(ConfigError) as refusal:
        refuse_unlike({"a": PROTOCOL, "b": dict(PROTOCOL), "c": other})
    told = str(refusal.value)
    assert "a and c" in told
    assert "samples: 2000 -> 10000" in told
    assert "metrics.kid.subsets: 100 -> 10" in told


def test_a_metric_that_only_one_has_does_not_make_them_unlike():
    more = {**PROTOCOL, "metrics": {**PROTOCOL["metrics"], "fid": {}}}
    refuse_unlike({"a": PROTOCOL, "b": more})


def test_given_samples_have_neither_weights_nor_a_seed():
    refuse_unlike({"run": PROTOCOL, "file": {**PROTOCOL, "weights": "given", "seed": 3}})
    with pytest.raises(ConfigError, match="weights: average -> raw"):
        refuse_unlike({"run": PROTOCOL, "other": {**PROTOCOL, "weights": "raw"}})


def test_equal_protocols_have_equal_stamps_whatever_their_order():
    assert stamp(PROTOCOL) == stamp(dict(reversed(PROTOCOL.items())))
    assert stamp(PROTOCOL) != stamp({**PROTOCOL, "samples": 1})
