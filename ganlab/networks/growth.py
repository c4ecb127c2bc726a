"""Players that work at one of several resolutions, and fade from one to the next."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

LAYERS = "blocks", "pictures"


class Stage(nn.Module):
    """How far a player has grown: its level, and how much of that is faded in, from 0 to 1.

    The two are buffers, so that averages and checkpoints know them, and stay in the host's memory:
    they steer its control flow, and an accelerator must not be waited for.
    """

    level: Tensor
    fade: Tensor

    def __init__(self, level: int) -> None:
        super().__init__()
        self.register_buffer("level", torch.tensor(level, device="cpu"))
        self.register_buffer("fade", torch.tensor(1.0, device="cpu"))

    def _apply(self, fn: Any, recurse: bool = True) -> "Stage":
        return self


class Growing(nn.Module):
    """A player with a block and a picture layer for each level, from coarse to fine.

    It takes and gives pictures of the finest level, coarser ones as squares of equal pixels, and
    starts fully grown. Karras et al. 2018, arXiv:1710.10196, section 2 and figure 2.
    """

    def __init__(self, blocks: list[nn.Module], pictures: list[nn.Module]) -> None:
        super().__init__()
        self.blocks, self.pictures = nn.ModuleList(blocks), nn.ModuleList(pictures)
        self.stage = Stage(self.top)

    @property
    def top(self) -> int:
        """The finest level; the coarsest is 0."""
        return len(self.blocks) - 1

    @property
    def level(self) -> int:
        return int(self.stage.level)

    @property
    def fade(self) -> float:
        """The share of the current level in what is a mixture of it and of the one below."""
        return float(self.stage.fade)

    def grow(self, level: int, fade: float) -> None:
        """Work at a level from now on, that much of it faded in; level 0 always is, fully."""
        self.stage.level.fill_(level)
        self.stage.fade.fill_(fade)

    def used(self) -> list[nn.Parameter]:
        """The parameters of the blocks in use, and of whatever else there is."""
        coarsest = self.level if self.fade == 1 else self.level - 1
        layers = [*self.blocks[: self.level + 1], *self.pictures[coarsest : self.level + 1]]
        layers += [child for name, child in self.named_children() if name not in LAYERS]
        return [parameter for layer in layers for parameter in layer.parameters()]

    def shrunk(self, x: Tensor) -> Tensor:
        """Pictures of the finest level as they are at this one."""
        for _ in range(self.top - self.level):
            x = halved(x)
        return x

    def enlarged(self, x: Tensor) -> Tensor:
        """Pictures of this level at the size of the finest."""
        return F.interpolate(x, scale_factor=2 ** (self.top - self.level))

    def mixed(self, lower: Tensor, x: Tensor) -> Tensor:
        """From what the level below gives, at fade 0 and to the bit, to what this one does."""
        return torch.lerp(lower, x, self.fade)

    def faded(self, x: Tensor) -> Tensor:
        """Real pictures with the detail that the player can see by now."""
        x = self.shrunk(x)
        return self.enlarged(x if self.fade == 1 else self.mixed(doubled(halved(x)), x))


def halved(x: Tensor) -> Tensor:
    """Each pixel the mean of four."""
    return F.avg_pool2d(x, 2)


def doubled(x: Tensor) -> Tensor:
    """Each pixel four times."""
    return F.interpolate(x, scale_factor=2)
