"""How learning rates change over a run."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch


def linear(number: int, start: int, rounds: int | None, end: float) -> float:
    """The factor on the rate in round `number`: 1 until `start`, then straight to `end`.

    It is reached `rounds` rounds later and kept; without `rounds` the factor is always 1.
    """
    if rounds is None:
        return 1.0
    progress = min(max(number - 1 - start, 0) / rounds, 1.0)
    return 1.0 + (end - 1.0) * progress


def pace(
    optimizers: Iterable[torch.optim.Optimizer], decay: Callable[[int], float]
) -> Callable[[int], None]:
    """A function that sets every rate to its initial value times `decay(number)`."""
    paced = list(optimizers)

    def groups() -> Iterator[dict[str, Any]]:
        # Looked up every time: restoring an optimizer's state replaces its groups.
        return (group for optimizer in paced for group in optimizer.param_groups)

    for group in groups():
        group.setdefault("initial_lr", group["lr"])

    def set_rates(number: int) -> None:
        for group in groups():
            group["lr"] = group["initial_lr"] * decay(number)

    return set_rates
