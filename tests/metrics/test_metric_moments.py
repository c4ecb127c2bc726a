"""Moments and answers from a stream are those of all samples at once."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from ganlab.metrics.seen import Answers, Moments

FEATURES = 1e3 + torch.randn(101, 5, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("chunk", [1, 7, 100, 101])
def test_moments_are_those_of_numpy_however_they_come(chunk):
    moments = Moments(5)
    for part in FEATURES.split(chunk):
        moments.add(part)
    everything = FEATURES.double().numpy()
    assert moments.count == 101
    assert_close(moments.mean.numpy(), everything.mean(0), rtol=1e-12, atol=0)
    assert_close(moments.covariance.numpy(), np.cov(everything, rowvar=False), rtol=1e-9, atol=0)


@pytest.mark.parametrize("chunk", [1, 7, 101])
def test_answers_do_not_depend_on_how_they_come(chunk):
    logits = torch.randn(101, 4, generator=torch.Generator().manual_seed(1))
    answers = Answers(4, 101)
    for part in logits.split(chunk):
        answers.add(part)
    splits = [(101 * k // 10, 101 * (k + 1) // 10) for k in range(10)]
    p = logits.double().softmax(1)
    assert_close(answers.probabilities, torch.stack([p[a:b].sum(0) for a, b in splits]))
    entropies = -(p * p.log()).sum(1)
    assert_close(answers.entropies, torch.stack([entropies[a:b].sum() for a, b in splits]))
    assert_close(answers.counts, torch.tensor([float(b - a) for a, b in splits]).double())
    assert_close(answers.histogram, logits.argmax(1).bincount(minlength=4))
