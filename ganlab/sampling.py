"""Drawing samples that depend on (seed, index) only, and turning them into pictures."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import numpy as np
import torch
from torch import Tensor

from ganlab.engine import mix, seed_devices
from ganlab.games.game import Game

log = logging.getLogger("ganlab")
CHUNK = 64  # drawn together always, so that arithmetic does not depend on how many are asked for
QUIET_S = 30.0
GAP = 2
GREY = 127


def draw(game: Game, n: int, seed: int, label: Tensor | None = None) -> Tensor:
    """(n, *shape) float32 samples on the CPU; sample i depends on (seed, i) and nothing else.

    Of a game that samples by class the classes (n,) may be given.
    """
    samples = torch.cat(list(drawn(game, n, seed, label)))
    if bad := int(samples.flatten(1).isfinite().all(1).logical_not().sum()):
        log.warning(f"{bad} of {n} samples are not finite: this generator has diverged")
    return samples


def drawn(game: Game, n: int, seed: int, label: Tensor | None = None) -> Iterator[Tensor]:
    """The samples of `draw`, some at a time.

    The game's own random state and that of the caller stay as they are.
    """
    report = progress(n)
    for first in range(0, n, CHUNK):
        report(first)
        part = None if label is None else filled(label[first : first + CHUNK])
        yield chunk(game, mix("sample", seed, first), part)[: n - first]


@torch.no_grad()
def chunk(game: Game, seed: int, label: Tensor | None) -> Tensor:
    """One chunk of samples, float32 on the CPU."""
    with forked():
        seed_devices(seed)
        return game.sample(CHUNK, None if label is None else label.to(game.device)).float().cpu()


def filled(label: Tensor) -> Tensor:
    """The labels of a whole chunk, of which these are the first."""
    return torch.cat([label, label[-1:].expand(CHUNK - len(label))])


@torch.no_grad()
def decode(game: Game, z: Tensor, label: Tensor | None = None) -> Tensor:
    """(n, *shape) float32 samples of given noise (n, latent) and classes (n,), on the CPU."""
    rows = torch.arange(len(z)).split(CHUNK)
    labels = [None if label is None else label[part].to(game.device) for part in rows]
    return torch.cat(
        [game.decode(z[k].to(game.device), y).cpu() for k, y in zip(rows, labels, strict=True)]
    )


def noise(game: Game, n: int, seed: int) -> Tensor:
    """(n, latent) of the game's prior, equal wherever the seed is, on the CPU."""
    with forked():
        seed_devices(mix("noise", seed))
        return game.prior(n, torch.device("cpu"))


def forked() -> AbstractContextManager:
    """Inside, random numbers may be drawn and seeded; outside all is as if they had not been."""
    return torch.random.fork_rng(
        range(torch.cuda.device_count()) if torch.cuda.is_initialized() else []
    )


def progress(n: int) -> Callable[[int], None]:
    """A report that says every 30 seconds how many are drawn."""
    said = time.monotonic()

    def report(done: int) -> None:
        nonlocal said
        if time.monotonic() - said >= QUIET_S:
            said = time.monotonic()
            log.info(f"drawn: {done} of {n} samples")

    return report


def quantise(images: Tensor) -> np.ndarray:
    """Pictures in [-1, 1], (N, C, H, W), as uint8 (N, H, W, C)."""
    return as_bytes(images).permute(0, 2, 3, 1).numpy()


def as_bytes(images: Tensor) -> Tensor:
    """Pictures in [-1, 1] as uint8."""
    return images.add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8)


def tile(images: np.ndarray, columns: int | None = None) -> np.ndarray:
    """uint8 pictures (N, H, W, C) as one (H', W', C), rows first, in a grid as square as can be.

    What lies between them, and what is left of the last row, is grey.
    """
    n, *sides, channels = images.shape
    height, width = (side + GAP for side in sides)
    columns = columns or int(np.ceil(np.sqrt(n)))
    rows = -(-n // columns)
    canvas = np.full((rows * columns, height, width, channels), GREY, np.uint8)
    canvas[:n, :-GAP, :-GAP] = images
    grid = canvas.reshape(rows, columns, height, width, channels).swapaxes(1, 2)
    return grid.reshape(rows * height, columns * width, channels)[:-GAP, :-GAP]
