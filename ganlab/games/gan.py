"""The game of a discriminator against a generator."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from ganlab.games.game import Batch, Game, Turn
from ganlab.games.orthogonal import gram_penalty


class GAN(Game):
    """Some turns of the discriminator, then one of the generator (arXiv 1406.2661, algorithm 1).

    The generator's turn draws `fakes` times as many samples as there are real ones in a batch. A
    turn's gradients are the mean over `accumulations` batches. With `orthogonal` > 0 each player's
    loss has that much of the penalty on filters that resemble each other.
    """

    players = ("discriminator", "generator")
    asks: ClassVar = {"loss": ("discriminator", "generator")}
    discriminator: nn.Module
    augment: Any

    def __init__(
        self,
        network: Any,
        shape: tuple[int, ...],
        loss: Any,
        penalty: Any,
        prior: Any,
        augment: Any,
        discriminator_turns: int,
        fakes: int = 1,
        accumulations: int = 1,
        orthogonal: float = 0.0,
    ) -> None:
        super().__init__()
        self.generator = network.generator(prior.dim, shape)
        self.discriminator = network.discriminator(shape, outputs=1)
        self.loss, self.penalty, self.prior, self.augment = loss, penalty, prior, augment
        self.discriminator_turns, self.fakes = discriminator_turns, fakes
        self.accumulations, self.orthogonal = accumulations, orthogonal

    def round(self, number: int, batches: Iterator[Batch]) -> Iterator[Turn]:
        self.penalty.begin(number)
        for _ in range(self.turns(number)):
            measured = []
            for part in range(self.accumulations):
                real = next(batches)
                with torch.no_grad():
                    fake = self.fake(real)
                yield (turn := self.part_of(self.judge(real, fake), part))
                measured.append(turn.measures)
            self.after(means(measured))
        for part in range(self.accumulations):
            if self.loss.paired or part:
                real = next(batches)
            yield self.part_of(self.persuade(real), part)

    def part_of(self, turn: Turn, part: int) -> Turn:
        """One of the turns whose gradients are gathered before the player moves."""
        turn.share = 1 / self.accumulations
        turn.step = part == self.accumulations - 1
        return turn

    def turns(self, number: int) -> int:
        """How many turns the discriminator has in a round."""
        return self.discriminator_turns

    def every(self, player: str) -> int:
        return self.penalty.every if player == "discriminator" else 1

    def fake(self, real: Batch) -> Batch:
        """Samples to train with, one beside each of the real ones."""
        return {"data": self.decode(self.noise(len(real["data"])))}

    def judge(self, real: Batch, fake: Batch) -> Turn:
        """The discriminator's turn: tell real from fake."""
        real_logits, fake_logits = self.told(real, "real"), self.told(fake, "fake")
        losses = self.losses(real, fake, real_logits, fake_logits)
        return Turn("discriminator", losses, self.measures(real_logits, fake_logits))

    def losses(
        self, real: Batch, fake: Batch, real_logits: Tensor, fake_logits: Tensor
    ) -> dict[str, Tensor]:
        """The terms of the discriminator's turn, by name."""
        penalty = self.penalty.term(
            self.critic(real), self.seen(real), self.seen(fake), real_logits, fake_logits
        )
        loss = self.loss.discriminator(real_logits, fake_logits)
        return {"loss": loss, "penalty": penalty, **self.resemblance(self.discriminator)}

    def resemblance(self, player: nn.Module) -> dict[str, Tensor]:
        """The term that keeps a player's filters apart, if there is one."""
        return {"orthogonal": self.orthogonal * gram_penalty(player)} if self.orthogonal else {}

    @torch.no_grad()
    def measures(self, real_logits: Tensor, fake_logits: Tensor) -> dict[str, Tensor]:
        """What is worth logging of the discriminator's turn, beside its losses."""
        return {
            "score_real": real_logits.mean(),
            "score_fake": fake_logits.mean(),
            **self.loss.measures(real_logits, fake_logits),
            **self.augment.measures(real_logits),
        }

    def after(self, measures: dict[str, Tensor]) -> None:
        """What follows the discriminator's move, by what was measured in its turn."""
        self.penalty.after(self.discriminator)
        self.loss.after(measures)
        self.augment.after(measures)

    def persuade(self, real: Batch) -> Turn:
        """The generator's turn: be taken for real."""
        if self.fakes > 1:
            real = {name: column.repeat_interleave(self.fakes, 0) for name, column in real.items()}
        loss = self.persuasion(self.fake(real), real)
        return Turn("generator", {"loss": loss, **self.resemblance(self.generator)})

    def persuasion(self, fake: Batch, real: Batch) -> Tensor:
        """The generator's loss, of samples beside real ones."""
        fake_logits = self.logits(fake)
        real_logits = self.logits(real) if self.loss.paired else None
        return self.loss.generator(fake_logits, real_logits)

    def pull(self, fake: Batch, real: Batch) -> Tensor:
        """Where the generator's loss pulls samples: minus its gradient by each, (N, *shape)."""
        data = fake["data"].detach().requires_grad_()
        (gradient,) = torch.autograd.grad(self.persuasion({**fake, "data": data}, real), data)
        return -gradient

    def told(self, batch: Batch, side: str) -> Tensor:
        """Logits; where the penalty differentiates them by the data, in full precision."""
        needed, data = self.penalty.needs_gradients(side), batch["data"]
        with torch.autocast(data.device.type, enabled=False) if needed else nullcontext():
            if needed:
                data.requires_grad_()
            return self.logits(batch)

    def logits(self, batch: Batch) -> Tensor:
        """What the discriminator says: (N,), or (N, L) where it says several things; float32."""
        return self.critic(batch)(self.seen(batch))

    def seen(self, batch: Batch) -> Tensor:
        """The data as the discriminator takes them."""
        return batch["data"]

    def critic(self, batch: Batch) -> Callable[[Tensor], Tensor]:
        """From data, as they are seen, to logits; with the labels of this batch, if there are."""
        return Critic(self.augment, self.discriminator)

    def scores(self, batch: Batch) -> Tensor:
        """One number (N,) for each sample: the mean of its logits."""
        return self.logits(batch).reshape(len(batch["data"]), -1).mean(1)


def means(measured: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
    """The mean of each measure over several turns that have it."""
    first, *others = measured
    if not others:
        return first
    shared = {name for name in first if all(name in each for each in others)}
    return {name: torch.stack([each[name] for each in measured]).mean() for name in shared}


class Critic:
    """The discriminator behind the augmentation."""

    def __init__(
        self, augment: Callable[[Tensor], Tensor], discriminator: Any, *labels: Tensor
    ) -> None:
        self.augment, self.discriminator, self.labels = augment, discriminator, labels

    def __call__(self, x: Tensor) -> Tensor:
        """Logits, float32: (N,), or (N, L) where the discriminator has several outputs."""
        logits = self.discriminator(self.augment(x), *self.labels).float()
        return logits.squeeze(1) if logits.shape[1] == 1 else logits

    def features(self, x: Tensor) -> Tensor:
        """(N, F), what the discriminator's last layer sees."""
        return self.discriminator.features(self.augment(x), *self.labels)
