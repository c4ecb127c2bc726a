"""Which classes the samples belong to."""

import numpy as np
from torch import Tensor

from ganlab.metrics.case import Case
from ganlab.metrics.extracted import answers_of
from ganlab.metrics.metric import Metric, Verdict

MOST_BARS = 20


class Classes(Metric):
    """The number of classes into which the classifier puts at least one fake.

    The modes of stacked MNIST: Metz et al. 2017, Unrolled Generative Adversarial Networks,
    arXiv:1611.02163, section 3.3. For few classes there is a chart of all shares.
    """

    gives = ("classes_found",)
    goal = "max"

    def __call__(self, case: Case) -> Verdict:
        real, fake = (answers_of(side).histogram for side in (case.real, case.fake))
        verdict: Verdict = {"classes_found": float((fake > 0).sum())}
        if len(case.classes) <= MOST_BARS:
            verdict["classes"] = chart(case.classes, real / real.sum(), fake / fake.sum())
        return verdict


def chart(names: tuple[str, ...], real: Tensor, fake: Tensor) -> np.ndarray:
    """Bars of both sides' shares (K,), uint8 (H, W, 3)."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 3.5), dpi=100, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_subplot(ylabel="share")
    places = np.arange(len(names))
    axes.bar(places - 0.2, real.numpy(), width=0.4, label="real", color="0.6")
    axes.bar(places + 0.2, fake.numpy(), width=0.4, label="fake", color="tab:blue")
    axes.set_xticks(places, names, rotation=45 if max(map(len, names)) * len(names) > 70 else 0)
    axes.legend()
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()
