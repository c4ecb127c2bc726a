"""Mirror images."""

from torch import Tensor

from ganlab.augment.augment import Augment
from ganlab.draws import uniform


class Flip(Augment):
    """Mirrors every other picture, by chance, left to right.

    Unlike mirrored data it does not ask the generator to draw mirror images: what it draws is
    mirrored too (Zhao et al. 2020, arXiv:2006.10738, section 3.2).
    """

    def change(self, x: Tensor) -> Tensor:
        mirrored = uniform(x, 1) < 0.5
        return x.flip(3).where(mirrored[..., None, None], x)
