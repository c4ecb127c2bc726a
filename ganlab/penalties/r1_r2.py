"""The zero-centred gradient penalties at real and at fake samples."""

from typing import Any, ClassVar

from torch import Tensor

from ganlab.penalties.penalty import Critic, Penalty, input_gradients


class R1R2(Penalty):
    """gamma / 2 |grad|^2 at the real samples plus the same at the fake ones, batch means.

    Mescheder et al. 2018, Which Training Methods for GANs do actually Converge?,
    arXiv:1801.04406, equations 9 and 10; both together: Huang et al. 2024, The GAN is dead; long
    live the GAN!, arXiv:2501.05441.
    """

    needs: ClassVar[tuple[str, ...]] = ("real", "fake")

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
        at_real = input_gradients(real_logits, real).square().sum(1)
        at_fake = input_gradients(fake_logits, fake).square().sum(1)
        return self.gamma / 2 * (at_real.mean() + at_fake.mean())
