"""Stacked pictures are seen channel by channel, their classes together."""

import pytest
import torch

from ganlab.extractors.classifier import Classifier
from ganlab.extractors.network import Network
from ganlab.extractors.per_channel import PerChannel


@pytest.fixture
def inner():
    torch.manual_seed(0)
    return Classifier("mnist", Network((1, 8, 8), 10), tuple("0123456789"), torch.device("cpu"))


def test_the_joint_probabilities_are_products(inner):
    pictures = torch.randint(256, (5, 3, 8, 8), dtype=torch.uint8)
    _, joint = PerChannel(inner, 3)(pictures)
    p = [inner(pictures[:, k : k + 1])[1].softmax(1) for k in range(3)]
    assert joint.shape == (5, 1000)
    for a, b, c in ((0, 0, 0), (1, 2, 3), (9, 0, 4), (9, 9, 9)):
        expected = p[0][:, a] * p[1][:, b] * p[2][:, c]
        torch.testing.assert_close(joint[:, 100 * a + 10 * b + c].exp(), expected)
    torch.testing.assert_close(joint.exp().sum(1), torch.ones(5))


def test_features_lie_side_by_side(inner):
    pictures = torch.randint(256, (4, 3, 8, 8), dtype=torch.uint8)
    stacked = PerChannel(inner, 3)
    features, _ = stacked(pictures)
    assert features.shape == (4, stacked.dimensions)
    for k, part in enumerate(features.chunk(3, 1)):
        torch.testing.assert_close(part, inner(pictures[:, k : k + 1])[0])


def test_it_goes_by_the_inner_name_and_counts_in_digits(inner):
    stacked = PerChannel(inner, 3)
    assert (stacked.name, stacked.sha256) == (inner.name, inner.sha256)
    assert stacked.classes == tuple(f"{number:03}" for number in range(1000))
