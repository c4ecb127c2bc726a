"""A discriminator that judges several samples at once."""

from typing import Any

import torch
from torch import Tensor, nn

from ganlab.games.game import Batch, Turn, replaced
from ganlab.games.gan import GAN, Critic


class PacGAN(GAN):
    """The discriminator sees packs of `packing` samples, all real or all fake, joined on channels.

    So it notices too little variety. The generator makes single samples as ever; a penalty is taken
    per pack, augmentations per sample. A batch must be a multiple of the packing.
    Lin, Khetan, Fanti & Oh 2018, PacGAN: The power of two samples in generative adversarial
    networks, arXiv:1712.04086, section 2.
    """

    def __init__(self, network: Any, packing: int, **rest: Any) -> None:
        def discriminator(shape: tuple[int, ...], outputs: int) -> nn.Module:
            return network.discriminator((packing * shape[0], *shape[1:]), outputs)

        super().__init__(network=replaced(network, discriminator=discriminator), **rest)
        self.multiple = packing

    def judge(self, real: Batch, fake: Batch) -> Turn:
        return super().judge(self.packs(real), self.packs(fake))

    def persuasion(self, fake: Batch, real: Batch) -> Tensor:
        return super().persuasion(self.packs(fake), self.packs(real))

    def packs(self, batch: Batch) -> Batch:
        """Neighbouring rows in packs (N / packing, packing C, ...); an incomplete one is lost."""
        data = batch["data"]
        return {"data": packed(data[: len(data) - len(data) % self.multiple], self.multiple)}

    def critic(self, batch: Batch) -> Critic:
        return Critic(self.augmented, self.discriminator)

    def augmented(self, packs: Tensor) -> Tensor:
        """Packs of samples, each augmented by itself."""
        samples = packs.unflatten(1, (self.multiple, -1)).flatten(0, 1)
        return packed(self.augment(samples), self.multiple)

    def scores(self, batch: Batch) -> Tensor:
        """One number (N,) for each sample: of its pack with others from all over the batch."""
        data, many = batch["data"], self.multiple
        partners = [data.roll(-place * len(data) // many, 0) for place in range(many)]
        return super().scores({"data": torch.cat(partners, 1)})


def packed(samples: Tensor, packing: int) -> Tensor:
    """(N, C, ...) to (N / packing, packing C, ...): neighbours, joined on channels."""
    return samples.unflatten(0, (-1, packing)).flatten(1, 2)
