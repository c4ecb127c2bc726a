"""The zero-centred gradient penalty at real samples."""

from typing import Any, ClassVar

from torch import Tensor

from ganlab.penalties.penalty import Critic, Penalty, input_gradients


class R1(Penalty):
    """gamma / 2 |grad|^2 at the real samples, mean over the batch.

    Mescheder et al. 2018, Which Training Methods for GANs do actually Converge?,
    arXiv:1801.04406, equation 9; the authors' code leaves the half out.
    """

    needs: ClassVar[tuple[str, ...]] = ("real",)

    def __init__(self, gamma: float, **rest: Any):
        super().__init__(**rest)
        self.gamma = gamma

    def forward(
        self,
        critic: Critic,
        real: Tensor,
        fake: Tensor,
        real_logits: Tensor,
        fake_logits: Tensor,
    ) -> Tensor:
        squares = input_gradients(real_logits, real).square().sum(1)
        return self.gamma / 2 * squares.mean()
