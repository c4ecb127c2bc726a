"""How learning rates, and what else a step depends on, change over a run."""

import functools
import inspect
import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch

SCHEDULES = ("decay", "beta2")
APART = {"players", *SCHEDULES}
"""What stands beside an optimizer's own settings."""
DETOURS = ("add_param_group", "zero_grad", "state_dict", "load_state_dict")


@functools.cache
def eager(kind: type[torch.optim.Optimizer]) -> type[torch.optim.Optimizer]:
    """The same optimizer, of torch's own, without its detours by torch._dynamo.

    They tell torch.compile to look away, and nothing here is compiled; but the first one imports a
    compiler, which takes a third of the time in which a run starts. `inspect.unwrap` gives `kind`.
    """
    if not kind.__module__.startswith("torch.optim."):
        return kind
    direct = {name: inspect.unwrap(getattr(kind, name)) for name in DETOURS}
    step = torch.no_grad()(inspect.unwrap(kind.step))
    return type(kind.__name__, (kind,), {**direct, "step": step, "__wrapped__": kind})


def linear(number: int, start: int, rounds: int | None, end: float) -> float:
    """The factor on the rate in round `number`: 1 until `start`, then straight to `end`.

    It is reached `rounds` rounds later and kept; without `rounds` the factor is always 1.
    """
    return 1.0 + (end - 1.0) * progress(number, start, rounds)


def cosine(number: int, start: int, rounds: int | None, end: float) -> float:
    """Like `linear`, but along half a wave: slowly at first and towards the end.

    Loshchilov & Hutter 2017, arXiv:1608.03983, equation 5, without restarts.
    """
    return 1.0 + (end - 1.0) * (1 - math.cos(math.pi * progress(number, start, rounds))) / 2


def progress(number: int, start: int, rounds: int | None) -> float:
    """The share of `rounds` after `start` that is over as round `number` begins."""
    return min(max(number - 1 - start, 0) / rounds, 1.0) if rounds else 0.0


def corrected(settings: dict[str, Any], every: int) -> dict[str, Any]:
    """The settings of an optimizer some of whose terms come in one round of `every` only.

    Rates are multiplied by c = every / (every + 1) and decays of moments raised to its power, as
    one step of a term that is `every` times as strong is meant to do the work of so many.
    Karras et al. 2020, arXiv:1912.04958, appendix B.
    """
    c = every / (every + 1) if every > 1 else 1.0
    found = {**settings, "lr": settings["lr"] * c} if "lr" in settings else dict(settings)
    if "betas" in settings:
        found["betas"] = tuple(float(beta) ** c for beta in settings["betas"])  # no int: Adam
    return found


def pace(
    optimizers: Iterable[torch.optim.Optimizer],
    decay: Callable[[int], float],
    beta2: Callable[[int], float] | None = None,
) -> Callable[[int], None]:
    """A function that sets every rate to its initial value times `decay(number)`.

    And, where asked, every 1 - beta2 to its initial value times `beta2(number)`.
    """
    paced = list(optimizers)

    def groups() -> Iterator[dict[str, Any]]:
        # Looked up every time: restoring an optimizer's state replaces its groups.
        return (group for optimizer in paced for group in optimizer.param_groups)

    for group in groups():
        group.setdefault("initial_lr", group["lr"])
        if "betas" in group and beta2:
            group.setdefault("initial_betas", group["betas"])

    def set_rates(number: int) -> None:
        for group in groups():
            group["lr"] = group["initial_lr"] * decay(number)
            if "betas" in group and beta2:
                beta1, initial = group["initial_betas"]
                group["betas"] = beta1, 1 - (1 - initial) * beta2(number)

    return set_rates
