"""The flow: there and back, and what it does to volumes, against autograd."""

import math

import pytest
import torch
from torch.func import jacrev, vmap
from torch.testing import assert_close

from ganlab.errors import ConfigError
from ganlab.networks import realnvp
from ganlab.networks.couplings import checkerboard, halves
from ganlab.networks.realnvp import Flow, squeezed, unsqueezed

SHAPES = [(2,), (3,), (1, 16, 16), (3, 16, 16), (1, 28, 28)]
NORMS = {1: ["none", "layer", "batch"], 3: ["none", "layer", "batch", "instance"]}


def flow(shape, norm="none", latent=None):
    """A flow in evaluation mode whose couplings do change things."""
    torch.manual_seed(0)
    made = Flow(latent or math.prod(shape), shape, width=4, depth=1, norm=norm).eval()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(torch.randn_like(parameter), alpha=0.05)
    return made


def samples(n, shape):
    """Dequantised, where they are pictures."""
    torch.manual_seed(1)
    if len(shape) == 1:
        return torch.randn(n, *shape)
    return (torch.randint(256, (n, *shape)) + torch.rand(n, *shape) - 0.5) / 127.5 - 1


@pytest.mark.parametrize("shape", SHAPES)
def test_samples_to_noise_to_samples(shape):
    for norm in NORMS[len(shape)]:
        made, x = flow(shape, norm), samples(3, shape)
        z, _ = made.encode(x)
        assert z.shape == (3, math.prod(shape))
        expected = x.clamp(-1, 1) if len(shape) == 3 else x
        assert_close(made(z), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("shape", SHAPES)
def test_noise_to_samples_to_noise(shape):
    made = flow(shape)
    y = torch.randn(3, *shape)
    z, _ = made.flow(y)
    assert_close(made.flow.inverse(z), y, rtol=0, atol=1e-5)
    again, _ = made.flow(made.flow.inverse(y))
    assert_close(again, y, rtol=0, atol=1e-5)


@pytest.mark.parametrize("shape", [(2,), (3,), (1, 8, 8), (3, 8, 8)])
def test_the_log_determinant_is_autograds(shape):
    made, x = flow(shape).double(), samples(2, shape).double()
    jacobians = vmap(jacrev(lambda one: made.encode(one[None])[0][0]))(x).flatten(2)
    _, expected = torch.linalg.slogdet(jacobians)
    _, found = made.encode(x)
    assert_close(found, expected, rtol=1e-8, atol=1e-8)
    assert found.abs().min() > 0.01


def test_couplings_leave_noise_alone_before_they_learn():
    made = Flow(256, (1, 16, 16), width=4, depth=1, norm="none")
    y = torch.randn(2, 1, 16, 16)
    z, gained = made.flow(y)
    assert_close(z.flatten().sort().values, y.flatten().sort().values)  # in another order
    assert_close(made.flow.inverse(z), y)
    assert_close(gained, torch.zeros(2))


@pytest.mark.parametrize("shape", [(2,), (1, 16, 16)])
def test_every_dimension_is_changed_by_others(shape):
    """No dimension of the noise is a function of one dimension of the sample."""
    made, x = flow(shape), samples(1, shape)
    jacobian = jacrev(lambda one: made.encode(one)[0][0])(x).flatten(1)
    assert ((jacobian.abs() > 1e-7).sum(1) > 1).all()


@pytest.mark.parametrize("shape", [(2, 1, 4, 4), (2, 3, 6, 6)])
def test_squeezing_keeps_every_value_and_is_undone(shape):
    x = torch.arange(math.prod(shape), dtype=torch.float32).view(shape)
    y = squeezed(x)
    assert y.shape == (shape[0], 4 * shape[1], shape[2] // 2, shape[3] // 2)
    assert torch.equal(unsqueezed(y), x)
    square = x[0, :, :2, :2]  # its diagonal pixels come first, then the others
    expected = [*square[:, 0, 0], *square[:, 1, 1], *square[:, 0, 1], *square[:, 1, 0]]
    assert y[0, :, 0, 0].tolist() == [value.item() for value in expected]


def test_masks_alternate():
    assert checkerboard(4, 1, 0)[0, 0].tolist() == [0, 1, 0, 1]
    assert torch.equal(checkerboard(4, 2, 0) + checkerboard(4, 2, 1), torch.ones(2, 4, 4))
    assert halves(4, 0).flatten().tolist() == [0, 0, 1, 1]
    assert halves(4, 1).flatten().tolist() == [1, 1, 0, 0]


def test_pictures_lie_in_their_range_whatever_the_noise():
    drawn = flow((1, 16, 16))(20 * torch.randn(8, 256))
    assert drawn.min() == -1
    assert drawn.max() == 1


def test_the_levels_of_a_picture_are_apart_and_all_are_reached():
    levels = torch.arange(256) / 127.5 - 1
    ends = torch.stack([levels - 0.499 / 127.5, levels + 0.499 / 127.5])
    y, _ = realnvp.unbounded(ends.view(-1, 1, 1, 1))
    assert y.isfinite().all()
    drawn = ((realnvp.bounded(y).view(2, 256) + 1) * 127.5).round()
    assert torch.equal(drawn, torch.arange(256.0).expand(2, -1))


def test_other_noise_is_refused_with_the_size_it_must_have():
    with pytest.raises(ConfigError, match=r"model.latent=100.*model.latent=256"):
        flow((1, 16, 16), latent=100)


def test_a_resolution_that_cannot_be_halved_is_refused():
    with pytest.raises(ConfigError, match=r"dataset\.resolution"):
        flow((1, 30, 30))
