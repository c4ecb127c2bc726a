"""Evaluations are compared only where they were made alike."""

from handwritten import PROTOCOL

from ganlab.comparing.ways import brief, contrast, described, goals, judged, option
from ganlab.evaluations import Entry

BY_FID = {**PROTOCOL, "metrics": {"fid": {}}}
TEN_THOUSAND = {**BY_FID, "samples": 10_000}


def entry(protocol=BY_FID, round=10, time=1.0, **numbers):
    numbers = numbers or {"fid_mnist_classifier": 3.0}
    return Entry(round, time, numbers, {}, protocol)


def test_the_protocol_that_most_runs_share_is_taken():
    runs = [[entry(), entry(TEN_THOUSAND, time=9.0)], [entry()], [entry()]]
    found = judged(runs)
    assert found.protocols == [BY_FID]
    assert found.chosen == [0, 0, 0]
    assert found.entries == [[entry()]] * 3
    assert found.left_out == [(1, BY_FID, TEN_THOUSAND)]


def test_of_protocols_that_as_many_share_the_newest_is_taken():
    found = judged([[entry(), entry(TEN_THOUSAND, time=9.0)]])
    assert found.protocols == [TEN_THOUSAND]


def test_runs_that_share_no_protocol_stand_apart_the_larger_group_first():
    found = judged([[entry()], [entry(TEN_THOUSAND)], [entry(TEN_THOUSAND)], []])
    assert found.protocols == [TEN_THOUSAND, BY_FID]
    assert found.chosen == [1, 0, 0, None]


def test_metrics_that_only_one_has_do_not_part_them():
    both = entry(PROTOCOL, fid_mnist_classifier=1.0, recall_mnist_classifier=0.5)
    found = judged([[entry()], [both]])
    assert found.chosen == [0, 0]
    assert found.protocols[0]["metrics"] == {"fid": {}, "recall": {"k": 3}}


def test_settings_of_a_metric_part_those_that_are_compared_by_it():
    other = {**PROTOCOL, "metrics": {"fid": {}, "recall": {"k": 5}}}
    numbers = {"fid_mnist_classifier": 1.0, "recall_mnist_classifier": 0.5}
    runs = [[entry(PROTOCOL, **numbers)], [entry(other, **numbers)]]
    assert len(judged(runs).protocols) == 2
    assert len(judged(runs, ["fid"]).protocols) == 1
    assert len(judged(runs, ["recall"]).protocols) == 2


def test_an_evaluation_that_found_nothing_or_is_of_no_round_tells_nothing():
    nothing = Entry(10, 1.0, {}, {"fid": "diverged"}, TEN_THOUSAND)
    assert judged([[nothing, entry(TEN_THOUSAND, round=None)]]).chosen == [None]


def test_a_line_that_does_not_say_which_metric_gave_a_number_is_understood():
    assert option("fid_mnist_classifier", entry()) == "fid"
    protocol = {**PROTOCOL, "metrics": {"classes": {}, "classes_kl": {}}}
    assert option("classes_kl_mnist_classifier", entry(protocol)) == "classes_kl"
    assert option("copied_mnist_classifier", entry()) == "copied_mnist_classifier"


def test_names_lose_the_extractor_and_nothing_else():
    assert brief("fid_mnist_classifier", entry()) == "fid"
    assert brief("swd", entry()) == "swd"
    assert brief("fid_inception", entry()) == "fid_inception"


def test_goals_are_those_that_any_line_tells():
    told = Entry(
        1, 1.0, {"fid_mnist_classifier": 1.0}, {}, PROTOCOL, {"fid_mnist_classifier": "min"}
    )
    assert goals([entry(), told]) == {"fid": "min"}


def test_what_follows_of_itself_is_not_told_apart():
    other = {**PROTOCOL, "dataset": "digits", "content": "1", "extractor": "digits_classifier"}
    assert contrast(PROTOCOL, other) == ["dataset: mnist -> digits"]
    assert contrast(BY_FID, TEN_THOUSAND) == ["samples: 2000 -> 10000"]


def test_a_protocol_is_described_in_words():
    assert described(PROTOCOL) == (
        "2,000 samples of average weights against 60,000 of mnist (train), seen by mnist_classifier"
    )
    assert described({"weights": "raw", "metrics": {}}) == "some samples of raw weights"
