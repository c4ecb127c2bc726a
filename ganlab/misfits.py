"""Which parts cannot play together: rules that look at classes, and build nothing.

So all combinations there are can be asked about, and the README's table of them is made of these.
"""

import functools
import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from ganlab.errors import ConfigError
from ganlab.options import contents
from ganlab.schema import located, parameters

PARTS = ("loss", "penalty", "prior", "augment")
"""The groups of which a game may take what they build."""
FEW = 3
"""Options that a remedy names."""


@dataclass(frozen=True)
class Choice:
    """What a group builds: the class, and what messages call it."""

    name: str
    made: Any

    @classmethod
    def of(cls, group: str, target: str) -> "Choice":
        """What a `_target_` names, called as the shipped option that alone builds it, if any."""
        options = [name for name in contents(group) if target_of(group, name) == target]
        return cls(options[0] if len(options) == 1 else target.split(".")[-2], located(target))

    @functools.cached_property
    def parameters(self) -> Collection[str]:
        """What it is built from, by name."""
        return parameters(self.made).keys()

    @functools.cached_property
    def names(self) -> set[str]:
        """What its instances have, as far as its class says."""
        bases = self.made.__mro__
        return {name for b in bases for name in (*vars(b), *vars(b).get("__annotations__", {}))}

    def lacks(self, name: str) -> bool:
        """Whether its instances do not have something; of a function nothing is known before."""
        return isinstance(self.made, type) and name not in self.names


@dataclass(frozen=True)
class Combination:
    """The choices of one configuration, by group; its `model` node; and the kind of its data."""

    choices: dict[str, Choice]
    model: Any
    spec: Any

    @property
    def game(self) -> Any:
        return self.choices["model"].made

    def takes(self, group: str) -> bool:
        """Whether the game plays with what a group builds."""
        return group in self.choices["model"].parameters

    def attribute(self, group: str, name: str) -> Any:
        """A class attribute of a choice, False where it has none."""
        return getattr(self.choices[group].made, name, False)

    def said(self, group: str) -> str:
        return f"{group}={self.choices[group].name}"


def chosen(config: Any) -> dict[str, Choice]:
    """What each group of a configuration builds, the players by their own names."""
    found = {group: choice(group, config[group]._target_) for group in PARTS}
    for side in ("generator", "discriminator"):
        found[side] = choice("network", config.network[side]._target_)
    return found | {"model": choice("model", config.model.game._target_)}


def target_of(group: str, option: str) -> str:
    """What a shipped option builds; of a network, its generator."""
    node = contents(group)[option]
    inner = {"network": "generator", "model": "model"}.get(group)
    node = node[inner] if inner else node
    return node["game"]["_target_"] if group == "model" else node.get("_target_", "")


@functools.cache
def choice(group: str, target: str) -> Choice:
    return Choice.of(group, target)


def refuse_misfits(config: Any, spec: Any) -> None:
    """Raise ConfigError, with reason and remedy, for parts that cannot play together."""
    combination = Combination(chosen(config), config.model, spec)
    for reason in reasons(combination):
        raise ConfigError(reason)


def reasons(combination: Combination) -> Iterator[str]:
    """Why parts cannot play together, each with a remedy; nothing where they can."""
    for rule in RULES:
        yield from rule(combination)


def not_played(c: Combination) -> Iterator[str]:
    """A choice of a group that the game does not play with."""
    for group in ("loss", "penalty", "augment"):
        if not c.takes(group) and c.choices[group].name != "none":
            yield f"{c.said(group)}: this model has no use for one; use {group}=none"


def lacking(c: Combination) -> Iterator[str]:
    """A part without something that the game calls."""
    for group, names in c.game.asks.items():
        part = c.choices["generator" if group == "network" else group]
        for name in filter(part.lacks, names):
            if group == "network" and not c.spec.is_image and only_pictures(names):
                yield (
                    f"dataset={c.spec.name}: this model draws pictures only; use dataset=digits, "
                    "or model=gan"
                )
                return
            helpful = helping(c.choices["model"], group, names)[:FEW]
            fitting = " or ".join(f"{group}={option}" for option in helpful)
            yield (
                f"{group}={part.name}: this model needs a {group} with `{name}`; use {fitting} "
                f"(`ganlab list {group}` describes all)"
            )


def only_pictures(names: tuple[str, ...]) -> bool:
    """Whether all networks that have some names draw nothing but pictures."""
    makers = (choice("network", target_of("network", each)) for each in offering("network", names))
    return all(getattr(each.made, "pictures_only", False) for each in makers)


@functools.cache
def offering(group: str, names: tuple[str, ...]) -> list[str]:
    """The shipped options of a group that have all of some names."""
    there = {option: choice(group, target_of(group, option)) for option in contents(group)}
    return [option for option, made in there.items() if set(names) <= made.names]


@functools.cache
def helping(model: Choice, group: str, names: tuple[str, ...]) -> list[str]:
    """The shipped options that have all of some names and, if any do, go with a game."""
    offered = offering(group, names)
    if group != "loss":
        return offered

    def goes(option: str) -> bool:
        loss = choice("loss", target_of("loss", option))
        alone = Combination({"model": model, "loss": loss}, None, None)
        return not any(next(rule(alone), None) for rule in (no_energies, no_pairs))

    return list(filter(goes, offered)) or offered


def no_energies(c: Combination) -> Iterator[str]:
    """A loss of energies without an autoencoder."""
    if c.attribute("loss", "energy") and not c.game.energy:
        yield (
            f"{c.said('loss')} weighs the energies of an autoencoder, which this model's "
            "discriminator is not; use model=began or model=ebgan"
        )


def no_pairs(c: Combination) -> Iterator[str]:
    """A loss of pairs where fakes do not keep their partners."""
    if c.attribute("loss", "paired") and not c.game.pairs:
        yield (
            f"{c.said('loss')} compares each fake with a real partner, and this model keeps some "
            "fakes only; use loss=non_saturating"
        )


def no_pictures(c: Combination) -> Iterator[str]:
    """What is for pictures, with other data."""
    if c.spec.is_image:
        return
    if c.attribute("augment", "pictures_only"):
        yield f"{c.said('augment')}: {c.spec.name} has no pictures; use augment=none"
    if c.attribute("generator", "pictures_only"):
        drawing = c.choices["generator"].name
        yield f"network={drawing}: it draws pictures, and {c.spec.name} has none; use network=mlp"


def no_dropout(c: Combination) -> Iterator[str]:
    """A penalty that compares passes of different dropout, without any."""
    drops = "dropout" in c.choices["discriminator"].parameters
    if c.attribute("penalty", "dropout") and not (drops and c.model["discriminator_dropout"]):
        yield (
            f"{c.said('penalty')} compares passes of different dropout, and this discriminator has "
            "none; use network=dcgan, mlp, resnet or sngan with model.discriminator_dropout=0.5"
        )


def no_labels(c: Combination) -> Iterator[str]:
    """A game of labels without any."""
    if c.game.labelled and c.spec.classes is None:
        yield (
            f"dataset={c.spec.name}: it has no labels, and this model draws by class; use labelled "
            "data, such as a folder with a directory for each class, or a model without labels"
        )


def no_numbers(c: Combination) -> Iterator[str]:
    """A game that keeps something of each training sample, of samples that never come again."""
    if c.game.numbered and "index" not in c.spec.columns:
        yield (
            f"dataset={c.spec.name}: this model keeps a code of each training sample, and these "
            "are drawn or mirrored anew; use stored data, with dataset.flip=false"
        )


def other_noise(c: Combination) -> Iterator[str]:
    """Noise that is not as wide as the samples of a flow, or of no width that anybody says."""
    latent, size = c.model["latent"], math.prod(c.spec.shape)
    if c.attribute("generator", "as_wide") and latent not in (None, size):
        yield (
            f"network={c.choices['generator'].name}: a flow's noise has as many dimensions as its "
            f"samples, {size}, and model.latent={latent}; use model.latent={size}, model=realnvp, "
            "or another network"
        )
    if latent is None and not c.attribute("model", "as_wide"):
        yield "model.latent=null: this model does not say how wide noise is; use model.latent=100"


def no_condition(c: Combination) -> Iterator[str]:
    """Room for a label's embedding that the game never fills."""
    if c.model["condition"] and "condition" not in c.choices["model"].parameters:
        yield (
            f"model.condition={c.model['condition']}: this model tells its generator no label; use "
            "model.condition=0, or a model that does, such as model=cgan"
        )


RULES = (
    *(not_played, lacking, no_energies, no_pairs, no_pictures, no_dropout, no_labels),
    *(no_numbers, other_noise, no_condition),
)
