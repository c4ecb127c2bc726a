"""The laws of the engine: who moves, who only looks, and that a resumed run repeats exactly."""

import contextlib
import functools
import io
import math
from types import SimpleNamespace

import pytest
import torch
from recipes import moved_by, one_of_each_game
from torch import nn
from torch.testing import assert_close

from ganlab.build import build
from ganlab.engine import Diverged, Guard, mix, move, play
from ganlab.games.game import Turn
from ganlab.options import options
from ganlab.sampling import draw

MODELS = sorted(options([])["model"])
BF16 = functools.partial(torch.autocast, "cpu", dtype=torch.bfloat16)
FEW_TURNS = 2


class Duel(nn.Module):
    """Two players of one weight each; `turns(game, number)` says what a round is."""

    players = ("a", "b")

    def __init__(self, turns):
        super().__init__()
        self.a, self.b = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
        for player in (self.a, self.b):
            nn.init.ones_(player.weight)
        self.turns = turns

    def movable(self, player):
        return list(getattr(self, player).parameters())

    def round(self, number, batches):
        yield from self.turns(self, number)


def duel(turns, rounds=1, **rest):
    """Play a duel by gradient descent with rate 0.1; gives the game."""
    game = Duel(turns)
    optimizers = {p: torch.optim.SGD(game.movable(p), lr=0.1) for p in game.players}
    play(game, optimizers, iter(()), range(1, rounds + 1), 0, **rest)
    return game


def built(tiny, *words):
    """An experiment of which no round has many turns."""
    config = tiny(*words)
    for key in config.model.game:
        if str(key).endswith("turns"):
            config.model.game[key] = min(config.model.game[key], FEW_TURNS)
    return build(config)


def rounds(experiment, first, last, consumed=0, observers=()):
    """Play some rounds; gives the state after the last."""
    with contextlib.closing(experiment.batches(consumed)) as batches:
        play(
            experiment.game,
            experiment.optimizers,
            batches,
            range(first, last + 1),
            experiment.config.seed,
            experiment.average,
            experiment.pace,
            experiment.runtime.precise(),
            observers,
        )
        return experiment.state(last, batches.consumed)


def through_a_file(state):
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


def identical(one, other):
    assert one.pop("config", None) == other.pop("config", None)
    assert_close(one, other, rtol=0, atol=0)


# Who moves


@pytest.mark.parametrize("model", MODELS)
def test_every_player_has_a_turn_in_which_it_alone_moves(tiny, model):
    experiment = built(tiny, f"model={model}")
    game, names = experiment.game, dict(experiment.game.named_parameters())
    players = set()
    for turn in game.round(1, experiment.batches()):
        before = {name: p.detach().clone() for name, p in names.items()}
        own = {id(p) for p in game.movable(turn.player)}
        move(turn, game.movable(turn.player), experiment.optimizers[turn.player], 1, Guard())
        moved = {name for name, p in names.items() if not torch.equal(p, before[name])}
        assert moved
        assert {id(names[name]) for name in moved} <= own
        assert all(p.grad is None for p in names.values())
        players.add(turn.player)
    assert players == set(game.players)


def test_a_loss_that_reaches_both_players_moves_only_one():
    game = duel(lambda g, _: [Turn("a", {"loss": (g.a.weight * g.b.weight).sum()})])
    assert_close(game.a.weight.item(), 0.9)
    assert game.b.weight.item() == 1
    assert game.b.weight.grad is None


def test_the_terms_of_a_turn_are_summed():
    game = duel(lambda g, _: [Turn("a", {"x": g.a.weight.sum(), "y": 2 * g.a.weight.sum()})])
    assert_close(game.a.weight.item(), 0.7)


def test_gradients_without_a_step_wait_for_the_next_turn():
    def turns(game, number):
        yield Turn("a", {"loss": game.a.weight.sum()}, step=False)
        assert game.a.weight.item() == 1
        yield Turn("a", {"loss": 2 * game.a.weight.sum()})

    game = duel(turns)
    assert_close(game.a.weight.item(), 0.7)
    assert game.a.weight.grad is None


def test_what_follows_a_yield_runs_after_the_move():
    seen = []

    def turns(game, number):
        yield Turn("a", {"loss": game.a.weight.sum()})
        seen.append(game.a.weight.item())

    duel(turns)
    assert_close(seen, [0.9])


class Pair(nn.Module):
    """One player of two weights, the second of which has a loss in the first round only."""

    def __init__(self, zeros):
        super().__init__()
        self.player = nn.ParameterList([torch.ones(1), torch.ones(1)])
        self.zeros = zeros

    def round(self, number, batches):
        x, y = self.player
        loss = x.sum() + (y.sum() if number == 1 else 0 * y.sum() if self.zeros else 0)
        yield Turn("player", {"loss": loss})

    def movable(self, player):
        return list(self.player)


@pytest.mark.parametrize("kind", [torch.optim.Adam, torch.optim.AdamW, torch.optim.RMSprop])
def test_absent_gradients_count_as_zeros(kind):
    games = [Pair(zeros=False), Pair(zeros=True)]
    for game in games:
        optimizer = kind(game.player, lr=0.1, weight_decay=0.01)
        play(game, {"player": optimizer}, iter(()), range(1, 5), 0)
    identical(games[0].state_dict(), games[1].state_dict())


def test_adam_moves_on_without_a_gradient():
    game, seen = Pair(zeros=False), []
    optimizer = torch.optim.Adam(game.player, lr=0.1)
    observers = [lambda *_: seen.append(game.player[1].item())]
    play(game, {"player": optimizer}, iter(()), range(1, 3), 0, observers=observers)
    assert seen[1] < seen[0] < 1


# What is refused


@pytest.mark.parametrize("factor", [math.inf, -math.inf, math.nan])
def test_a_player_does_not_move_by_a_non_finite_gradient(factor):
    games = []

    def turns(game, number):
        games.append(game)
        yield Turn("b", {"loss": factor * game.b.weight.sum()})

    with pytest.raises(Diverged, match=r"the b's gradient norm is (inf|nan) \(loss"):
        duel(turns)
    assert games[0].b.weight.item() == 1


def test_the_gradient_norm_is_over_all_parameters():
    game, seen = Pair(zeros=False), []
    optimizer = torch.optim.SGD(game.player, lr=0.1)
    observers = [lambda number, game, record: seen.append(record["player/gradient_norm"])]
    play(game, {"player": optimizer}, iter(()), range(1, 3), 0, observers=observers)
    assert_close(seen, [torch.tensor(2.0).sqrt(), torch.tensor(1.0)])


# Who looks


def test_observers_see_the_number_the_game_and_detached_scalars_of_all_players():
    seen = []

    def turns(game, number):
        yield Turn("a", {"loss": number * game.a.weight.sum()})
        yield Turn("b", {"loss": game.b.weight.sum()}, {"score": game.b.weight.sum()})

    game = duel(turns, rounds=2, observers=[lambda *arguments: seen.append(arguments)])
    assert [number for number, _, _ in seen] == [1, 2]
    assert all(watched is game for _, watched, _ in seen)
    names = {"a/loss", "a/gradient_norm", "b/loss", "b/score", "b/gradient_norm"}
    assert set(seen[0][2]) == names
    assert not any(value.requires_grad for _, _, record in seen for value in record.values())


@pytest.mark.parametrize("model", one_of_each_game())
def test_observers_change_nothing(tiny, model):
    alone, watched = (built(tiny, f"model={model}") for _ in range(2))

    def look(number, game, record):
        torch.rand(number)
        draw(watched.averaged(), 3, number)
        watched.state(number, 0)

    identical(rounds(alone, 1, 2), rounds(watched, 1, 2, observers=[look]))


# Exact resumption


def resumed_and_whole(tiny, *words):
    """The states after six rounds, played at once and with new objects after the third."""
    half = through_a_file(rounds(built(tiny, *words), 1, 3))
    again = built(tiny, *words)
    again.restore(half)
    resumed = rounds(again, 4, 6, consumed=half["batches"])
    return resumed, rounds(built(tiny, *words), 1, 6)


@pytest.mark.parametrize("model", MODELS)
def test_six_rounds_equal_three_resume_three(tiny, model):
    identical(*resumed_and_whole(tiny, f"model={model}"))


@pytest.mark.parametrize("model", ["gan", "dcgan", "wgan_gp", "stylegan2"])
def test_six_rounds_equal_three_resume_three_in_bfloat16(tiny, model):
    identical(*resumed_and_whole(tiny, f"model={model}", "runtime.precision=bf16"))


@pytest.mark.parametrize("augment", sorted(options([])["augment"]))
def test_resumption_is_exact_with_every_augmentation(tiny, augment):
    identical(*resumed_and_whole(tiny, "model=gan", f"augment={augment}"))


@pytest.mark.parametrize("optimizer", sorted(options([])["optimizer"]))
def test_resumption_is_exact_with_every_optimizer(tiny, optimizer):
    identical(*resumed_and_whole(tiny, f"model={moved_by(optimizer)}", f"optimizer={optimizer}"))


def test_resumption_is_exact_while_the_rate_decays(tiny):
    words = ("model=gan", "optimizer.decay.start=1", "optimizer.decay.rounds=4")
    identical(*resumed_and_whole(tiny, *words))


@pytest.mark.parametrize("words", [["dataset.flip=true"], ["dataset=ring"]])
def test_resumed_batches_are_those_that_would_have_come(tiny, words):
    experiment = built(tiny, "model=gan", *words)
    whole = experiment.batches()
    for _ in range(5):
        next(whole)
    identical(next(experiment.batches(consumed=5)), next(whole))


# Noise


def test_seeds_are_mixed_alike_on_every_machine():
    assert mix(0, 1) == 1506311409109703068


def test_no_two_rounds_share_a_seed():
    seeds = {mix(seed, number) for seed in range(10) for number in range(1000)}
    assert len(seeds) == 10_000
    assert all(0 <= seed < 2**63 for seed in seeds)


def noise(seed, numbers):
    """What rounds of a game without players draw, by number."""
    drawn = {}

    def turns(game, number):
        drawn[number] = torch.rand(1).item()
        return ()

    play(Duel(turns), {}, iter(()), numbers, seed)
    return drawn


def test_noise_depends_on_seed_and_round_only():
    assert noise(0, [1, 2, 3]) == noise(0, [3, 2, 1])
    values = [*noise(0, [1, 2, 3]).values(), *noise(1, [1, 2, 3]).values()]
    assert len(set(values)) == 6


# Precision and pace


def test_losses_are_computed_in_the_chosen_precision_and_gradients_outside():
    autocast = functools.partial(torch.is_autocast_enabled, "cpu")
    seen = SimpleNamespace(forward=[], backward=[], after=[], outside=[])

    def turns(game, number):
        for _ in range(2):
            seen.forward.append(autocast())
            loss = game.a.weight.sum() * 1
            loss.register_hook(lambda _: seen.backward.append(autocast()))
            yield Turn("a", {"loss": loss})

    duel(turns, precision=BF16, observers=[lambda *_: seen.outside.append(autocast())])
    assert seen.forward == [True, True]
    assert seen.backward == [False, False]
    assert seen.outside == [False]


def test_the_precision_is_left_when_a_game_fails():
    def turns(game, number):
        raise ZeroDivisionError
        yield

    with pytest.raises(ZeroDivisionError):
        duel(turns, precision=BF16)
    assert not torch.is_autocast_enabled("cpu")


def test_the_pace_is_set_before_each_round():
    numbers = []

    def turns(game, number):
        yield Turn("a", {"loss": numbers[-1] * game.a.weight.sum()})

    game = duel(turns, rounds=3, pace=numbers.append)
    assert numbers == [1, 2, 3]
    assert_close(game.a.weight.item(), 1 - 0.1 * (1 + 2 + 3))


def test_rates_follow_the_decay_while_playing(tiny):
    experiment = built(tiny, "model=gan", "optimizer.lr=0.1", "optimizer.decay.rounds=4")
    rates = []

    def look(number, game, record):
        rates.append([o.param_groups[0]["lr"] for o in experiment.optimizers.values()])

    rounds(experiment, 1, 5, observers=[look])
    assert_close(rates, [[0.1] * 2, [0.075] * 2, [0.05] * 2, [0.025] * 2, [0.0] * 2])
