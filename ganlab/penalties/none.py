"""No penalty."""

from typing import ClassVar

from torch import Tensor

from ganlab.penalties.penalty import Critic, Penalty


class NoPenalty(Penalty):
    """Adds zero and leaves the discriminator alone."""

    slopes: ClassVar[bool] = False

    def forward(
        self,
        critic: Critic,
        real: Tensor,
        fake: Tensor,
        real_logits: Tensor,
        fake_logits: Tensor,
    ) -> Tensor:
        return real_logits.new_zeros(())
