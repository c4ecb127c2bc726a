"""What cannot play together: every combination is asked about, and every refusal has its reason."""

import re
from dataclasses import replace
from itertools import combinations as pairs

import pytest

from ganlab import combinations
from ganlab.build import build
from ganlab.combinations import GROUPS, MIRRORED, PICTURES, POINTS, UNLABELLED, cover, refused
from ganlab.errors import ConfigError
from ganlab.misfits import RULES
from ganlab.options import contents


def test_every_combination_plays_or_is_refused_with_reason_and_remedy():
    played = {group: set() for group in GROUPS}
    found = set()
    for words in combinations.product():
        reason = refused(words, PICTURES)
        if reason is None:
            for group, option in words.items():
                played[group].add(option)
        else:
            found.add(reason)
    assert all(re.match(r"\w+=\w+:? .*; (use|leave) ", reason) for reason in found)
    assert played == {group: set(contents(group)) for group in GROUPS}


def test_every_rule_refuses_something():
    kinds = (PICTURES, UNLABELLED, MIRRORED, POINTS)
    rows = [
        {**combinations.defaults(model), group: option}
        for model in contents("model")
        for group in GROUPS[1:]
        for option in contents(group)
    ]
    asked = [combinations.combination(row, spec) for row in rows for spec in kinds]
    told = combinations.combination(combinations.defaults("gan"), PICTURES)
    asked.append(replace(told, model={**told.model, "condition": 3}))
    for rule in RULES:
        assert any(list(rule(each)) for each in asked), rule.__name__


@pytest.mark.parametrize("model", contents("model"))
def test_every_model_plays_as_it_comes(model):
    assert refused(combinations.defaults(model), PICTURES) is None


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (["model=gan", "loss=began"], "loss=began weighs the energies"),
        (["model=gan", "dataset=ring", "augment=flip"], "augment=flip: ring has no pictures"),
        (["model=gan", "penalty=consistency"], "penalty=consistency compares passes"),
        (["model=vae", "augment=flip"], "augment=flip: this model has no use"),
        (["model=dcgan", "loss=none"], "loss=none: this model needs a loss with `discriminator`"),
        (["model=gan", "loss=laplacian"], "; use loss=f_gan or loss=f_hellinger or"),
        (["model=pggan", "network=mlp"], "network=mlp: this model needs a network with"),
        (["model=glo", "dataset=ring"], "dataset=ring: this model keeps a code"),
        (["model=glo", "dataset.flip=true"], "use stored data, with dataset.flip=false"),
        (["model=stylegan2", "dataset=ring"], "dataset=ring: this model draws pictures only"),
        (["model=pacgan", "batch_size=15"], "batch_size=15: samples are judged 2 at a time"),
    ],
)
def test_a_refusal_names_key_value_and_remedy(tiny, words, refusal):
    with pytest.raises(ConfigError, match=re.escape(refusal)) as told:
        build(tiny(*words))
    assert "; " in str(told.value)


def test_the_cover_holds_every_pair_that_can_meet():
    rows = cover(PICTURES)
    held = {pair for row in rows for pair in pairs(row.items(), 2)}
    assert set(combinations.playable_pairs(PICTURES)) <= held
    assert all(refused(row, PICTURES) is None for row in rows)
    assert len({tuple(row.items()) for row in rows}) == len(rows)
