"""No augmentation."""

from typing import ClassVar

from torch import Tensor

from ganlab.augment.augment import Augment


class NoAugment(Augment):
    """Leaves samples of any kind as they are."""

    pictures_only: ClassVar[bool] = False

    def change(self, x: Tensor) -> Tensor:
        return x
