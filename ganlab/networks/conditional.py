"""Normalisation by which the blocks of a generator are told what to draw."""

from functools import partial

from torch import Tensor, nn

from ganlab.networks.layers import NORMS_2D, Norms, no_norm, normalisation

BARE_2D: Norms = {
    "none": no_norm,
    "batch": partial(nn.BatchNorm2d, affine=False),
    "layer": partial(nn.GroupNorm, 1, affine=False),
    "instance": nn.InstanceNorm2d,
}
"""The norms of NORMS_2D without gains and biases of their own."""


class ConditionalNorm(nn.Module):
    """Normalisation with gains 1 + A y and biases B y, of each sample's own code y (N, D).

    x (N, C, H, W) to the same. Where nothing is normalised, there are biases only: nothing else
    would hold the product of all gains. Without a code (D = 0) it is the norm with gains and biases
    of its own. De Vries et al. 2017, arXiv 1707.00683, in the form of Brock et al. 2019, arXiv
    1809.11096, appendix B: linear in the code, without constant terms.
    """

    def __init__(self, channels: int, code: int, norm: str) -> None:
        super().__init__()
        self.norm = normalisation(BARE_2D if code else NORMS_2D, norm)(channels)
        linear = partial(nn.Linear, code, channels, bias=False)
        self.gain = linear() if code and norm != "none" else None
        self.bias = linear() if code else None

    def forward(self, x: Tensor, code: Tensor) -> Tensor:
        x = self.norm(x)
        if self.gain:
            x = x * (1 + self.gain(code))[:, :, None, None]
        return x + self.bias(code)[:, :, None, None] if self.bias else x
