"""The generator's best samples: which, how many, and what they teach."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from ganlab.build import build
from ganlab.errors import ConfigError
from ganlab.games.top_k import TopK, best
from ganlab.losses.hinge import Hinge


@pytest.mark.parametrize(
    ("kept", "expected"), [(1.0, [4, 3, 2, 1]), (0.5, [4, 3]), (0.51, [4, 3, 2])]
)
def test_the_best_are_kept(kept, expected):
    assert best(torch.tensor([2.0, 4.0, 1.0, 3.0]), kept).tolist() == expected


def test_one_is_always_kept():
    assert best(torch.tensor([2.0, 4.0]), 0.0).tolist() == [4.0]


def test_samples_of_several_logits_are_kept_by_their_mean():
    logits = torch.tensor([[9.0, -9.0], [1.0, 2.0], [3.0, -1.0]])
    assert_close(best(logits, 0.3), logits[1:2])
    assert_close(best(logits, 0.6), logits[1:])


def test_those_left_out_teach_nothing():
    logits = torch.tensor([2.0, 4.0, 1.0, 3.0], requires_grad=True)
    Hinge().generator(best(logits, 0.5)).backward()
    assert_close(logits.grad, torch.tensor([0.0, -0.5, 0.0, -0.5]))


def test_gradients_agree_with_finite_differences():
    logits = torch.randn(6, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: Hinge().generator(best(x, 0.5).square()), logits)


def test_the_share_falls_to_its_least(tiny):
    experiment = build(tiny("model=top_k", "model.game.every=10", "model.game.least=0.97"))
    game, shares = experiment.game, []
    for number in (1, 10, 11, 21, 31, 1000):
        next(game.round(number, experiment.batches()))
        shares.append(game.kept)
    assert shares == pytest.approx([1.0, 1.0, 0.99, 0.99**2, 0.99**3, 0.97])


def test_all_samples_are_the_plain_game(tiny):
    games = [build(tiny("model=dcgan", "prior=normal")).game, build(tiny("model=top_k")).game]
    games[1].load_state_dict(games[0].state_dict())
    real, losses = {"data": torch.randn(8, 1, 16, 16)}, []
    for game in games:
        torch.manual_seed(0)
        losses.append(game.persuade(real).losses["loss"])
    assert_close(*losses)


def test_the_worst_samples_leave_the_generator_alone(tiny):
    game = build(tiny("model=top_k", "model.discriminator_norm=none")).game
    game.kept = 0.25
    x = torch.randn(8, 1, 16, 16)
    pulls = game.pull({"data": x}, {"data": x}).flatten(1).norm(dim=1)
    top = game.logits({"data": x}).topk(2).indices
    assert set(pulls.nonzero().flatten().tolist()) == set(top.tolist())


def test_a_paired_loss_is_refused(tiny):
    with pytest.raises(ConfigError, match="compares each fake with a real partner"):
        build(tiny("model=top_k", "loss=relativistic"))


def test_other_recipes_can_take_it(tiny):
    config = tiny("model=wgan_gp")
    config.model.game = {
        **config.model.game,
        "_target_": f"{TopK.__module__}.TopK",
        "least": 0.5,
        "factor": 0.99,
        "every": 1,
    }
    assert isinstance(build(config).game.discriminator, nn.Module)
