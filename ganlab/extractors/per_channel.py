"""Each channel is a picture of its own, as in stacked MNIST (Metz 2017, arXiv 1611.02163)."""

import itertools

from torch import Tensor

from ganlab.extractors.extractor import Extractor


class PerChannel(Extractor):
    """Another extractor's view of each channel, side by side.

    Features (N, channels * D), and as logits the logarithms of the joint probabilities
    (N, K^channels): the class of the first channel is the leading digit of a joint class.
    """

    def __init__(self, inner: Extractor, channels: int) -> None:
        self.inner, self.channels = inner, channels
        self.name, self.sha256, self.resizing = inner.name, inner.sha256, inner.resizing
        self.classes = tuple(map("".join, itertools.product(inner.classes, repeat=channels)))
        self.dimensions = channels * inner.dimensions

    def __call__(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        features, logits = self.inner(pictures.flatten(0, 1).unsqueeze(1))
        first, *others = logits.log_softmax(1).unflatten(0, (-1, self.channels)).unbind(1)
        joint = first
        for each in others:
            joint = (joint[:, :, None] + each[:, None, :]).flatten(1)
        return features.reshape(len(pictures), self.dimensions), joint
