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


class Guard:
    """Keeps players from moving by a loss or a gradient that is not finite.

    On a CPU the numbers are read before every step: then `Diverged` is raised or, with `skip`, the
    step is left out. An accelerator must not be waited for: there the step is left out on the
    device, and `check` tells of it later.
    """

    def __init__(self, skip: bool = False, warn: Callable[[str], None] = print) -> None:
        self.skip, self.warn = skip, warn
        self.steps: int = 0
        self.bad: int | Tensor = 0

    def allows(self, turn: Any, gradients: list[Tensor], optimizer: Any, number: int) -> bool:
        """Whether the host lets the optimizer step; on a device that optimizer is muted."""
        if turn.measures["gradient_norm"].device.type != "cpu":
            self.mute(optimizer, gradients, turn)
            return True
        good = all(math.isfinite(scalar.item()) for scalar in turn.decisive())
        if not (good or self.skip):
            raise Diverged(f"in round {number} {blame(turn)}")
        self.steps += 1
        self.bad += not good
        return good

    def mute(self, optimizer: Any, gradients: list[Tensor], turn: Any) -> None:
        """Let the next step change nothing where the turn is not finite, without waiting to know.

        A fused optimizer leaves the whole step out; for others the gradients become zeros.
        """
        bad = sum(turn.decisive()).isfinite().logical_not().float()
        self.steps += 1
        self.bad = self.bad + bad
        if getattr(optimizer, "_step_supports_amp_scaling", False):
            optimizer.grad_scale, optimizer.found_inf = None, bad
        else:
            for gradient in gradients:
                gradient.copy_(gradient.where(bad == 0, 0.0))

    def check(self, number: int) -> int:
        """Tell of the steps left out since the last check, and how many they are.

        Raises `Diverged` unless some may be.
        """
        steps, bad = self.steps, int(self.bad)
        self.steps, self.bad = 0, 0
        if bad and (not self.skip or bad == steps):
            raise Diverged(f"{bad} of the last {steps} steps up to round {number} were not finite")
        if bad:
            self.warn(f"round {number}: {bad} of the last {steps} steps were not finite, left out")
        return bad


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
    guard: Guard | None = None,
    share: Callable[[list[Tensor]], None] | None = None,
) -> None:
    """Play the numbered rounds; each is reseeded, so a resumed run repeats exactly.

    `pace(number)` sets the learning rates of a round, `precision()` is the context in which the
    losses (never their gradients) are computed, `share(tensors)` replaces tensors by their mean
    over all processes, `guard` says what becomes of numbers that are not finite, and each
    `observer(number, game, record)` sees the round's detached measures.
    """
    movable = {player: game.movable(player) for player in optimizers}
    guard = guard or Guard()
    for number in rounds:
        seed_round(seed, number)
        if pace:
            pace(number)
        record: dict[str, Tensor] = {}
        for turn in within(precision, game.round(number, batches)):
            if turn.fresh:
                optimizers[turn.player].state.clear()
                movable[turn.player] = game.movable(turn.player)
            move(turn, movable[turn.player], optimizers[turn.player], number, guard, share)
            record |= turn.record()
        if average:
            average.update(number)
        for observe in observers:
            observe(number, game, record)


def move(
    turn: Any,
    movable: list[Tensor],
    optimizer: torch.optim.Optimizer,
    number: int,
    guard: Guard,
    share: Callable[[list[Tensor]], None] | None = None,
) -> None:
    """Step down the sum of the turn's losses; autograd reaches no other player's parameters."""
    loss = sum(turn.losses.values())
    (loss if turn.share == 1 else turn.share * loss).backward(inputs=movable)
    turn.detach()
    gradients = present(movable) if turn.step else []
    if share:
        share([*gradients, *turn.losses.values(), *turn.measures.values()])
    if turn.step:
        norms = torch.stack(torch._foreach_norm(gradients))
        turn.measures["gradient_norm"] = torch.linalg.vector_norm(norms)
        if guard.allows(turn, gradients, optimizer, number):
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


def present(movable: list[Tensor]) -> list[Tensor]:
    """All gradients; an absent one becomes zeros, which Adam tells apart."""
    for parameter in movable:
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
    return [parameter.grad for parameter in movable]  # type: ignore[misc]


def blame(turn: Any) -> str:
    """The player, its gradient norm and its losses."""
    losses = ", ".join(f"{name} {loss:.4g}" for name, loss in turn.losses.items())
    return f"the {turn.player}'s gradient norm is {turn.measures['gradient_norm']:.4g} ({losses})"


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
