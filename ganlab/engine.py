"""The engine: it plays any game, and lets exactly the player whose turn it is move."""

import hashlib
import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor


class Diverged(FloatingPointError):
    """A loss or a gradient is not finite."""


def play(
    game: Any,
    optimizers: dict[str, torch.optim.Optimizer],
    batches: Iterator[dict[str, Tensor]],
    rounds: Iterable[int],
    seed: int,
    average: Any = None,
    pace: Callable[[int], None] | None = None,
    precision: Callable[[], AbstractContextManager] = nullcontext,
    observers: Iterable[Callable] = (),
) -> None:
    """Play the numbered rounds; each is reseeded, so a resumed run repeats exactly.

    `pace(number)` sets the learning rates of a round, `precision()` is the context in which the
    losses (never their gradients) are computed, and each `observer(number, game, record)` sees
    the round's detached measures. On a CPU, raises `Diverged` before a player moves by a loss or a
    gradient that is not finite; elsewhere an observer that reads the measures must notice.
    """
    movable = {player: game.movable(player) for player in optimizers}
    for number in rounds:
        seed_round(seed, number)
        if pace:
            pace(number)
        record: dict[str, Tensor] = {}
        for turn in within(precision, game.round(number, batches)):
            move(turn, movable[turn.player], optimizers[turn.player], number)
            record |= turn.record()
        if average:
            average.update(number)
        for observe in observers:
            observe(number, game, record)


def move(turn: Any, movable: list[Tensor], optimizer: torch.optim.Optimizer, number: int) -> None:
    """Step down the sum of the turn's losses; autograd reaches no other player's parameters."""
    total = sum(turn.losses.values())
    total.backward(inputs=movable)
    if turn.step:
        norm = turn.measures["gradient_norm"] = gradient_norm(movable)
        if norm.device.type == "cpu":  # reading a number would stall an accelerator
            refuse_non_finite(turn, total.item(), norm.item(), number)
        optimizer.step()
        optimizer.zero_grad()


def within(context: Callable[[], AbstractContextManager], turns: Iterator) -> Iterator:
    """The same turns, each computed inside a fresh context that is left before the move."""
    while True:
        with context():
            turn = next(turns, None)
        if turn is None:
            return
        yield turn


def gradient_norm(movable: list[Tensor]) -> Tensor:
    """The Euclidean norm of all gradients; an absent one becomes zeros, which Adam tells apart."""
    gradients = []
    for parameter in movable:
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
        gradients.append(parameter.grad)
    return torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients)))


def refuse_non_finite(turn: Any, total: float, norm: float, number: int) -> None:
    """Raise `Diverged`, naming round, player and losses, unless both numbers are finite."""
    if not math.isfinite(total + norm):
        losses = ", ".join(f"{name} {loss:.4g}" for name, loss in turn.losses.items())
        raise Diverged(
            f"in round {number} the {turn.player}'s gradient norm is {norm:.4g} ({losses})"
        )


def seed_round(seed: int, number: int) -> None:
    """Seed all noise of a round by (seed, number) alone."""
    seed_devices(mix(seed, number))


def seed_devices(mixed: int) -> None:
    """Seed the generators of every device in use."""
    torch.default_generator.manual_seed(mixed)  # torch.manual_seed costs a hundred times as much
    if torch.cuda.is_initialized():
        torch.cuda.manual_seed_all(mixed)
    if torch.backends.mps.is_available():
        torch.mps.manual_seed(mixed)


def mix(*parts: int | str) -> int:
    """One well-mixed 63-bit seed for numbers and words, equal on every machine."""
    words = ",".join(map(str, parts)).encode()
    return int.from_bytes(hashlib.blake2b(words, digest_size=8).digest(), "big") >> 1
