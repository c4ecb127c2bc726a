"""The variational autoencoder: a game of one player."""

from collections.abc import Iterator
from typing import Any, ClassVar

from torch import nn

from ganlab.draws import normal
from ganlab.games.game import Batch, Game, Turn


class VAE(Game):
    """Encoder and decoder move together up the evidence lower bound (arXiv 1312.6114, eq. 10).

    The decoder is the network's generator, the encoder its discriminator with two outputs per
    latent dimension: mean and log variance.
    """

    players = ("autoencoder",)
    asks: ClassVar = {"loss": ("reconstruction",), "prior": ("divergence",)}
    encoder: nn.Module

    def __init__(self, network: Any, shape: tuple[int, ...], loss: nn.Module, prior: Any) -> None:
        super().__init__()
        self.encoder = network.discriminator(shape, outputs=2 * prior.dim)
        self.generator = network.generator(prior.dim, shape)
        self.loss, self.prior = loss, prior

    def movable(self, player: str) -> list[nn.Parameter]:
        return [*self.encoder.parameters(), *self.generator.parameters()]

    def round(self, number: int, batches: Iterator[Batch]) -> Iterator[Turn]:
        real = next(batches)["data"]
        mean, log_variance = self.encoder(real).float().chunk(2, dim=1)
        z = mean + (log_variance / 2).exp() * normal(mean, self.prior.dim)
        yield Turn(
            "autoencoder",
            {
                "reconstruction": self.loss.reconstruction(self.generator(z).float(), real),
                "divergence": self.prior.divergence(mean, log_variance),
            },
        )
