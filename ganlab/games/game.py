"""What every game is: players, the turns of a round, and how to sample."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

from ganlab.errors import ConfigError
from ganlab.processes import mine, whole


@dataclass
class Turn:
    """One player with its named loss terms, and what else is worth logging (scalars).

    With `step=False` the gradients are kept for the player's next turn.
    """

    player: str
    losses: dict[str, Tensor]
    measures: dict[str, Tensor] = field(default_factory=dict)
    step: bool = True

    def detach(self) -> None:
        """Let go of the graph, once the player has its gradients."""
        self.losses = {name: loss.detach() for name, loss in self.losses.items()}
        self.measures = {name: value.detach() for name, value in self.measures.items()}

    def total(self) -> Tensor:
        """The losses and the gradient's norm in one number: finite only if all of them are."""
        return sum(self.losses.values(), self.measures["gradient_norm"])

    def record(self) -> dict[str, Tensor]:
        """All scalars of the turn under `player/name`."""
        scalars = {**self.losses, **self.measures}
        return {f"{self.player}/{name}": value for name, value in scalars.items()}


class Game(nn.Module, ABC):
    """A game between players; its modules hold everything that a checkpoint must keep.

    `players` names who moves, `averaged` the modules of which a moving average is kept, `uses`
    the config groups that the game plays with.
    """

    players: tuple[str, ...]
    averaged: tuple[str, ...] = ("generator",)
    uses: tuple[str, ...]
    generator: nn.Module
    loss: Any
    penalty: Any
    prior: Any

    @abstractmethod
    def round(self, number: int, batches: Iterator[dict[str, Tensor]]) -> Iterator[Turn]:
        """Yield the turns of round `number` (from 1); code after a `yield` runs after the move."""

    def movable(self, player: str) -> list[nn.Parameter]:
        """The parameters that a player moves: by default those of the submodule so named."""
        return list(getattr(self, player).parameters())

    def decode(self, z: Tensor) -> Tensor:
        """(n, *shape) float32 samples of noise (n, latent); pictures lie in [-1, 1]."""
        return self.generator(z).float()

    def sample(self, n: int) -> Tensor:
        """Draw (n, *shape) float32 samples; pictures lie in [-1, 1]."""
        device = next(self.generator.parameters()).device
        return self.decode(self.prior(n, device))

    def fake(self, n: int) -> Tensor:
        """(n, *shape) samples to train with: this process's rows of what the whole batch draws."""
        device = next(self.generator.parameters()).device
        return self.decode(mine(self.prior(whole(n), device)))


def require(part: object, group: str, *methods: str) -> None:
    """Refuse a part that lacks a method which the game calls. Raises ConfigError."""
    for method in methods:
        if not callable(getattr(part, method, None)):
            raise ConfigError(
                f"{group}={type(part).__name__}: this model needs a {group} with `{method}`; "
                f"leave {group} at the model's own choice, or see `ganlab list {group}`"
            )
