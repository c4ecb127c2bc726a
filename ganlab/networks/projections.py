"""Frozen features of pictures, their channels and scales mixed (arXiv:2111.01007, section 3.2)."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from ganlab.errors import ConfigError
from ganlab.files import sha256
from ganlab.networks.efficientnet import DEVIATION, FILE, MEAN, WIDTHS, found, kept, stages

COARSEST = 32
NOISE = 64
log = logging.getLogger("ganlab")


class Projection(nn.Module):
    """Pictures (N, C, H, W) in [-1, 1] to four maps, of strides 4, 8, 16 and 32.

    Grey pictures are repeated to three channels. Several that are joined on their channels, grey or
    (where they divide by three) of three channels each, are seen one by one, and their maps joined.
    What is frozen is no part of this module, so that nothing moves, counts, constrains or saves it:
    it is made when it is first needed, of the weights and of a seed. The state is this seed and the
    weights' SHA-256; so a run goes on with the same features or not at all, and its samples can be
    drawn where the weights are not.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(
        self, shape: tuple[int, ...], width: int, resolution: int, weights: str | None
    ) -> None:
        super().__init__()
        self.width, self.weights = width, weights
        self.side = -(-max(resolution, *shape[1:]) // COARSEST) * COARSEST
        self.joined = shape[0] // 3 if shape[0] % 3 == 0 else shape[0]
        self.widths = [self.joined * times * width for times in (1, 1, 2, 4)]
        self.seed = int(torch.randint(2**48, (), device="cpu"))
        self.digest: str | None = None  # empty of random features, None if not yet known
        self.frozen: list[nn.Module] = []
        for name, values in (("mean", MEAN), ("deviation", DEVIATION)):
            self.register_buffer(name, torch.tensor(values).view(3, 1, 1), persistent=False)

    def forward(self, x: Tensor) -> list[Tensor]:
        self.prepare()
        n = len(x)
        x = x.reshape(n * self.joined, -1, *x.shape[2:])
        x = ((x + 1) / 2 - self.mean) / self.deviation  # repeats grey pictures
        if x.shape[2:] != (self.side, self.side):
            x = interpolate(x, (self.side, self.side), mode="bilinear", align_corners=False)
        return [seen.reshape(n, -1, *seen.shape[2:]) for seen in self.frozen[0](x)]

    def prepare(self) -> None:
        """Make what is frozen, if it is not there. Raises ConfigError for weights that are not."""
        if self.frozen:
            return
        place = self.place()
        digest = sha256(place) if place else ""
        if self.digest not in (None, digest):
            raise ConfigError(
                f"network.weights={place or 'null'}: this discriminator was trained on features of "
                f"other weights, with sha256 {self.digest}; say where they are"
            )
        if not place and self.digest is None:
            log.warning(
                f"network.weights=null: the discriminator's features are random, for {FILE} is "
                f"neither in {kept().parent} nor in torch's cache"
            )
        self.digest = digest
        made = seeded(self.seed, lambda: Frozen(place, self.side, self.width))
        self.frozen.append(made.to(self.mean))

    def place(self) -> Path | None:
        """Where the weights are; None for random features. Raises ConfigError."""
        if self.digest == "":
            return None
        if self.weights is None:
            return found()
        if not (place := Path(self.weights).expanduser()).is_file():
            raise ConfigError(
                f"network.weights={self.weights}: there is no such file; give the path of {FILE}, "
                "or network.weights=null for random features"
            )
        return place

    def get_extra_state(self) -> Tensor:
        """The seed and the weights' SHA-256, as the bytes of a text."""
        if self.digest is None:
            self.prepare()
        return torch.tensor(list(f"{self.seed} {self.digest}".encode()), dtype=torch.uint8)

    def set_extra_state(self, state: Any) -> None:
        seed, digest = bytes(state.tolist()).decode().split(" ")
        if (int(seed), digest) != (self.seed, self.digest):
            self.frozen.clear()
        self.seed, self.digest = int(seed), digest

    def _apply(self, fn: Callable, recurse: bool = True) -> Self:
        for each in self.frozen:
            each._apply(fn, recurse)
        return super()._apply(fn, recurse)


class Frozen(nn.Module):
    """Normalised pictures to four maps: EfficientNet's features, mixed at random."""

    def __init__(self, place: Path | None, side: int, width: int) -> None:
        super().__init__()
        self.stages = nn.ModuleList(stages(place))
        mixed = [width * 2**level for level in range(len(WIDTHS))]
        narrow = [width, *mixed[:-1]]
        self.channels = mixers(WIDTHS, mixed, 1)
        self.scales = mixers(mixed, narrow, 3)
        self.eval().requires_grad_(False)
        self.balance(noise(side))

    @torch.no_grad()
    def balance(self, pictures: Tensor) -> None:
        """Scale all mixed maps to a mean square of 1, lest coarse ones drown the fine."""
        mixes = (*self.channels, *self.scales)
        hooks = [mix.register_forward_hook(unit) for mix in mixes]
        self(pictures)
        for hook in hooks:
            hook.remove()

    def forward(self, x: Tensor) -> list[Tensor]:
        """Each stage's channels are mixed, then, from the coarsest on, joined by the coarser."""
        mixed = []
        for stage, mix in zip(self.stages, self.channels, strict=True):
            mixed.append(mix(x := stage(x)))
        maps = [self.scales[-1](mixed[-1])]
        for mix, finer in zip(reversed(self.scales[:-1]), reversed(mixed[:-1]), strict=True):
            coarser = interpolate(maps[0], finer.shape[2:], mode="bilinear", align_corners=False)
            maps.insert(0, mix(finer + coarser))
        return maps


def mixers(inputs: Any, outputs: Any, kernel: int) -> nn.ModuleList:
    """Convolutions by weights drawn at random."""
    layers = nn.ModuleList()
    for wide, narrow in zip(inputs, outputs, strict=True):
        layer = nn.Conv2d(wide, narrow, kernel, padding=kernel // 2, bias=False)
        nn.init.normal_(layer.weight)
        layers.append(layer)
    return layers


def noise(side: int) -> Tensor:
    """(64, 3, side, side): normal noise of all scales, coarse and fine alike, of variance 1."""
    sizes = [2**level for level in range(side.bit_length())]
    drawn = (torch.randn(NOISE, 3, size, size) for size in sizes)
    scales = [interpolate(scale, (side, side), mode="nearest") for scale in drawn]
    return torch.stack(scales).sum(0) / len(sizes) ** 0.5


def unit(layer: Any, inputs: Any, outputs: Tensor) -> Tensor:
    """Scale a layer's weight so that its outputs' mean square is 1."""
    size = outputs.square().mean().sqrt()
    layer.weight /= size
    return outputs / size


def seeded(seed: int, make: Callable[[], nn.Module]) -> nn.Module:
    """What is made on the CPU by a seed, the caller's random state and precision left alone."""
    with (
        torch.random.fork_rng(devices=[]),
        torch.autocast("cpu", enabled=False),
        torch.device("cpu"),
    ):
        torch.default_generator.manual_seed(seed)
        return make()
