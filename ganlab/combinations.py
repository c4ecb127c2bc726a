"""All that can be asked for: the product of options, what can play, and a cover of its pairs."""

import functools
import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from ganlab.datasets.spec import Spec
from ganlab.misfits import Combination, choice, reasons, target_of
from ganlab.options import contents, shipped

GROUPS = ("model", "network", "loss", "penalty", "augment")
Words = dict[str, str]
"""An option of each group."""

PICTURES = Spec("pictures", (3, 32, 32), 1000, tuple("01"), ("data", "label", "index"))
UNLABELLED = Spec("unlabelled", (3, 32, 32), 1000, None, ("data", "index"))
MIRRORED = Spec("mirrored", (3, 32, 32), 1000, tuple("01"), ("data", "label"))
POINTS = Spec("points", (2,), None, tuple("01"), ("data", "label"))
"""Kinds of data that rules tell apart."""


@functools.cache
def common() -> dict[str, Any]:
    """What every model has unless it says otherwise."""
    return yaml.safe_load((shipped() / "train.yaml").read_text("utf-8"))["model"]


def defaults(model: str) -> Words:
    """The options that a model chooses, by group, itself included."""
    words = {"model": model, "augment": "none", "penalty": "none", "loss": "none"}
    for each in contents("model")[model]["defaults"]:
        ((key, option),) = each.items()
        words[key.removeprefix("override /")] = option
    return {group: words[group] for group in GROUPS}


def combination(words: Mapping[str, str], spec: Spec) -> Combination:
    """The choices that words make, with nothing composed or built."""
    model, network = (
        contents("model")[words["model"]]["model"],
        contents("network")[words["network"]],
    )
    choices = {group: choice(group, target_of(group, words[group])) for group in GROUPS[2:]}
    for side in ("generator", "discriminator"):
        choices[side] = choice("network", network[side]["_target_"])
    choices["model"] = choice("model", model["game"]["_target_"])
    choices["prior"] = choice("prior", target_of("prior", words.get("prior", "normal")))
    return Combination(choices, {**common(), **model}, spec)


def product() -> Iterator[Words]:
    """Every combination of the shipped options."""
    for words in itertools.product(*(contents(group) for group in GROUPS)):
        yield dict(zip(GROUPS, words, strict=True))


def refused(words: Mapping[str, str], spec: Spec) -> str | None:
    """Why a combination cannot play with data of a kind; None where it can."""
    return next(reasons(combination(words, spec)), None)


def alone(model: str, group: str, spec: Spec) -> list[str]:
    """The options of a group that a model plays with, all else as it likes it."""
    usual = defaults(model)
    return [o for o in contents(group) if refused({**usual, group: o}, spec) is None]


@functools.cache
def cover(spec: Spec) -> list[Words]:
    """Combinations that can play, among which every pair of options that can meet does.

    Greedy: each takes the rarest pair left and fills the other groups with what is met least.
    """
    open_pairs = dict.fromkeys(playable_pairs(spec))
    met: dict[tuple[str, str], int] = {}
    rows = []
    while open_pairs:
        row = filled(dict(next(iter(open_pairs))), open_pairs, met, spec)
        rows.append(row)
        for pair in itertools.combinations(row.items(), 2):
            open_pairs.pop(pair, None)
        for item in row.items():
            met[item] = met.get(item, 0) + 1
    return rows


Pair = tuple[tuple[str, str], tuple[str, str]]


def playable_pairs(spec: Spec) -> Iterator[Pair]:
    """The pairs of options of two groups that some combination plays."""
    for one, other in itertools.combinations(GROUPS, 2):
        for a, b in itertools.product(contents(one), contents(other)):
            if completed({one: a, other: b}, spec):
                yield (one, a), (other, b)


def completed(some: Words, spec: Spec) -> Words | None:
    """A combination that holds some options and can play; None where there is none."""
    models = [some["model"]] if "model" in some else ["gan", *contents("model")]
    for model in models:
        usual = {**defaults(model), **some}
        free = [g for g in GROUPS if g not in {*some, "model"}]
        for changed in [(), *itertools.combinations(free, 1)]:
            for given in itertools.product(*(contents(group) for group in changed)):
                row = {**usual, **dict(zip(changed, given, strict=True))}
                if refused(row, spec) is None:
                    return {group: row[group] for group in GROUPS}
    return None


def filled(
    some: Words, open_pairs: Mapping[Pair, None], met: Mapping[tuple[str, str], int], spec: Spec
) -> Words:
    """A playable combination that holds some options and, group by group, most open pairs."""
    row = completed(some, spec)
    assert row is not None
    fixed = set(some)
    for group in GROUPS:
        if group in fixed:
            continue
        fixed.add(group)

        def gain(option: str, group: str = group) -> tuple[int, int]:
            given = {**{g: row[g] for g in fixed}, group: option}
            pairs = itertools.combinations([(g, given[g]) for g in GROUPS if g in fixed], 2)
            return sum(pair in open_pairs for pair in pairs), -met.get((group, option), 0)

        for option in sorted(contents(group), key=gain, reverse=True):
            if refused({**row, group: option}, spec) is None:
                row[group] = option
                break
    return row


def table() -> str:
    """What goes with each model, as markdown: one row for all models that are alike in it."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for model in contents("model"):
        cells = (*(said(group, alone(model, group, PICTURES)) for group in GROUPS[1:]), data(model))
        alike.setdefault(cells, []).append(f"`{model}`")
    head = ("model", *GROUPS[1:], "dataset")
    rows = [head, ("---",) * len(head), *((" ".join(m), *cells) for cells, m in alike.items())]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def said(group: str, playable: list[str]) -> str:
    """Some options of a group, in few words; adversarial losses are those of a plain GAN."""
    if group == "loss" and playable == alone("gan", "loss", PICTURES):
        return "adversarial"
    others = [option for option in contents(group) if option not in playable]
    if not others:
        return "any"
    few = f"any but {quoted(others)}" if len(others) < len(playable) else quoted(playable)
    return few


def quoted(names: list[str]) -> str:
    return " ".join(f"`{name}`" for name in names)


def data(model: str) -> str:
    """On which kinds of data a model plays as it comes, points by the network that they choose."""
    words = defaults(model)
    kinds = {"labelled": UNLABELLED, "unmirrored": MIRRORED}
    found = [kind for kind, without in kinds.items() if refused(words, without)]
    words["augment"] = "none"
    if all(refused({**words, "network": each}, POINTS) for each in contents("network")):
        found.append("pictures")
    return ", ".join(found) or "any"
