"""The settings that tell runs apart: what was given, and what that does not explain."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganlab.comparing import contrasts
from ganlab.comparing.contrasts import differing, telling

DCGAN = {"model": "dcgan", "loss": "non_saturating", "lr": 2e-4, "seed": 1}
WGAN = {"model": "wgan_gp", "loss": "wasserstein", "lr": 1e-4, "latent": 128, "seed": 1}


def test_what_a_recipe_brings_is_explained_by_its_name():
    assert telling([DCGAN, WGAN], set()) == ["model"]
    assert telling([DCGAN, WGAN], {"model"}) == ["model"]


def test_what_was_given_is_shown_even_where_it_is_explained():
    assert telling([DCGAN, {**WGAN, "lr": 3e-4}], {"model", "lr"}) == ["model", "lr"]


def test_what_is_not_explained_is_shown_though_nobody_gave_it():
    assert telling([DCGAN, WGAN, {**WGAN, "lr": 3e-4}], {"model"}) == ["model", "lr"]


def test_a_seed_explains_nothing_though_no_two_runs_share_it():
    runs = [DCGAN, {**WGAN, "seed": 2}]
    assert telling(runs, {"seed"}) == ["model", "seed"]
    assert telling([{**run, "model": "gan"} for run in runs], {"seed"}) == ["loss", "seed"]


def test_what_is_the_same_is_never_shown():
    assert telling([DCGAN, {**DCGAN}], {"model", "lr"}) == []


def test_a_setting_that_only_one_has_differs():
    assert "latent" in differing([DCGAN, WGAN])


def test_what_is_not_known_of_a_run_is_no_difference():
    assert differing([DCGAN, {**DCGAN, "lr": 1e-4}], [{"seed": 1}]) == ["lr"]
    assert differing([DCGAN, DCGAN], [{"seed": 2}]) == ["seed"]
    assert telling([DCGAN, DCGAN], {"seed"}, [{"seed": 2, "model": "dcgan"}]) == ["seed"]
    assert telling([], {"seed"}, [{"seed": 2}, {"seed": 3}]) == ["seed"]


@pytest.mark.parametrize(
    ("word", "value"),
    [("1", 1), ("1e-4", 1e-4), ("true", True), ("wgan_gp", "wgan_gp"), ("[1,2]", "[1,2]")],
)
def test_a_word_stands_for_a_number_a_truth_value_or_itself(word, value):
    assert contrasts.value(word) == value


def test_a_groups_word_gives_its_choice_alone():
    known = {"optimizer", "optimizer.lr", "players.generator.lr", "seed"}
    words = ["optimizer=adam", "+players={generator: {lr: 1}}", "--config-dir", "seed=3"]
    assert contrasts.given(words, known) == {"optimizer", "players.generator.lr", "seed"}


def test_a_command_that_nobody_can_read_gives_nothing():
    assert contrasts.words("ganlab 'train") == []
    assert contrasts.words(None) == []


SETTINGS = st.lists(
    st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 2) | st.booleans() | st.none()),
    max_size=6,
)


@given(SETTINGS, st.sets(st.sampled_from([*"abcdef", "seed"])))
def test_what_is_shown_explains_all_that_differs(settings, given_):
    runs = [{**each, "seed": seed} for seed, each in enumerate(settings)]
    shown = telling(runs, given_)
    assert set(shown) <= set(differing(runs))
    assert given_ & set(differing(runs)) <= set(shown)
    rest = set(differing(runs)) - {"seed"}
    for one, other in itertools.combinations(runs, 2):
        alike = all(one.get(name) == other.get(name) for name in shown if name != "seed")
        assert not alike or all(one.get(name) == other.get(name) for name in rest)
