"""From a configuration to the objects that play: dataset, game, optimizers, average."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from omegaconf import DictConfig, OmegaConf
from torch import Tensor
from torch.overrides import TorchFunctionMode

from ganlab import misfits, optimizers, processes, rules, runtime
from ganlab.alarms.alarm import Alarm
from ganlab.assembling import assemble
from ganlab.average import Average
from ganlab.datasets.spec import Spec
from ganlab.differences import differences
from ganlab.engine import mix
from ganlab.errors import CheckpointError, ConfigError
from ganlab.games.game import Game
from ganlab.judge import Judge
from ganlab.judging import build_judge
from ganlab.making import attempt, make
from ganlab.ranking import Ranking, ranking
from ganlab.schema import located, parameters, plain
from ganlab.standing import standing

WEIGHTY = ("model.", "network.", "prior.", "dataset.")


@dataclass
class Experiment:
    """Everything that one run plays with; its configuration names the runtime that was resolved."""

    config: DictConfig
    runtime: runtime.Runtime
    dataset: Any
    game: Game
    average: Average
    optimizers: dict[str, torch.optim.Optimizer]
    pace: Callable[[int], None]
    alarms: dict[str, Alarm]
    judge: Judge
    best: Ranking | None
    stopping: Ranking | None
    rollbacks: int = 0

    @property
    def seed(self) -> int:
        """The seed of the rounds' noise: another one after each rollback."""
        return mix(self.config.seed, self.rollbacks) if self.rollbacks else self.config.seed

    def batches(self, consumed: int = 0) -> Any:
        """The endless batches of real data, `consumed` of them already seen."""
        batches = self.dataset.batches(
            self.config.batch_size, self.config.seed, self.runtime.device, self.runtime.resident
        )
        batches.consumed = consumed
        return batches

    def averaged(self) -> Game:
        """The game with averaged weights, to sample from."""
        return standing(self.average.view(self.game), self.config.model.standing)

    def state(self, number: int, consumed: int) -> dict[str, Any]:
        """All that an exact resume after round `number` needs, in plain containers."""
        return {
            "round": number,
            "batches": consumed,
            "rollbacks": self.rollbacks,
            "config": plain(self.config),
            "game": self.game.state_dict(),
            "average": self.average.state_dict(),
            "optimizers": {player: o.state_dict() for player, o in self.optimizers.items()},
        }

    def moves_alike(self, state: dict[str, Any]) -> bool:
        """Whether the optimizers that a state was made with are of the kind of these."""
        before = state.get("config", {}).get("optimizer")
        return before is None or kind(before) == kind(plain(self.config.optimizer))

    def restore(self, state: dict[str, Any]) -> None:
        """Take over a state. Raises CheckpointError, naming what differs, if it is another's."""
        restore_weights(self.game, self.average, state, self.config)
        self.rollbacks = state.get("rollbacks", 0)
        for player, optimizer in self.optimizers.items():
            if self.moves_alike(state):
                restore_optimizer(optimizer, state["optimizers"].get(player, {}))
            optimizer.zero_grad()


def build(config: DictConfig, report: Callable[[int, int], None] | None = None) -> Experiment:
    """Build and check the objects of a configuration; `report(done, total)` follows preparation.

    Raises ConfigError for parts that do not fit together and DataError for missing data.
    """
    resolved = runtime.resolve(**plain(config.runtime))
    OmegaConf.update(config, "runtime", resolved.facts())
    dataset = make(config.dataset, "dataset")
    dataset.prepare(report)
    misfits.refuse_misfits(config, dataset.spec)
    refuse_size(config, dataset.spec, resolved)
    game, average = build_game(config, dataset.spec, resolved)
    if game.labelled:
        game.frequencies.copy_(torch.from_numpy(dataset.frequencies))
    moving = build_optimizers(config, game)
    game.meet(moving)
    for part in game.modules():
        if hasattr(part, "prepare"):
            part.prepare()  # type: ignore[operator]
    schedules = [name for name in optimizers.SCHEDULES if name in config.optimizer]
    schedule = {name: make(config.optimizer[name], f"optimizer.{name}") for name in schedules}
    pace = optimizers.pace(moving.values(), **schedule)
    alarms = {n: make(node, f"health.alarms.{n}") for n, node in config.health.alarms.items()}
    judge = build_judge(config, dataset, resolved.device)
    best, stopping = (ranking(config[key], key, judge) for key in ("best", "early_stopping"))
    rules.refuse_unplayable(config, dataset.spec, game, average.view(game))
    experiment = Experiment(
        config, resolved, dataset, game, average, moving, pace, alarms, judge, best, stopping
    )
    if best and not best.is_metric:
        with contextlib.closing(experiment.batches()) as batches:
            rules.refuse_unknown_measure(best.name, game, batches, judge.goals)
    return experiment


def build_game(config: DictConfig, spec: Spec, resolved: runtime.Runtime) -> tuple[Game, Average]:
    """The game for samples of a kind, on the device, and its average.

    It is initialised alike wherever the seed is alike.
    """
    torch.manual_seed(config.seed)
    game = assemble(config, spec)
    resolved.place(game)
    if processes.together():
        processes.share_batch_norms(game)
    average = config.average
    return game, Average(game, average.decay, average.ramp, average.start)


def refuse_size(config: DictConfig, spec: Spec, resolved: runtime.Runtime) -> None:
    """Raise ConfigError for a game that the device's memory cannot hold, before it is tried.

    What a network of the user's own cannot do without numbers is found out when it is built.
    """
    with contextlib.suppress(RuntimeError), torch.device("meta"), Unfilled():
        rules.refuse_size(assemble(config, spec), config.batch_size, resolved.device)


class Unfilled(TorchFunctionMode):
    """Inside, weights are not drawn: on the device `meta` that takes a second, and has no use."""

    def __torch_function__(
        self, function: Callable, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if function.__name__.endswith(("normal_", "uniform_")):
            return args[0] if args else kwargs["tensor"]
        return function(*args, **kwargs)


def restore_weights(game: Game, average: Average, state: dict[str, Any], config: Any) -> None:
    """Take over the players and their average. Raises CheckpointError if they are another's."""
    try:
        game.load_state_dict(state["game"])
        average.load_state_dict(state["average"])
    except (RuntimeError, KeyError) as error:
        made_with = state.get("config", {})
        differing = [d for d in differences(made_with, plain(config)) if d.startswith(WEIGHTY)]
        clashes = [line.strip()[:100] for line in str(error).splitlines()[1:4]]
        raise CheckpointError(
            "the checkpoint is of another configuration; it was made with -> this one has\n  "
            + "\n  ".join(differing[:8] or clashes)
        ) from error


def kind(settings: dict[str, Any]) -> dict[str, Any]:
    """The settings that decide what an optimizer remembers: all but the sizes of its steps."""
    sizes = {"lr", "betas", "eps", "weight_decay", "alpha", "decay", "beta2", "fused"}
    players = {player: kind(each) for player, each in (settings.get("players") or {}).items()}
    return {k: v for k, v in settings.items() if k not in sizes | {"players"}} | players


def restore_optimizer(optimizer: torch.optim.Optimizer, state: dict[str, Any]) -> None:
    """Take over what an optimizer remembers; rates and the like stay those of the configuration.

    Raises CheckpointError for what is not of its parameters' shapes: torch would not look.
    """
    groups = optimizer.state_dict()["param_groups"]
    moved = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    try:
        for number, remembered in state["state"].items():
            for name, value in remembered.items():
                if isinstance(value, Tensor) and value.dim() and value.shape != moved[number].shape:
                    raise ValueError(f"{name} of parameter {number} is {tuple(value.shape)}")
        optimizer.load_state_dict({"state": state["state"], "param_groups": groups})
    except (ValueError, LookupError, AttributeError, TypeError) as error:
        raise CheckpointError(f"the checkpoint's optimizers do not fit: {error}") from error


def build_optimizers(config: DictConfig, game: Game) -> dict[str, torch.optim.Optimizer]:
    """One optimizer a player, `optimizer.players.<player>` refining the common settings."""
    common = {k: v for k, v in plain(config.optimizer).items() if k not in optimizers.APART}
    bare = {"_partial_": True}
    refinements = plain(config.optimizer.players)
    for stranger in refinements.keys() - set(game.players):
        raise ConfigError(
            f"optimizer.players.{stranger}: this model's players are {' and '.join(game.players)}"
        )
    made = {}
    for player in game.players:
        refined = refinements.get(player, {})
        settings = (bare if "_target_" in refined else common) | refined
        settings = optimizers.corrected(settings, game.every(player))
        fused = "fused" in parameters(located(settings["_target_"]))
        if fused and next(game.parameters()).is_cuda:
            settings["fused"] = True  # the one kind that can leave out a step without waiting
        optimizer = make(settings, "optimizer")
        kind, words = optimizers.eager(optimizer.func), optimizer.keywords
        try:
            made[player] = attempt("optimizer", kind, game.movable(player), **words)
        except RuntimeError as error:  # of a fused optimizer where there is none
            raise ConfigError(f"optimizer: {error}") from error
    return made
