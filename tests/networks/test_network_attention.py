"""Self-attention: what it leaves alone at the start, what it reads, where it stands."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from ganlab.networks.attention import Attention, attending


@pytest.fixture
def attention():
    torch.manual_seed(0)
    return Attention(16)


def test_it_starts_as_the_identity(attention):
    x = torch.randn(2, 16, 8, 8)
    assert attention.scale.item() == 0
    assert_close(attention(x), x, rtol=0, atol=0)


def test_its_scale_is_learnt_from_the_start(attention):
    attention(torch.randn(2, 16, 8, 8)).square().sum().backward()
    assert attention.scale.grad.item() != 0


def test_queries_and_keys_have_an_eighth_of_the_channels_and_values_half():
    layers = Attention(64)
    assert [layers.query.out_channels, layers.key.out_channels] == [8, 8]
    assert layers.value.out_channels == layers.output.in_channels == 32


def test_every_place_reads_a_weighted_mean_of_pooled_values(attention):
    """The sums of equation 1, written out for one place at a time."""
    nn.init.constant_(attention.scale, 0.7)
    x = torch.randn(1, 16, 4, 4)
    pool = nn.MaxPool2d(2)
    keys, values = (pool(f(x))[0].flatten(1).T for f in (attention.key, attention.value))
    queries = attention.query(x)[0].flatten(1).T
    read = torch.stack([(keys @ query).softmax(0) @ values for query in queries])
    told = attention.output(read.T.reshape(1, -1, 4, 4))
    assert_close(attention(x), x + 0.7 * told)


def test_it_does_not_mind_where_things_are(attention):
    """Mirroring commutes with it: it knows of no places."""
    nn.init.ones_(attention.scale)
    x = torch.randn(2, 16, 6, 6)
    assert_close(attention(x.flip(3)), attention(x).flip(3))


def test_odd_maps_are_read_to_their_edge(attention):
    nn.init.ones_(attention.scale)
    x = torch.randn(1, 16, 7, 7, requires_grad=True)
    attention(x)[0, :, 0, 0].sum().backward()
    assert x.grad[0, :, 6, 6].abs().sum() > 0


def test_it_can_be_differentiated_twice():
    attention = Attention(4).double()
    nn.init.ones_(attention.scale)
    x = torch.randn(1, 4, 4, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(attention, x)


@pytest.mark.parametrize(
    ("sizes", "most", "place"),
    [
        ([8, 16, 32, 64, 128], 32, 2),
        ([64, 32, 16, 8, 4, 4], 32, 1),
        ([7, 14, 28], 32, 2),
        ([16, 8, 8, 8], 8, 1),
        ([8, 16, 32], 20, 1),
        ([8, 16, 32], 7, None),
        ([8, 16, 32], 0, None),
    ],
)
def test_it_follows_the_first_of_the_largest_maps_that_are_small_enough(sizes, most, place):
    found = attending(sizes, range(8, 8 + len(sizes)), most)
    kinds = [isinstance(module, Attention) for module in found]
    assert kinds == [k == place for k in range(len(sizes))]
    if place is not None:
        assert found[place].query.in_channels == 8 + place
