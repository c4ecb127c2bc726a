"""The discriminator knows the training pictures by heart."""

from ganlab.alarms.alarm import Alarm, History, values


class Overfitting(Alarm):
    """The discriminator takes held-out pictures for fakes rather than for training pictures.

    The overfitting (Karras et al. 2020, arXiv 2006.06676, eq. 1) is above `most` in each of the
    last `probes`. Where the accuracy is below `accuracy`, training and fake scores lie too near to
    each other to tell where those of held-out pictures lie between them.
    """

    def __init__(self, most: float, accuracy: float, probes: int):
        self.most, self.accuracy, self.probes = most, accuracy, probes

    def __call__(self, history: History) -> str | None:
        overfitting = values(history, "health/overfitting")[-self.probes :]
        accuracy = values(history, "health/accuracy")[-self.probes :]
        if len(overfitting) < self.probes or overfitting.min() < self.most:
            return None
        if accuracy.min() < self.accuracy:
            return None
        return (
            "the discriminator overfits: its scores of held-out pictures lie "
            f"{overfitting[-1]:.0%} of the way from training pictures to fakes; try more data, "
            "dataset.flip=true or penalty=r1 with a larger penalty.gamma (Karras 2020)"
        )
