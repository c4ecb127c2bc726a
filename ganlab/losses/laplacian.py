"""A reconstruction loss that looks at each scale of a picture."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

COARSEST = 4
"""Pictures less than twice as wide are not halved."""
BINOMIAL = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)


class Laplacian(nn.Module):
    """Absolute errors of the Laplacian pyramid, and `squared` times the squared errors of pixels.

    Bojanowski et al. 2017, arXiv:1707.05776, section 2: Lap1 is the sum over levels j, 0 the
    finest, of 2^2j times the sum of absolute errors; the squares keep colours. Here both are over
    the number of values of a sample, so that each level counts by the mean of its errors. The
    pyramid is Burt & Adelson's (1983), and ends with what is left. Data that are no pictures are a
    pyramid of one level.
    """

    def __init__(self, squared: float) -> None:
        super().__init__()
        self.squared = squared

    def reconstruction(self, decoded: Tensor, real: Tensor) -> Tensor:
        """Mean over the batch."""
        errors = decoded - real  # the pyramid is linear: that of errors is the error of pyramids
        with torch.autocast(errors.device.type, enabled=False):
            levels = torch.stack([level.abs().mean() for level in pyramid(errors)])
            return levels.sum() + self.squared * errors.square().mean()


def pyramid(x: Tensor) -> list[Tensor]:
    """Details of pictures (N, C, H, W) from the finest on, each half as wide, and what is left."""
    levels = []
    while x.dim() == 4 and min(x.shape[2:]) >= 2 * COARSEST:
        coarse = blurred(x)[:, :, ::2, ::2]
        levels.append(x - expanded(coarse, x))
        x = coarse
    return [*levels, x]


def expanded(coarse: Tensor, fine: Tensor) -> Tensor:
    """Pictures at twice their resolution, that of `fine`."""
    spread = torch.zeros_like(fine)
    spread[:, :, ::2, ::2] = 4 * coarse
    return blurred(spread)


def blurred(x: Tensor) -> Tensor:
    """Each channel after a binomial filter, five pixels wide, with mirrored borders."""
    weights = x.new_tensor(BINOMIAL).expand(x.shape[1], 1, 1, -1)
    x = F.conv2d(F.pad(x, (2, 2, 0, 0), mode="reflect"), weights, groups=x.shape[1])
    x = F.pad(x, (0, 0, 2, 2), mode="reflect")
    return F.conv2d(x, weights.transpose(2, 3), groups=x.shape[1])
