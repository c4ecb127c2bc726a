"""What games share whose players are told the label of a sample."""

from typing import Any

import torch
from torch import Tensor, nn

from ganlab.errors import ConfigError
from ganlab.games.game import Batch, replaced
from ganlab.games.gan import GAN, Critic
from ganlab.processes import mine, whole


class Conditional(GAN):
    """A GAN whose generator is told a label, by an embedding of `condition` dimensions beside z.

    In training a fake has the label of the real sample beside it. Labels that are not asked for
    are drawn by their `frequencies` (classes,) in the data.
    """

    labelled = True
    classes: int
    frequencies: Tensor

    def __init__(self, network: Any, classes: int, condition: int, **rest: Any) -> None:
        def generator(latent: int, shape: tuple[int, ...]) -> nn.Module:
            return Generator(network, latent, shape, classes, condition)

        super().__init__(network=replaced(network, generator=generator), **rest)
        self.classes = classes
        self.register_buffer("frequencies", torch.full((classes,), 1 / classes))

    def fake(self, real: Batch) -> Batch:
        label = real["label"]
        return {"data": self.decode(self.noise(len(label)), label), "label": label}

    def decode(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        if label is None:
            label = torch.multinomial(self.frequencies, len(z), replacement=True)
        return self.generator(z, label).float()


class Generator(nn.Module):
    """(z, label) to samples, by any network for [z, embedding of the label].

    The embedding moves with the generator, under no constraint of its weights.
    """

    def __init__(
        self, network: Any, latent: int, shape: tuple[int, ...], classes: int, condition: int
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(classes, condition)
        self.network = network.generator(latent + condition, shape)

    def forward(self, z: Tensor, label: Tensor) -> Tensor:
        return self.network(torch.cat([z, self.embedding(label)], 1))


class Matching(Conditional):
    """A conditional GAN whose discriminator is told the label too: does a sample belong to it?

    With `mismatched`, it also learns that a real sample does not belong to a label that is not its
    own: matched real pairs weigh 1, mismatched ones and fakes 1/2 each (GAN-CLS of Reed et al.
    2016, arXiv 1605.05396, algorithm 1).
    """

    def __init__(self, network: Any, classes: int, mismatched: bool = False, **rest: Any) -> None:
        super().__init__(network=network, classes=classes, **rest)
        if mismatched and classes < 2:
            raise ConfigError(
                "model.game.mismatched=true needs another label, and the data have one only; use "
                "model.game.mismatched=false"
            )
        self.mismatched = mismatched

    def critic(self, batch: Batch) -> Critic:
        return Critic(self.augment, self.discriminator, batch["label"])

    def losses(
        self, real: Batch, fake: Batch, real_logits: Tensor, fake_logits: Tensor
    ) -> dict[str, Tensor]:
        terms = super().losses(real, fake, real_logits, fake_logits)
        if self.mismatched:
            wrong_logits = self.logits({**real, "label": self.mismatch(real["label"])})
            matched = self.loss.discriminator(real_logits, wrong_logits)
            terms["loss"] = (terms["loss"] + matched) / 2
        return terms

    def mismatch(self, label: Tensor) -> Tensor:
        """For each label another one, drawn evenly from the rest."""
        steps = torch.randint(1, self.classes, (whole(len(label)),), device=label.device)
        return (label + mine(steps)) % self.classes
