"""From a configuration to the objects that play: dataset, game, optimizers, average."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import torch
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from torch import nn

from ganlab import optimizers, runtime, schema
from ganlab.average import Average
from ganlab.errors import CheckpointError, ConfigError
from ganlab.games.game import Game


@dataclass
class Experiment:
    """Everything that one run plays with."""

    config: DictConfig
    runtime: runtime.Runtime
    dataset: Any
    game: Game
    average: Average
    optimizers: dict[str, torch.optim.Optimizer]
    pace: Callable[[int], None]

    def batches(self, consumed: int = 0) -> Any:
        """The endless batches of real data, `consumed` of them already seen."""
        batches = self.dataset.batches(
            self.config.batch_size, self.config.seed, self.runtime.device, self.runtime.resident
        )
        batches.consumed = consumed
        return batches

    def averaged(self) -> Game:
        """The game with averaged weights, to sample from."""
        return self.average.view(self.game)

    def state(self, number: int, consumed: int) -> dict[str, Any]:
        """All that an exact resume after round `number` needs, in plain containers."""
        return {
            "round": number,
            "batches": consumed,
            "game": self.game.state_dict(),
            "average": self.average.state_dict(),
            "optimizers": {player: o.state_dict() for player, o in self.optimizers.items()},
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take over a state. Raises CheckpointError, naming what differs, if it is another's."""
        try:
            self.game.load_state_dict(state["game"])
            self.average.load_state_dict(state["average"])
            for player, optimizer in self.optimizers.items():
                optimizer.load_state_dict(state["optimizers"][player])
        except (RuntimeError, KeyError, ValueError) as error:
            raise CheckpointError(
                f"the checkpoint is not of this configuration: {error}"
            ) from error


def build(config: DictConfig, report: Callable[[int, int], None] | None = None) -> Experiment:
    """Build and check the objects of a configuration; `report(done, total)` follows preparation.

    Raises ConfigError for parts that do not fit together and DataError for missing data.
    """
    resolved = runtime.resolve(**plain(config.runtime))
    dataset = make(config, "dataset")
    dataset.prepare(report)
    game = build_game(config, dataset.spec, resolved)
    moving = build_optimizers(config, game)
    average = Average(game, config.average.decay, config.average.ramp)
    decay = make(config, "optimizer.decay")
    experiment = Experiment(
        config, resolved, dataset, game, average, moving, optimizers.pace(moving.values(), decay)
    )
    refuse_misfits(experiment)
    return experiment


def build_game(config: DictConfig, spec: Any, resolved: runtime.Runtime) -> Game:
    """The game with its modules on the device; initialised alike wherever the seed is alike."""
    torch.manual_seed(config.seed)
    network = SimpleNamespace(
        generator=make(config, "network.generator"),
        discriminator=make(config, "network.discriminator"),
    )
    game = make(config, "model.game")(
        network,
        spec.shape,
        loss=make(config, "loss"),
        penalty=make(config, "penalty"),
        prior=make(config, "prior"),
    )
    resolved.place(game)
    return game


def build_optimizers(config: DictConfig, game: Game) -> dict[str, torch.optim.Optimizer]:
    """One optimizer a player, `optimizer.players.<player>` refining the common settings."""
    common = {k: v for k, v in plain(config.optimizer).items() if k not in {"players", "decay"}}
    refinements = plain(config.optimizer.players)
    strangers = set(refinements) - set(game.players)
    if strangers:
        raise ConfigError(
            f"optimizer.players.{strangers.pop()}: this model's players are "
            f"{' and '.join(game.players)}"
        )
    made = {}
    for player in game.players:
        settings = common | refinements.get(player, {})
        if "betas" in settings:
            settings["betas"] = tuple(map(float, settings["betas"]))  # Adam refuses an int 0
        partial = make(OmegaConf.create({"optimizer": settings}), "optimizer")
        try:
            made[player] = partial(game.movable(player))
        except (TypeError, ValueError, RuntimeError) as error:
            raise ConfigError(f"optimizer: {error}") from error
    return made


def make(config: DictConfig, key: str) -> Any:
    """Instantiate the node at `key`; a key that its target does not take is refused by name."""
    node = OmegaConf.select(config, key)
    settings = {k: v for k, v in plain(node).items() if not k.startswith("_")}
    target = schema.located(node._target_)
    for name in settings.keys() - schema.parameters(target):
        takes = ", ".join(sorted(schema.parameters(target)))
        raise ConfigError(f"{key}.{name}: {node._target_} has no such parameter; it takes {takes}")
    settings = instantiate(settings, _convert_="all")
    if node.get("_partial_"):
        return functools.partial(target, **settings)
    try:
        return target(**settings)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{key}: {error}") from error


def plain(node: Any) -> Any:
    """A node as dicts and lists, interpolations resolved."""
    return OmegaConf.to_container(node, resolve=True)


def refuse_misfits(experiment: Experiment) -> None:
    """Raise ConfigError for parts that were built but cannot play together."""
    config, spec = experiment.config, experiment.dataset.spec
    if spec.count is not None and config.batch_size > spec.count:
        raise ConfigError(
            f"batch_size={config.batch_size}: {spec.name} has {spec.count} samples; "
            f"use batch_size={spec.count} or less"
        )
    batch_norm = nn.modules.batchnorm._BatchNorm
    if config.batch_size == 1 and any(isinstance(m, batch_norm) for m in experiment.game.modules()):
        raise ConfigError(
            "batch_size=1: batch normalisation needs two samples or more; use batch_size=2, or "
            "model.generator_norm=none model.discriminator_norm=none"
        )
    refuse_unused(experiment)
    drawn = tuple(draw_two(experiment).shape[1:])
    if drawn != spec.shape:
        raise ConfigError(
            f"network: the generator draws {drawn} and the data have {spec.shape}; change "
            "dataset.resolution, dataset.channels or network"
        )


def refuse_unused(experiment: Experiment) -> None:
    """Refuse a penalty for a game that plays without one."""
    penalty = experiment.config.penalty._target_.rpartition(".")[0].rpartition(".")[2]
    if "penalty" not in experiment.game.uses and penalty != "none":
        raise ConfigError(
            f"penalty={penalty}: this model has no discriminator to penalise; use penalty=none"
        )


@torch.no_grad()
def draw_two(experiment: Experiment) -> torch.Tensor:
    """Two samples of the averaged generator, which a new network must be able to give."""
    return experiment.averaged().sample(2)
