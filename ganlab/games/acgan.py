"""A discriminator that also tells the label of a sample."""

from typing import Any

from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from ganlab.games.conditional import Conditional
from ganlab.games.game import Batch, Turn, replaced
from ganlab.games.gan import Critic


class ACGAN(Conditional):
    """Both players raise the likelihood of the right label, of real samples and of fakes.

    The discriminator answers with its score first and then with the logits of the labels, in one
    pass. It maximises L_S + L_C, the generator L_C - L_S: Odena, Olah & Shlens 2017, arXiv
    1610.09585, equations 2 and 3.
    """

    def __init__(self, network: Any, classes: int, **rest: Any) -> None:
        def discriminator(shape: tuple[int, ...], outputs: int) -> nn.Module:
            return network.discriminator(shape, outputs + classes)

        answering = replaced(network, discriminator=discriminator)
        super().__init__(network=answering, classes=classes, **rest)

    def judge(self, real: Batch, fake: Batch) -> Turn:
        told_real, told_fake = self.told(real, "real"), self.told(fake, "fake")
        logits = told_real[:, 0], told_fake[:, 0]
        losses = self.losses(real, fake, *logits)
        losses["classification"] = mistaken(told_real, real) + mistaken(told_fake, fake)
        measures = self.measures(*logits)
        measures["accuracy_real"] = accuracy(told_real, real)
        measures["accuracy_fake"] = accuracy(told_fake, fake)
        return Turn("discriminator", losses, measures)

    def persuasion(self, fake: Batch, real: Batch) -> Tensor:
        told = self.logits(fake)
        real_logits = self.scores(real) if self.loss.paired else None
        return self.loss.generator(told[:, 0], real_logits) + mistaken(told, fake)

    def logits(self, batch: Batch) -> Tensor:
        """(N, 1 + classes): the score, then the logits of the labels."""
        return Critic(self.augment, self.discriminator)(self.seen(batch))

    def scores(self, batch: Batch) -> Tensor:
        return self.logits(batch)[:, 0]

    def critic(self, batch: Batch) -> Critic:
        return Score(self.augment, self.discriminator)


class Score(Critic):
    """The first of a discriminator's answers."""

    def __call__(self, x: Tensor) -> Tensor:
        return super().__call__(x)[:, 0]


def mistaken(told: Tensor, batch: Batch) -> Tensor:
    """Minus the mean log-likelihood of the right labels, from a score and their logits."""
    return cross_entropy(told[:, 1:], batch["label"])


def accuracy(told: Tensor, batch: Batch) -> Tensor:
    """The share of samples whose right label is the likeliest."""
    return (told[:, 1:].argmax(1) == batch["label"]).float().mean()
