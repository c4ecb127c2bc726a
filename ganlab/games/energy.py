"""The game of an autoencoder against a generator."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from ganlab.games.game import Batch, Turn, replaced
from ganlab.games.gan import GAN
from ganlab.processes import Sum, whole


class Energy(GAN):
    """A GAN whose discriminator is an autoencoder; its logits are minus the energies, its errors.

    The autoencoder is the network's discriminator, down to `code` dimensions, and its generator
    back from them. The energy is the mean absolute error of a sample at `power` 1 (BEGAN, arXiv
    1703.10717), the mean squared one at 2 (EBGAN, arXiv 1609.03126). With `pull_away` > 0 the
    generator's turn has that much of EBGAN's term against fakes of one kind (section 2.4).
    """

    energy: ClassVar[bool] = True
    discriminator: "Autoencoder"

    def __init__(self, network: Any, code: int, power: int, pull_away: float, **rest: Any) -> None:
        def autoencoder(shape: tuple[int, ...], outputs: int) -> nn.Module:
            encoder, decoder = network.discriminator(shape, code), network.generator(code, shape)
            return Autoencoder(encoder, decoder, power)

        super().__init__(network=replaced(network, discriminator=autoencoder), **rest)
        self.pull_away = pull_away

    def persuade(self, real: Batch) -> Turn:
        with kept(self.discriminator.encoder) as codes:
            turn = super().persuade(real)
        if self.pull_away:
            turn.losses["pull_away"] = self.pull_away * likeness(codes[0].float())
        return turn


class Autoencoder(nn.Module):
    """Samples (N, *shape) to minus their energies (N, 1): mean |error|^power over a sample."""

    def __init__(self, encoder: nn.Module, decoder: nn.Module, power: int) -> None:
        super().__init__()
        self.encoder, self.decoder, self.power = encoder, decoder, power

    def features(self, x: Tensor) -> Tensor:
        """The code (N, F)."""
        return self.encoder(x)

    def forward(self, x: Tensor) -> Tensor:
        code = self.features(x)
        # Decoders are made for noise of unit variance: larger codes would saturate some at once.
        decoded = self.decoder(normalize(code) * code.shape[1] ** 0.5)
        errors = (decoded.float() - x).abs()
        return -errors.pow(self.power).flatten(1).mean(1, keepdim=True)


@contextmanager
def kept(module: nn.Module) -> Iterator[list[Tensor]]:
    """Inside, what the module gives is kept, first to last: it need not be computed again."""
    given: list[Tensor] = []
    hook = module.register_forward_hook(lambda _, inputs, output: given.append(output))
    try:
        yield given
    finally:
        hook.remove()


def likeness(codes: Tensor) -> Tensor:
    """EBGAN's pull-away term: the mean squared cosine between two codes of the whole batch.

    From codes (N, F) of a process; the mean is over ordered pairs of different samples, equation 4
    of arXiv 1609.03126. All pairs together are |C'C|^2 with unit rows C, of which each process
    adds its share.
    """
    n, rows = whole(len(codes)), normalize(codes)
    with torch.autocast(codes.device.type, enabled=False):
        together = Sum.apply(rows.T @ rows).square().sum()
    return (together - n) / max(n * (n - 1), 1)
