"""Weight clipping."""

from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from ganlab.penalties.penalty import Critic, Penalty


class Clip(Penalty):
    """Adds zero; after each move, every parameter is clipped to [-limit, limit], limit > 0.

    Arjovsky et al. 2017, Wasserstein GAN, arXiv:1701.07875, algorithm 1, line 7.
    """

    slopes: ClassVar[bool] = False

    def __init__(self, limit: float, **rest: Any):
        super().__init__(**rest)
        self.limit = limit

    def forward(
        self,
        critic: Critic,
        real: Tensor,
        fake: Tensor,
        real_logits: Tensor,
        fake_logits: Tensor,
    ) -> Tensor:
        return real_logits.new_zeros(())

    @torch.no_grad()
    def after(self, discriminator: nn.Module) -> None:
        for parameter in discriminator.parameters():
            parameter.clamp_(-self.limit, self.limit)
