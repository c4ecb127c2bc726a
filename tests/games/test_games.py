"""Games against numbers worked out by hand, and the schedules of their turns."""

import contextlib
import math
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.nn.functional import softplus
from torch.testing import assert_close

from ganlab.augment.augment import Augment
from ganlab.augment.none import NoAugment
from ganlab.build import build
from ganlab.engine import play
from ganlab.games.game import Turn
from ganlab.games.gan import GAN
from ganlab.games.vae import VAE
from ganlab.games.wgan import WGAN
from ganlab.losses.gaussian import Gaussian
from ganlab.losses.loss import Loss
from ganlab.losses.non_saturating import NonSaturating
from ganlab.losses.wasserstein import Wasserstein
from ganlab.penalties.clip import Clip
from ganlab.penalties.none import NoPenalty
from ganlab.penalties.r1_r2 import R1R2
from ganlab.priors.normal import Normal

SHAPE = (3,)


class Constant(nn.Module):
    """Answers every sample with the same row; keeps count of its calls."""

    def __init__(self, *row):
        super().__init__()
        self.row = nn.Parameter(torch.tensor(row))
        self.calls = 0

    def forward(self, x):
        self.calls += 1
        return self.row.expand(len(x), -1)


class Paired(Loss):
    """The relativistic loss: each logit against that of its partner."""

    paired = True

    def discriminator(self, real, fake):
        return softplus(fake - real).mean()

    def generator(self, fake, real=None):
        return softplus(real - fake).mean()


def network(discriminator):
    return SimpleNamespace(
        generator=lambda latent, shape: nn.Linear(latent, *shape),
        discriminator=lambda shape, outputs: discriminator,
    )


class Scaled(Augment):
    """Doubles what the discriminator sees."""

    def change(self, x):
        return 2 * x


def gan(discriminator=None, loss=None, penalty=None, turns=1, kind=GAN, augment=None, **rest):
    return kind(
        network=network(discriminator or nn.Linear(3, 1)),
        shape=SHAPE,
        loss=loss or NonSaturating(),
        penalty=penalty or NoPenalty(),
        prior=Normal(2),
        augment=augment or NoAugment(),
        discriminator_turns=turns,
        **rest,
    )


def reals():
    """Endless batches of two samples."""
    while True:
        yield {"data": torch.tensor([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]])}


def ones():
    return {"data": torch.ones(2, 3)}


# A discriminator against a generator


def test_at_equilibrium_the_losses_are_two_logs_of_two_and_one():
    game = gan(Constant(0.0))
    judge, persuade = game.round(1, reals())
    assert_close(judge.losses["loss"].item(), 2 * math.log(2))
    assert_close(persuade.losses["loss"].item(), math.log(2))


def test_scores_are_the_mean_logits_of_each_side():
    game = gan(nn.Linear(3, 1), turns=1)
    nn.init.ones_(game.discriminator.weight)
    nn.init.zeros_(game.discriminator.bias)
    fake = torch.tensor([[1.0, 0.0, 0.0], [0.0, 0.0, 2.0]])
    turn = game.judge(next(reals()), {"data": fake})
    assert_close(turn.measures["score_real"].item(), 7.5)
    assert_close(turn.measures["score_fake"].item(), 1.5)


def test_a_loss_may_add_measures():
    turn = gan(nn.Linear(3, 1), Wasserstein()).judge(ones(), {"data": torch.zeros(2, 3)})
    estimate = turn.measures["score_real"] - turn.measures["score_fake"]
    assert_close(turn.measures["wasserstein_estimate"], estimate)


@pytest.mark.parametrize(("loss", "calls"), [(NonSaturating(), 1), (Paired(), 2)])
def test_real_logits_in_the_generators_turn_are_for_paired_losses_only(loss, calls):
    game = gan(Constant(0.0), loss)
    turn = game.persuade(ones())
    assert game.discriminator.calls == calls
    assert_close(turn.losses["loss"].item(), math.log(2))


def test_the_discriminators_turn_costs_two_passes():
    game = gan(Constant(0.0))
    game.judge(ones(), {"data": torch.zeros(2, 3)})
    assert game.discriminator.calls == 2


def test_fakes_of_the_discriminators_turn_have_no_graph():
    game = gan(penalty=R1R2(1.0))
    sum(next(game.round(1, reals())).losses.values()).backward()
    assert all(p.grad is None for p in game.generator.parameters())
    assert any(p.grad is not None for p in game.discriminator.parameters())


def test_the_generators_turn_reaches_the_generator():
    game = gan()
    *_, turn = game.round(1, reals())
    sum(turn.losses.values()).backward(inputs=game.movable(turn.player))
    assert all(p.grad.any() for p in game.generator.parameters())
    assert all(p.grad is None for p in game.discriminator.parameters())


@pytest.mark.parametrize("turns", [1, 5])
def test_a_round_is_some_turns_of_the_discriminator_then_one_of_the_generator(turns):
    players = [turn.player for turn in gan(turns=turns).round(1, reals())]
    assert players == ["discriminator"] * turns + ["generator"]


def test_every_turn_of_the_discriminator_sees_a_new_batch(tiny):
    experiment = build(tiny("model=wgan_gp"))
    with contextlib.closing(experiment.batches()) as batches:
        for _ in experiment.game.round(1, batches):
            pass
        assert batches.consumed == 5


@pytest.mark.parametrize("accumulations", [1, 3])
def test_gradients_of_several_batches_are_their_mean(accumulations):
    torch.manual_seed(0)
    game = gan(accumulations=accumulations)
    turns = list(game.round(1, reals()))
    assert [turn.step for turn in turns] == 2 * ([False] * (accumulations - 1) + [True])
    assert all(turn.share == 1 / accumulations for turn in turns)


def test_accumulated_gradients_move_as_one_batch_of_all_would():
    weights = []
    for accumulations, batches in ((1, reals()), (2, reals())):
        game = gan(Constant(0.5), accumulations=accumulations)
        sgd = {p: torch.optim.SGD(game.movable(p), lr=1.0) for p in game.players}
        play(game, sgd, batches, [1], 0)
        weights.append(game.discriminator.row.item())
    assert_close(*weights)


def test_the_generators_turn_may_draw_more():
    game = gan(Constant(0.0), fakes=3)
    drawn = []
    game.decode = lambda z, label=None: drawn.append(len(z)) or torch.zeros(len(z), 3)
    for _ in game.round(1, reals()):
        pass
    assert drawn == [2, 6]


def test_paired_losses_meet_fresh_reals_in_the_generators_turn():
    game, seen = gan(loss=Paired()), []
    game.persuade = lambda real: seen.append(real) or Turn("generator", {})
    batches = ({"data": torch.full((2, 3), float(k))} for k in range(9))
    list(game.round(1, batches))
    assert seen[0]["data"][0, 0] == 1


def test_a_lazy_penalty_comes_in_every_so_many_rounds_and_that_much_stronger():
    game = gan(nn.Linear(3, 1), penalty=R1R2(1.0, every=4))
    found = [next(game.round(n, reals())).losses["penalty"].item() for n in range(1, 10)]
    expected = 4 * game.discriminator.weight.square().sum().item()
    assert_close(found, [expected if n % 4 == 1 else 0.0 for n in range(1, 10)])
    assert game.every("discriminator") == 4
    assert game.every("generator") == 1


def test_penalties_are_taken_through_the_augmentation():
    game = gan(nn.Linear(3, 1), penalty=R1R2(1.0), augment=Scaled())
    found = game.judge(next(reals()), {"data": torch.zeros(2, 3)}).losses["penalty"]
    assert_close(found, 4 * game.discriminator.weight.square().sum())


def test_logits_of_all_three_passes_are_behind_the_augmentation():
    game = gan(nn.Linear(3, 1), augment=Scaled())
    real = next(reals())
    assert_close(game.logits(real), game.discriminator(2 * real["data"]).squeeze(1))
    z = torch.ones(2, 2)
    game.noise = lambda n: z
    fake = game.discriminator(2 * game.decode(z)).squeeze(1)
    assert_close(game.persuade(real).losses["loss"], softplus(-fake).mean())


def test_several_logits_a_sample_are_one_score():
    game = gan(Constant(1.0, 3.0))
    assert game.logits(ones()).shape == (2, 2)
    assert_close(game.scores(ones()), torch.tensor([2.0, 2.0]))


def test_samples_are_float32_under_autocast():
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert gan().sample(2).dtype == torch.float32


@pytest.mark.parametrize("penalty", [NoPenalty(), R1R2(1.0)])
def test_logits_are_float32_and_flat_under_autocast(penalty):
    game = gan(penalty=penalty)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = game.told({"data": torch.randn(2, 3)}, "real")
    assert logits.shape == (2,)
    assert logits.dtype == torch.float32


def test_logits_that_a_penalty_differentiates_are_in_full_precision():
    game, x = gan(penalty=R1R2(1.0)), torch.randn(2, 3)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = game.told({"data": x.clone()}, "real")
    assert_close(inside, game.told({"data": x.clone()}, "real"), rtol=0, atol=0)


def test_each_player_moves_its_own_module():
    game = gan()
    for player in game.players:
        assert game.movable(player) == list(getattr(game, player).parameters())


# The schedule of the first WGAN

SCHEDULE = {"thorough_rounds": 25, "thorough_every": 500, "thorough_turns": 100}


def test_the_critic_is_thorough_early_and_every_five_hundredth_round():
    game = gan(kind=WGAN, turns=5, **SCHEDULE)
    thorough = {number for number in range(1, 2002) if game.turns(number) == 100}
    assert thorough == {*range(1, 26), 501, 1001, 1501, 2001}
    assert {game.turns(number) for number in range(1, 2002)} == {5, 100}


@pytest.mark.parametrize(("number", "turns"), [(25, 100), (26, 5), (500, 5), (501, 100)])
def test_a_round_has_as_many_turns_as_the_schedule_says(number, turns):
    game = gan(kind=WGAN, turns=5, **SCHEDULE)
    players = [turn.player for turn in game.round(number, reals())]
    assert players.count("discriminator") == turns
    assert players.count("generator") == 1


def test_the_shipped_schedule_is_the_released_one(tiny):
    game = build(tiny("model=wgan")).game
    assert [game.turns(n) for n in (1, 25, 26, 500, 501, 502)] == [100, 100, 5, 5, 100, 5]


def test_the_critic_is_clipped_after_each_of_its_moves():
    game = gan(loss=Wasserstein(), penalty=Clip(0.01), turns=3)
    largest = []

    class Watched(torch.optim.SGD):
        def step(self, closure=None):
            super().step(closure)
            moved.append(max(p.abs().max().item() for p in game.discriminator.parameters()))

    moved = []
    optimizer = Watched(game.discriminator.parameters(), lr=1.0)
    for turn in game.round(1, reals()):
        largest.append(max(p.abs().max().item() for p in game.discriminator.parameters()))
        if turn.player == "discriminator":
            sum(turn.losses.values()).backward(inputs=game.movable(turn.player))
            optimizer.step()
    assert all(value > 0.01 for value in moved)
    assert all(value <= 0.01 for value in largest[1:])


def test_a_played_round_leaves_the_critic_within_its_limit(tiny):
    experiment = build(tiny("model=wgan", "model.game.thorough_turns=1", "optimizer.lr=0.1"))
    with contextlib.closing(experiment.batches()) as batches:
        play(experiment.game, experiment.optimizers, batches, [1, 2], 0)
    parameters = list(experiment.game.discriminator.parameters())
    assert_close(max(p.abs().max() for p in parameters), torch.tensor(0.01))


# The variational autoencoder


def vae(*row, deviation=1.0):
    """An autoencoder whose encoder answers with one row: the mean, then the log variance."""
    parts = network(Constant(*row))
    return VAE(parts, SHAPE, Gaussian(deviation), Normal(len(row) // 2))


def only(game):
    """The one turn of a round."""
    (turn,) = game.round(1, reals())
    return turn


def test_the_divergence_of_the_prior_from_itself_is_zero():
    assert_close(only(vae(0.0, 0.0, 0.0, 0.0)).losses["divergence"].item(), 0.0)


def test_the_divergence_of_a_shifted_posterior_is_half_the_squared_mean():
    assert_close(only(vae(3.0, 4.0, 0.0, 0.0)).losses["divergence"].item(), 12.5)


def test_the_divergence_of_a_wide_posterior():
    expected = 0.5 * (math.exp(1.5) - 1 - 1.5)
    assert_close(only(vae(0.0, 1.5)).losses["divergence"].item(), expected)


@pytest.mark.parametrize("deviation", [1.0, 0.5])
def test_the_reconstruction_is_summed_over_dimensions_and_averaged_over_the_batch(deviation):
    game = vae(0.0, 0.0, deviation=deviation)
    for parameter in game.generator.parameters():
        nn.init.zeros_(parameter)
    expected = (0 + 1 + 4 + 9 + 16 + 25) / 2 / (2 * deviation**2)
    assert_close(only(game).losses["reconstruction"].item(), expected)


def test_a_certain_posterior_is_decoded_at_its_mean():
    game = vae(3.0, 4.0, -100.0, -100.0)
    decoded = game.generator(torch.tensor([[3.0, 4.0]]))
    expected = (decoded - next(reals())["data"]).square().sum(1).mean() / 2
    assert_close(only(game).losses["reconstruction"], expected)


def test_encoder_and_decoder_move_together():
    game = vae(0.0, 0.0)
    own = {id(p) for p in game.movable("autoencoder")}
    assert own == {id(p) for p in game.parameters()}


def test_the_encoder_learns_through_the_noise():
    game = vae(0.0, 0.0)
    sum(only(game).losses.values()).backward()
    assert game.encoder.row.grad.all()


def test_the_encoder_has_two_outputs_for_each_dimension_of_the_code(tiny):
    experiment = build(tiny("model=vae", "model.latent=7"))
    assert experiment.game.encoder(torch.zeros(2, 1, 16, 16)).shape == (2, 14)
