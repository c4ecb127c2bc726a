"""A generator whose code can be read off its samples."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, mse_loss, one_hot

from ganlab.games.game import Batch, Turn, replaced
from ganlab.games.gan import GAN, Critic
from ganlab.processes import mine, whole

HIDDEN = 128  # this and the slope: table 1
SLOPE = 0.1


class InfoGAN(GAN):
    """A GAN that keeps the mutual information of a code and the samples made from it.

    The code is one of `categories`, evenly drawn, and `codes` numbers from U(-1, 1); z is
    [noise, numbers], and the category is told beside it, as a label is. Q reads the code from the
    discriminator's features, in the pass that judges them: both players minimise
    `information_weight` times -log Q(code | sample), in which numbers have a Gaussian of deviation
    1, without its constant. Q moves with the generator.
    Chen et al. 2016, InfoGAN, arXiv:1606.03657, equations 5 and 6.
    """

    classes: int
    discriminator: Any

    def __init__(
        self,
        network: Any,
        prior: Any,
        categories: int,
        codes: int,
        information_weight: float,
        **rest: Any,
    ) -> None:
        def generator(latent: int, shape: tuple[int, ...]) -> nn.Module:
            return network.generator(latent + categories, shape)

        coded = replaced(network, generator=generator)
        super().__init__(network=coded, prior=WithCodes(prior, codes), **rest)
        self.q = nn.Sequential(
            nn.Linear(self.discriminator.head.in_features, HIDDEN),
            nn.BatchNorm1d(HIDDEN),
            nn.LeakyReLU(SLOPE),
            nn.Linear(HIDDEN, categories + codes),
        )
        self.classes, self.codes, self.information_weight = categories, codes, information_weight

    def movable(self, player: str) -> list[nn.Parameter]:
        own = super().movable(player)
        return [*own, *self.q.parameters()] if player == "generator" else own

    def fake(self, real: Batch) -> Batch:
        z = self.noise(len(real["data"]))
        label = mine(torch.randint(self.classes, (whole(len(z)),), device=z.device))
        return {
            "data": self.decode(z, label),
            "label": label,
            "code": z[:, z.shape[1] - self.codes :],
        }

    def decode(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        if label is None:
            label = torch.randint(self.classes, (len(z),), device=z.device)
        return self.generator(torch.cat([z, one_hot(label, self.classes)], 1)).float()

    def judge(self, real: Batch, fake: Batch) -> Turn:
        turn = super().judge(real, fake)
        turn.losses["information"] = self.unread(fake)
        return turn

    def persuasion(self, fake: Batch, real: Batch) -> Tensor:
        loss = super().persuasion(fake, real)
        return loss + self.unread(fake) if "code" in fake else loss

    def logits(self, batch: Batch) -> Tensor:
        """What the last layer says of the features; these stay beside a code that is to be read.

        Of reals as of fakes: the forward pass of some discriminators says more than this.
        """
        features = Critic(self.augment, self.discriminator).features(self.seen(batch))
        if "code" in batch:
            batch["features"] = features
        return self.discriminator.head(features).float().squeeze(1)

    def unread(self, fake: Batch) -> Tensor:
        """-log Q(code | sample) of fakes that were judged, weighted; mean over the batch."""
        read = self.q(fake["features"]).float()
        category, numbers = read.split([self.classes, self.codes], 1)
        surprise = self.codes / 2 * mse_loss(numbers, fake["code"]) if self.codes else 0.0
        return self.information_weight * (cross_entropy(category, fake["label"]) + surprise)


class WithCodes(nn.Module):
    """A prior's noise and then some numbers from U(-1, 1)."""

    def __init__(self, prior: Any, codes: int) -> None:
        super().__init__()
        self.prior, self.codes, self.dim = prior, codes, prior.dim + codes

    def forward(self, n: int, device: torch.device | str) -> Tensor:
        numbers = 2 * torch.rand(n, self.codes, device=device) - 1
        return torch.cat([self.prior(n, device), numbers], 1)
