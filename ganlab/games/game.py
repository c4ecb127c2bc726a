"""What every game is: players, the turns of a round, and how to sample."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, ClassVar

from torch import Tensor, device, nn
from torch.optim import Optimizer

from ganlab.processes import mine, whole

Batch = dict[str, Tensor]
"""Named columns, rows first: `data`, and `label` or others where the samples have them."""


@dataclass
class Turn:
    """One player with its named loss terms, and what else is worth logging (scalars).

    With `step=False` the gradients are kept for the player's next turn; the turn is this `share` of
    what the player moves by. With `fresh` the player's optimizer forgets its moments before the
    move, and what the player moves is asked for anew.
    """

    player: str
    losses: dict[str, Tensor]
    measures: dict[str, Tensor] = field(default_factory=dict)
    step: bool = True
    share: float = 1.0
    fresh: bool = False

    def detach(self) -> None:
        """Let go of the graph, once the player has its gradients."""
        self.losses = {name: loss.detach() for name, loss in self.losses.items()}
        self.measures = {name: value.detach() for name, value in self.measures.items()}

    def decisive(self) -> list[Tensor]:
        """What must be finite for the player to move: the losses and the gradient's norm."""
        return [*self.losses.values(), self.measures["gradient_norm"]]

    def record(self) -> dict[str, Tensor]:
        """All scalars of the turn under `player/name`."""
        scalars = {**self.losses, **self.measures}
        return {f"{self.player}/{name}": value for name, value in scalars.items()}


class Game(nn.Module, ABC):
    """A game between players; its modules hold everything that a checkpoint must keep.

    `players` names who moves, `averaged` the modules of which a moving average is kept. `asks` says
    what a game needs of its parts: by config group, the names that what is built must have. One
    that samples by class has `classes`, how many there are.
    """

    players: tuple[str, ...]
    averaged: tuple[str, ...] = ("generator",)
    asks: ClassVar[dict[str, tuple[str, ...]]] = {}
    labelled: ClassVar[bool] = False
    """Whether it needs the labels of real samples; then it has a buffer `frequencies` of them."""
    numbered: ClassVar[bool] = False
    """Whether it needs the numbers of real samples, the column `index`."""
    energy: ClassVar[bool] = False
    """Whether its logits are an autoencoder's energies, negated."""
    multiple: int = 1
    """How many samples are judged together: a process's batch must be a multiple."""
    pairs: ClassVar[bool] = True
    """Whether each fake keeps its real partner, for losses of pairs."""
    as_wide: ClassVar[bool] = False
    """Whether noise has as many dimensions as samples where `model.latent` is null."""
    classes: int | None = None
    truncation: float
    """Of a game with styles: how far they are drawn from their mean, from 0 to 1."""
    generator: nn.Module
    frequencies: Any
    loss: Any
    penalty: Any
    prior: Any

    @abstractmethod
    def round(self, number: int, batches: Iterator[Batch]) -> Iterator[Turn]:
        """Yield the turns of round `number` (from 1); code after a `yield` runs after the move."""

    def movable(self, player: str) -> list[nn.Parameter]:
        """The parameters that a player moves: by default those of the submodule so named."""
        return list(getattr(self, player).parameters())

    def meet(self, optimizers: dict[str, Optimizer]) -> None:
        """Called once with the players' optimizers, for games that look ahead."""

    def doubts(self, rounds: int) -> Iterator[str]:
        """What a user should know of a run of so many rounds."""
        return iter(())

    def every(self, player: str) -> int:
        """In every how many rounds the terms come that a player computes lazily."""
        return 1

    @property
    def device(self) -> device:
        """Where the game computes."""
        return next(self.parameters()).device

    def noise(self, n: int) -> Tensor:
        """(n, latent) to train with: this process's rows of what the whole batch draws."""
        return mine(self.prior(whole(n), self.device))

    def decode(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """(n, *shape) float32 samples of noise (n, latent); pictures lie in [-1, 1].

        A game of labels takes one for each, int64 (n,).
        """
        return self.generator(z).float()

    def sample(self, n: int, label: Tensor | None = None) -> Tensor:
        """Draw (n, *shape) float32 samples; pictures lie in [-1, 1].

        A game of labels draws those that are not given, int64 (n,), as they are distributed.
        """
        return self.decode(self.prior(n, self.device), label)


def replaced(network: Any, **factories: Any) -> SimpleNamespace:
    """The same network with other ways to build some of its players."""
    return SimpleNamespace(**{**vars(network), **factories})
