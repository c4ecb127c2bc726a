"""The zero-centred gradient penalties at real and at fake samples, less strong as time goes by."""

from collections.abc import Callable
from typing import Any

from ganlab.penalties.r1_r2 import R1R2


class R1R2Annealed(R1R2):
    """R1 and R2 whose gamma is in each round its initial value times `schedule(number)`.

    Huang et al. 2024, The GAN is dead; long live the GAN!, arXiv:2501.05441, appendix.
    """

    def __init__(self, gamma: float, schedule: Callable[[int], float], **rest: Any):
        super().__init__(gamma, **rest)
        self.initial, self.schedule = gamma, schedule

    def begin(self, number: int) -> None:
        super().begin(number)
        self.gamma = self.initial * self.schedule(number)
