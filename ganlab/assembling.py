"""From a configuration to a game: its parts, and what it is told of the data."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from omegaconf import DictConfig
from torch import nn

from ganlab import misfits
from ganlab.datasets.spec import Spec
from ganlab.games.game import Game
from ganlab.making import attempt, make
from ganlab.networks.weights import constrain
from ganlab.schema import located, parameters


def assemble(config: DictConfig, spec: Spec) -> Game:
    """The game for samples of a kind, as it is before it is put anywhere.

    It is given those of the parts and facts that it has parameters for.
    """
    asked = parameters(located(config.model.game._target_))
    classes = len(spec.classes) if spec.classes else None
    facts = {"shape": spec.shape, "classes": classes, "count": spec.count}
    given: dict[str, Any] = {name: fact for name, fact in facts.items() if name in asked}
    if "network" in asked:
        given["network"] = players(config)
    given |= {group: make(config[group], group) for group in misfits.PARTS if group in asked}
    return attempt("model.game", make(config.model.game, "model.game"), **given)


def players(config: DictConfig) -> SimpleNamespace:
    """What builds the players' networks, under the weight constraints that the model asks for."""
    wish, ways = config.model, {}
    for player in ("generator", "discriminator"):
        ways[player] = make(config.network[player], f"network.{player}")
    return SimpleNamespace(
        generator=constrained(ways["generator"], wish.generator_weights),
        discriminator=constrained(ways["discriminator"], wish.discriminator_weights),
        embedding=constrained(nn.Embedding, wish.discriminator_weights),
    )


def constrained(build_it: Callable, weights: str) -> Callable:
    """The same way to build, under a constraint on weights."""
    return lambda *sizes, **rest: constrain(build_it(*sizes, **rest), weights)
