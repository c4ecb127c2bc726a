"""The moving average of the modules that sample, kept by the engine."""

import copy
from typing import Any

import torch
from torch import Tensor, nn


class Average(nn.Module):
    """Exponential moving average of a game's `averaged` modules; buffers are copied.

    In round n the kept share is min(decay, (1 + n) / (ramp + n)): early rounds count little.
    A decay of 0 follows the raw weights.
    """

    def __init__(self, game: Any, decay: float, ramp: float) -> None:
        super().__init__()
        self.decay, self.ramp = decay, ramp
        self.shadows = nn.ModuleDict({name: shadow(getattr(game, name)) for name in game.averaged})

    @torch.no_grad()
    def update(self, game: Any, number: int) -> None:
        """Move the average towards the game as it is after round `number`."""
        kept = min(self.decay, (1 + number) / (self.ramp + number))
        ours, theirs = self.pairs(game, nn.Module.parameters)
        torch._foreach_lerp_(ours, theirs, 1 - kept)
        ours, theirs = self.pairs(game, nn.Module.buffers)
        if ours:
            torch._foreach_copy_(ours, theirs)

    def pairs(self, game: Any, kind: Any) -> tuple[list[Tensor], list[Tensor]]:
        """The tensors of a kind, ours and the game's, in the same order."""
        ours = [t for module in self.shadows.values() for t in kind(module)]
        theirs = [t for name in self.shadows for t in kind(getattr(game, name))]
        return ours, theirs

    def view(self, game: Any) -> Any:
        """The same game, sharing everything but the averaged modules, to sample from."""
        averaged = copy.copy(game)
        averaged._modules = {**game._modules, **self.shadows._modules}
        return averaged


def shadow(module: nn.Module) -> nn.Module:
    """A frozen copy of a module in evaluation mode."""
    return copy.deepcopy(module).eval().requires_grad_(False)
