"""The game of a discriminator against a generator."""

from collections.abc import Iterator
from contextlib import nullcontext

import torch
from torch import Tensor, nn

from ganlab.games.game import Game, Turn, require


class GAN(Game):
    """Some turns of the discriminator, then one of the generator (arXiv 1406.2661, algorithm 1)."""

    players = ("discriminator", "generator")
    uses = ("loss", "penalty", "prior")
    discriminator: nn.Module

    def __init__(
        self,
        network,
        shape: tuple[int, ...],
        loss: nn.Module,
        penalty: nn.Module,
        prior: nn.Module,
        discriminator_turns: int,
    ) -> None:
        super().__init__()
        require(loss, "loss", "discriminator", "generator")
        self.generator = network.generator(prior.dim, shape)
        self.discriminator = network.discriminator(shape, outputs=1)
        self.loss, self.penalty, self.prior = loss, penalty, prior
        self.discriminator_turns = discriminator_turns

    def round(self, number: int, batches: Iterator[dict[str, Tensor]]) -> Iterator[Turn]:
        for _ in range(self.turns(number)):
            real = next(batches)["data"]
            with torch.no_grad():
                fake = self.fake(len(real))
            yield self.judge(real, fake)
            self.penalty.after(self.discriminator)
        yield self.persuade(real)

    def turns(self, number: int) -> int:
        """How many turns the discriminator has in a round."""
        return self.discriminator_turns

    def judge(self, real: Tensor, fake: Tensor) -> Turn:
        """The discriminator's turn: tell real from fake."""
        real_logits, fake_logits = self.score(real, "real"), self.score(fake, "fake")
        penalty = self.penalty(self.discriminator, real, fake, real_logits, fake_logits)
        losses = {"loss": self.loss.discriminator(real_logits, fake_logits), "penalty": penalty}
        real_scores, fake_scores = real_logits.detach(), fake_logits.detach()
        measures = {"score_real": real_scores.mean(), "score_fake": fake_scores.mean()}
        measures |= self.loss.measures(real_scores, fake_scores)
        return Turn("discriminator", losses, measures)

    def persuade(self, real: Tensor) -> Turn:
        """The generator's turn: be taken for real."""
        return Turn("generator", {"loss": self.persuasion(self.fake(len(real)), real)})

    def persuasion(self, fake: Tensor, real: Tensor) -> Tensor:
        """The generator's loss, of samples (N, *shape) beside real ones."""
        fake_logits = self.logits(fake)
        real_logits = self.logits(real) if self.loss.paired else None
        return self.loss.generator(fake_logits, real_logits)

    def pull(self, fake: Tensor, real: Tensor) -> Tensor:
        """Where the generator's loss pulls samples: minus its gradient by each, (N, *shape)."""
        fake = fake.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(self.persuasion(fake, real), fake)
        return -gradient

    def score(self, x: Tensor, side: str) -> Tensor:
        """Logits; where the penalty differentiates them by `x`, in full precision."""
        needed = side in self.penalty.needs
        with torch.autocast(x.device.type, enabled=False) if needed else nullcontext():
            return self.logits(x.requires_grad_(needed))

    def logits(self, x: Tensor) -> Tensor:
        """What the discriminator says of each sample: (N,), float32."""
        return self.discriminator(x).squeeze(1).float()
