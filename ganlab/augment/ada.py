"""Adaptive discriminator augmentation (Karras et al. 2020, arXiv:2006.06676)."""

import torch
from torch import Tensor

from ganlab.augment.augment import Augment
from ganlab.augment.colours import recoloured
from ganlab.augment.places import places
from ganlab.augment.warp import warped


class ADA(Augment):
    """Moves and recolours pictures, more of them the more the discriminator overfits.

    Each kind of change befalls a share `p` of the pictures: its `bgc` pipeline (section 2.2 and
    appendix B). After `every` moves of the discriminator, p rises if the mean sign of the reals'
    logits was above `aim`, and else falls, down to 0; from 0 to 1 it takes at least `horizon`
    samples, of which each move has seen `batch` (section 3.1).
    """

    p: Tensor
    moves: Tensor
    signs: Tensor

    def __init__(self, aim: float, every: int, horizon: int, batch: int) -> None:
        super().__init__()
        self.aim, self.every, self.step = aim, every, every * batch / horizon
        self.register_buffer("p", torch.zeros(()))
        self.register_buffer("moves", torch.zeros((), dtype=torch.int64))
        self.register_buffer("signs", torch.zeros(()))

    def change(self, x: Tensor) -> Tensor:
        if x.device.type == "cpu" and not self.p:  # an accelerator would have to be waited for
            return x
        moved = warped(x, places(x, self.p))
        return recoloured(moved, self.p)

    def measures(self, real_logits: Tensor) -> dict[str, Tensor]:
        return {"real_sign": real_logits.sign().mean(), "augment_p": self.p.clone()}

    @torch.no_grad()
    def after(self, measures: dict[str, Tensor]) -> None:
        self.moves += 1
        self.signs += measures["real_sign"].nan_to_num(0.0)  # a batch may be left out
        due = self.moves % self.every == 0
        self.p += due * self.step * (self.signs / self.every - self.aim).sign()
        self.p.clamp_(min=0)
        self.signs *= ~due
