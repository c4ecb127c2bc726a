"""The moving average of the modules that sample, kept by the engine."""

import copy
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn


class Average(nn.Module):
    """Exponential moving average of a game's `averaged` modules; buffers are copied.

    In round n the kept share is min(decay, (1 + n) / (ramp + n)): early rounds count little. Up to
    round `start` weights are copied. A decay of 0 follows the raw weights. Made once the game is
    where it computes: it holds on to the tensors that the game has then.
    """

    def __init__(self, game: Any, decay: float, ramp: float, start: int = 0) -> None:
        super().__init__()
        self.decay, self.ramp, self.start = decay, ramp, start
        modules = {name: getattr(game, name) for name in game.averaged}
        self.shadows = nn.ModuleDict({name: shadow(module) for name, module in modules.items()})
        sides = self.shadows.values(), modules.values()
        self.moving, self.towards = (tensors(side, nn.Module.parameters) for side in sides)
        self.copies, self.originals = (tensors(side, nn.Module.buffers) for side in sides)

    @torch.no_grad()
    def update(self, number: int) -> None:
        """Move the average towards the game as it is after round `number`."""
        kept = min(self.decay, (1 + number) / (self.ramp + number)) if number > self.start else 0.0
        torch._foreach_lerp_(self.moving, self.towards, 1 - kept)
        if self.copies:
            torch._foreach_copy_(self.copies, self.originals)

    def view(self, game: Any) -> Any:
        """The same game, sharing everything but the averaged modules, to sample from."""
        return with_modules(game, self.shadows._modules)


def with_modules(game: Any, modules: Mapping[str, nn.Module]) -> Any:
    """The same game, sharing everything but the modules given by name."""
    other = copy.copy(game)
    other._modules = {**game._modules, **modules}
    return other


def tensors(modules: Iterable[nn.Module], kind: Callable) -> list[Tensor]:
    """All parameters or buffers of some modules, in order."""
    return [tensor for module in modules for tensor in kind(module)]


def shadow(module: nn.Module) -> nn.Module:
    """A frozen copy of a module in evaluation mode."""
    return copy.deepcopy(module).eval().requires_grad_(False)
