"""Generative latent optimisation: its table of codes, and where its samples come from."""

import contextlib
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from ganlab.build import build
from ganlab.engine import play
from ganlab.errors import ConfigError
from ganlab.games.glo import GLO, Codes, in_ball
from ganlab.losses.gaussian import Gaussian
from ganlab.losses.laplacian import Laplacian
from ganlab.priors.normal import Normal

COUNT, BATCH = 6, 3


def game(loss=None):
    network = SimpleNamespace(generator=lambda latent, shape: nn.Linear(latent, *shape))
    return GLO(network, (4,), loss or Laplacian(1.0), Normal(2), count=COUNT, batch_size=BATCH)


def batch():
    return {"data": torch.randn(BATCH, 4), "index": torch.tensor([4, 0, 3])}


def rounds(played, lr, number=1):
    """Play, both players by plain descent; gives what each turn lost."""
    optimizers = {player: torch.optim.SGD(played.movable(player), lr) for player in played.players}
    records = []
    play(
        played,
        optimizers,
        iter([batch()] * number),
        range(1, number + 1),
        seed=0,
        observers=[lambda number, game, record: records.append(record)],
    )
    return records


def test_the_nearest_point_of_the_unit_ball():
    codes = torch.tensor([[3.0, 4.0], [0.3, 0.4], [0.0, 0.0]])
    assert_close(in_ball(codes), torch.tensor([[0.6, 0.8], [0.3, 0.4], [0.0, 0.0]]))


def test_codes_begin_in_the_unit_ball():
    table = Codes(10 * torch.randn(100, 3), BATCH).table
    assert_close(table.norm(dim=1), torch.ones(100))


@pytest.mark.parametrize("lr", [0.01, 100.0])
def test_only_the_codes_of_the_batch_move_and_they_stay_in_the_ball(lr):
    played = game()
    before = played.codes.table.clone()
    rounds(played, lr)
    moved = (played.codes.table != before).any(1)
    assert moved.nonzero().flatten().tolist() == [0, 3, 4]
    assert played.codes.table.norm(dim=1).max() < 1 + 1e-6


def test_a_code_moves_down_the_slope_of_its_own_sample():
    played, real = game(Gaussian(1.0)), batch()
    weight, bias = (p.detach().clone() for p in played.generator.parameters())
    before = (played.codes.table / 2).clone()
    played.codes.table.copy_(before)
    optimizer = torch.optim.SGD(played.movable("codes"), lr=0.01)
    turns = played.round(1, iter([real]))
    sum(next(turns).losses.values()).backward(inputs=played.movable("codes"))
    optimizer.step()
    next(turns)
    errors = before[real["index"]] @ weight.T + bias - real["data"]
    moved = before[real["index"]] - 0.01 * errors @ weight / BATCH
    assert_close(played.codes.table[real["index"]], in_ball(moved))


def test_the_generator_sees_the_codes_that_have_moved():
    played = game()
    turns = played.round(1, iter([real := batch()]))
    first = next(turns)
    with torch.no_grad():
        played.codes.batch.fill_(5.0)
    second = next(turns)
    expected = played.decode(torch.full((BATCH, 2), 0.5**0.5))
    assert_close(second.losses["loss"], played.loss.reconstruction(expected, real["data"]))
    assert first.player, second.player == played.players


def test_an_optimizer_remembers_nothing_of_other_samples_codes():
    played = game()
    optimizers = {
        player: torch.optim.Adam(played.movable(player), lr=0.01) for player in played.players
    }
    play(played, optimizers, iter([batch()] * 3), [1, 2, 3], seed=0)
    (codes,) = optimizers["codes"].state.values()
    assert codes["step"] == 1
    assert {state["step"].item() for state in optimizers["generator"].state.values()} == {3}


def test_what_is_learnt_is_drawn_closer():
    records = rounds(game(), 0.05, 100)
    assert records[-1]["generator/loss"] < records[0]["codes/loss"] / 2


def test_samples_come_from_the_gaussian_of_the_codes():
    torch.manual_seed(0)
    codes = Codes(torch.randn(50, 3) @ torch.diag(torch.tensor([0.1, 0.2, 0.0])) + 0.2, BATCH)
    drawn = codes(20_000, "cpu")
    spread = codes.table.std(0).max()
    assert_close(drawn.mean(0), codes.table.mean(0), rtol=0, atol=0.04 * spread.item())
    covariance = torch.cov(codes.table.T)
    assert_close(torch.cov(drawn.T), covariance, rtol=0, atol=0.05 * covariance.max().item())
    assert drawn[:, 2].std() < 1e-3  # where codes do not vary, neither do samples


def test_fewer_samples_than_dimensions_have_a_gaussian_too():
    codes = Codes(torch.randn(2, 5), BATCH)
    drawn = codes(100, "cpu") - codes.table[0]
    line = codes.table[1] - codes.table[0]
    along = drawn @ line / line.square().sum()
    assert_close(drawn, along[:, None] * line, rtol=0, atol=1e-3)


def test_a_game_samples_by_its_codes():
    played = game()
    torch.manual_seed(1)
    expected = played.decode(played.codes(7, "cpu"))
    torch.manual_seed(1)
    assert torch.equal(played.sample(7), expected)


def test_a_checkpoint_keeps_the_table_whatever_the_batch():
    played = game()
    state = {name: tensor.clone() for name, tensor in played.state_dict().items()}
    assert set(state) == {"codes.table", "generator.weight", "generator.bias"}
    rounds(played, 1.0)
    other = GLO(
        SimpleNamespace(generator=lambda latent, shape: nn.Linear(latent, *shape)),
        (4,),
        Laplacian(1.0),
        Normal(2),
        count=COUNT,
        batch_size=2 * BATCH,
    )
    other.load_state_dict(state)
    assert torch.equal(other.codes.table, state["codes.table"])
    assert not torch.equal(played.codes.table, state["codes.table"])


def test_every_sample_has_a_code_which_the_right_batches_move(tiny):
    experiment = build(tiny("model=glo"))
    table = experiment.game.codes.table
    assert table.shape == (experiment.dataset.spec.count, 100)
    before = table.clone()
    with contextlib.closing(experiment.batches()) as batches:
        index = next(batches)["index"]
        batches.consumed = 0
        play(experiment.game, experiment.optimizers, batches, [1], seed=0)
    moved = (table != before).any(1).nonzero().flatten()
    assert torch.equal(moved, index.sort().values)


@pytest.mark.parametrize("words", [("dataset=ring",), ("dataset=digits", "dataset.flip=true")])
def test_samples_that_never_come_again_are_refused(tiny, words):
    with pytest.raises(ConfigError, match=r"dataset=.*(drawn|mirrored).*flip=false"):
        build(tiny("model=glo", *words))


def test_a_loss_of_two_sides_is_refused(tiny):
    with pytest.raises(ConfigError, match=r"loss=hinge.*reconstruction"):
        build(tiny("model=glo", "loss=hinge"))
