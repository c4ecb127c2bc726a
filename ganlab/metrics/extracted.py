"""What an extractor saw of one side of a case; `Impossible` where none looked."""

from torch import Tensor

from ganlab.metrics.metric import Impossible
from ganlab.metrics.seen import Answers, Moments, Seen

NONE_LOOKED = "no extractor saw the samples; choose one"


def features_of(seen: Seen) -> Tensor:
    """(k, D) float32."""
    if seen.features is None:
        raise Impossible(NONE_LOOKED)
    return seen.features


def moments_of(seen: Seen) -> Moments:
    if seen.moments is None:
        raise Impossible(NONE_LOOKED)
    return seen.moments


def answers_of(seen: Seen) -> Answers:
    if seen.answers is None:
        raise Impossible(NONE_LOOKED)
    return seen.answers
