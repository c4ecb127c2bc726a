"""The game whose generator looks ahead of its discriminator."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.func import functional_call
from torch.optim import Optimizer

from ganlab.games.game import Batch
from ganlab.games.gan import GAN
from ganlab.games.lookahead import Lookahead, refuse_unforeseeable


class Unrolled(GAN):
    """A GAN whose generator is judged by the discriminator as it would be some steps later.

    In the generator's turn `unrolled_steps` virtual steps of the discriminator are computed on the
    turn's reals and fakes: its own losses, its own optimizer with the moments of the moment. The
    generator's gradient passes through them, and the discriminator stays as it is. With 0 steps
    this is the plain GAN. Points that a penalty draws between samples are held fixed, and what it
    does after a move (clipping) is no part of a virtual one. The activations of all steps are kept:
    they take memory in proportion to `unrolled_steps`.
    Metz et al. 2017, Unrolled Generative Adversarial Networks, arXiv:1611.02163, section 2.
    """

    optimizer: Optimizer

    def __init__(self, unrolled_steps: int, **rest: Any) -> None:
        super().__init__(**rest)
        self.unrolled_steps = unrolled_steps

    def meet(self, optimizers: dict[str, Optimizer]) -> None:
        self.optimizer = optimizers["discriminator"]
        refuse_unforeseeable(self.optimizer)

    def persuasion(self, fake: Batch, real: Batch) -> Tensor:
        players = self.discriminator.named_parameters("discriminator")
        movable = {name: parameter for name, parameter in players if parameter.requires_grad}
        if not self.unrolled_steps or not movable:  # pictures are drawn of a frozen discriminator
            return super().persuasion(fake, real)
        # What passes leave in buffers, batch statistics and the like, they leave in copies of them.
        buffers = {n: b.clone() for n, b in self.discriminator.named_buffers("discriminator")}
        ahead = Lookahead(self.optimizer, movable)

        def later(compute: Callable[[], Tensor]) -> Tensor:
            return functional_call(self, ahead.values | buffers, (compute,))

        def judged() -> Tensor:
            turn = self.judge(alias(real), alias(fake))
            return torch.stack([*turn.losses.values()]).sum()

        for _ in range(self.unrolled_steps):
            ahead.step(later(judged))
        return later(lambda: super(Unrolled, self).persuasion(fake, real))

    def forward(self, compute: Callable[[], Tensor]) -> Tensor:
        """What is computed with the parameters that `functional_call` has put in place."""
        return compute()


def alias(batch: Batch) -> Batch:
    """The same batch, whose data a penalty differentiates by in this step and in no earlier one."""
    return {**batch, "data": batch["data"].view_as(batch["data"])}
