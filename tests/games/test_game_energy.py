"""The autoencoder as a discriminator: its energies, its codes, and the pull-away term by hand."""

import math
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from ganlab.augment.none import NoAugment
from ganlab.build import build
from ganlab.games.energy import Autoencoder, Energy, likeness
from ganlab.losses.began import BEGAN
from ganlab.losses.ebgan import EBGAN
from ganlab.losses.relativistic import Relativistic
from ganlab.penalties.none import NoPenalty
from ganlab.priors.normal import Normal


class Counted(nn.Linear):
    """Keeps count of its passes."""

    calls = 0

    def forward(self, x):
        self.calls += 1
        return super().forward(x)


def energy(loss=None, power=1, pull_away=0.0, **rest):
    torch.manual_seed(0)
    network = SimpleNamespace(
        generator=lambda latent, shape: Counted(latent, *shape),
        discriminator=lambda shape, outputs: Counted(*shape, outputs),
    )
    return Energy(
        network=network,
        shape=(3,),
        loss=loss or EBGAN(1.0),
        penalty=NoPenalty(),
        prior=Normal(2),
        augment=NoAugment(),
        discriminator_turns=1,
        code=4,
        power=power,
        pull_away=pull_away,
        **rest,
    )


def reals(n=5):
    while True:
        yield {"data": torch.randn(n, 3)}


@pytest.mark.parametrize(("power", "expected"), [(1, (1.0 + 3.0) / 4), (2, (1.0 + 9.0) / 4)])
def test_logits_are_minus_the_mean_error_of_each_sample(power, expected):
    seen = torch.zeros(3, 1, 2, 2)
    seen[1, 0, 0] = torch.tensor([1.0, -3.0])
    blank = Autoencoder(nn.Identity(), nn.Threshold(math.inf, 0.0), power)  # decodes to zeros
    assert_close(blank(seen), torch.tensor([[0.0], [-expected], [0.0]]))


def test_the_discriminator_goes_through_a_code_and_back(tiny):
    game = build(tiny("model=began", "model.game.code=7")).game
    x = torch.randn(2, 1, 16, 16)
    assert game.discriminator.features(x).shape == (2, 7)
    assert game.discriminator.decoder(torch.zeros(2, 7)).shape == x.shape
    assert game.logits({"data": x}).shape == (2,)
    assert (game.logits({"data": x}) < 0).all()


def test_all_of_the_autoencoder_moves_and_the_generator_apart():
    game = energy()
    parts = game.discriminator.encoder, game.discriminator.decoder
    assert len(game.movable("discriminator")) == sum(len(list(p.parameters())) for p in parts)
    assert not {*game.movable("discriminator")} & {*game.movable("generator")}


def test_codes_of_one_kind_are_wholly_alike_and_orthogonal_ones_not_at_all():
    assert_close(likeness(torch.tensor([[1.0, 2.0], [2.0, 4.0], [-3.0, -6.0]])).item(), 1.0)
    assert_close(likeness(torch.diag(torch.tensor([2.0, 0.5, 7.0]))).item(), 0.0)


def test_likeness_is_the_mean_squared_cosine_of_all_other_pairs():
    codes = torch.randn(6, 4, dtype=torch.float64, generator=torch.manual_seed(0))
    cosines = [
        torch.cosine_similarity(codes[i], codes[j], dim=0).square()
        for i in range(6)
        for j in range(6)
        if i != j
    ]
    assert_close(likeness(codes), torch.stack(cosines).mean())


def test_one_code_alone_is_like_no_other():
    assert_close(likeness(torch.ones(1, 3)).item(), 0.0, atol=1e-6, rtol=0)


def test_likeness_is_in_full_precision_under_autocast():
    codes = torch.randn(64, 16)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = likeness(codes)
    assert torch.equal(inside, likeness(codes))


def test_gradients_of_likeness_agree_with_finite_differences():
    codes = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(likeness, codes)


@pytest.mark.parametrize("loss", [EBGAN(1.0), Relativistic()])
def test_the_generator_pulls_the_codes_of_its_own_samples_apart(loss):
    game, real = energy(loss, power=2, pull_away=0.1), next(reals())
    z = torch.randn(5, 2)
    game.noise = lambda n: z
    losses = game.persuade(real).losses
    fake = game.decode(z)
    assert_close(losses["pull_away"], 0.1 * likeness(game.discriminator.features(fake)))
    assert_close(losses["loss"], game.persuasion({"data": fake}, real))


def test_the_pull_away_term_costs_no_pass_and_leaves_nothing_behind():
    game = energy(pull_away=0.1)
    game.persuade(next(reals()))
    encoder = game.discriminator.encoder
    assert encoder.calls == 1
    assert not encoder._forward_hooks


def test_without_a_weight_there_is_no_pull_away_term():
    assert set(energy().persuade(next(reals())).losses) == {"loss"}


def test_pulling_away_reaches_the_generator():
    game = energy(pull_away=1.0)
    term = game.persuade(next(reals())).losses["pull_away"]
    gradients = torch.autograd.grad(term, game.movable("generator"))
    assert all(gradient.any() for gradient in gradients)


def test_the_balance_moves_after_the_discriminators_move_and_not_before():
    game = energy(BEGAN(gamma=1.0, rate=0.5))
    turns = game.round(1, reals())
    turn = next(turns)
    assert game.loss.k == 0
    next(turns)
    surplus = turn.measures["score_fake"] - turn.measures["score_real"]
    assert_close(game.loss.k, (0.5 * surplus).clamp(0, 1))
    assert_close(turn.measures["surplus"], surplus)


def test_the_balance_of_began_is_saved_with_the_game(tiny):
    experiment = build(tiny("model=began"))
    assert "loss.k" in experiment.game.state_dict()


@pytest.mark.parametrize(("model", "power", "pull_away"), [("began", 1, 0.0), ("ebgan", 2, 0.1)])
def test_shipped_settings_are_the_papers(tiny, model, power, pull_away):
    config = tiny(f"model={model}")
    assert config.model.game.power == power
    assert config.model.game.pull_away == pull_away
    if model == "began":
        assert (config.loss.gamma, config.loss.rate) == (0.5, 0.001)
        assert config.optimizer.lr == 1e-4
