"""Statistics that are measured before sampling are those of the weights that sample."""

import torch
from torch import nn
from torch.testing import assert_close

from ganlab.average import with_modules
from ganlab.build import build
from ganlab.standing import standing


def test_an_averaged_generator_is_normalised_by_its_own_statistics(tiny):
    game = build(tiny("model=dcgan")).game.eval()
    for norm in (m for m in game.generator.modules() if isinstance(m, nn.BatchNorm2d)):
        norm.running_mean.fill_(5.0)
    before = {name: tensor.clone() for name, tensor in game.state_dict().items()}
    noise = torch.get_rng_state()
    settled = standing(game, 16)
    seen = []
    first = next(m for m in settled.generator.modules() if isinstance(m, nn.BatchNorm2d))
    first.register_forward_hook(lambda module, inputs, output: seen.append(output))
    torch.manual_seed(0)
    with torch.no_grad():
        settled.sample(1024)
    assert_close(seen[0].mean().item(), 0.0, rtol=0, atol=0.05)
    assert_close(seen[0].std().item(), 1.0, rtol=0, atol=0.1)
    assert not settled.generator.training
    assert all(torch.equal(game.state_dict()[name], before[name]) for name in before)
    torch.set_rng_state(noise)
    assert torch.equal(torch.get_rng_state(), noise)


def test_it_draws_the_same_each_time(tiny):
    game = build(tiny("model=dcgan")).game.eval()
    z = torch.randn(3, game.prior.dim)
    one, other = (standing(game, 2).decode(z) for _ in range(2))
    assert torch.equal(one, other)


def test_nothing_is_measured_where_nothing_is_normalised_or_wished(tiny):
    game = build(tiny("model=dcgan", "model.generator_norm=none")).game
    assert standing(game, 4) is game
    normalised = with_modules(build(tiny("model=dcgan")).game, {})
    assert standing(normalised, 0) is normalised


def test_a_recipe_may_ask_for_it(tiny):
    experiment = build(tiny("model=dcgan", "model.standing=2"))
    assert experiment.averaged().generator is not experiment.average.shadows["generator"]
