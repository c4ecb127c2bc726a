"""Which modes of a mixture samples reach, and how well."""

import torch

from ganlab.metrics.case import Case
from ganlab.metrics.metric import Metric, Verdict

ROWS = 1000
REACH = 3  # deviations


class Modes(Metric):
    """The modes found, and the share of samples of high quality.

    A sample belongs to its nearest mode and is of high quality within three deviations of it
    (a perfect model: 1 - exp(-9/2) = 0.989 in the plane); a mode is found by one such sample.
    Srivastava et al. 2017, VEEGAN, arXiv:1705.07761, section 5.1; Lin et al. 2018, PacGAN,
    arXiv:1712.04086, section 4.1.
    """

    gives = ("modes_found", "high_quality")
    judges = frozenset({"points"})
    by_features = False
    goal = "max"

    def __call__(self, case: Case) -> Verdict:
        points, centres = case.fake.samples.double(), case.mixture.modes.double()
        nearest = [torch.cdist(rows, centres).min(1) for rows in points.split(ROWS)]
        distances, modes = (torch.cat(parts) for parts in zip(*nearest, strict=True))
        high = distances < REACH * case.mixture.deviation
        return {
            "modes_found": float(len(modes[high].unique())),
            "high_quality": float(high.double().mean()),
        }
