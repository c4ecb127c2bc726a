"""How much the samples of a batch differ, as one more channel for the discriminator."""

import torch
from torch import Tensor, nn

from ganlab.processes import joined_rows, mine


class Deviation(nn.Module):
    """Minibatch standard deviation: (N, C, H, W) to (N, C + 1, H, W).

    The batch of all processes is dealt out in strides: row i belongs to group i mod (N / size),
    where the size is the largest divisor of N that is at most `group`. The new channel is constant
    over a sample: its group's standard deviation (without Bessel's correction), averaged over
    channels and places. Karras et al. 2018, arXiv:1710.10196, section 3; groups as released, and
    strided as in StyleGAN2, arXiv:1912.04958.
    """

    def __init__(self, group: int) -> None:
        super().__init__()
        self.group = group

    def forward(self, x: Tensor) -> Tensor:
        rows = joined_rows(x.to(torch.promote_types(x.dtype, torch.float32)))
        size = divisor(len(rows), self.group)
        variances = rows.unflatten(0, (size, -1)).var(0, correction=0)
        deviations = (variances + 1e-8).sqrt().flatten(1).mean(1)
        channel = mine(deviations.repeat(size)).to(x.dtype).view(-1, 1, 1, 1)
        return torch.cat([x, channel.expand(-1, 1, *x.shape[2:])], 1)


def divisor(n: int, most: int) -> int:
    """The largest divisor of n that is at most `most`."""
    return next(size for size in range(min(n, most), 0, -1) if n % size == 0)
