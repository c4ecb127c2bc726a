"""The generator's gradient through virtual steps of the discriminator, which stays as it is."""

import copy
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.optim import SGD, Adagrad, Adam, AdamW, RMSprop
from torch.testing import assert_close

from ganlab.augment.none import NoAugment
from ganlab.build import build
from ganlab.engine import Guard, move
from ganlab.errors import ConfigError
from ganlab.games.gan import GAN
from ganlab.games.lookahead import Lookahead
from ganlab.games.unrolled import Unrolled
from ganlab.losses.non_saturating import NonSaturating
from ganlab.penalties.none import NoPenalty
from ganlab.penalties.r1_r2 import R1R2
from ganlab.priors.normal import Normal

MOVERS = {
    "adam": lambda p: Adam(p, lr=0.1, betas=(0.5, 0.9)),
    "adam, decayed": lambda p: Adam(p, lr=0.1, betas=(0.0, 0.9), weight_decay=0.1),
    "rmsprop": lambda p: RMSprop(p, lr=0.02, alpha=0.9),
    "rmsprop, momentum": lambda p: RMSprop(p, lr=0.02, momentum=0.5, weight_decay=0.1),
    "sgd": lambda p: SGD(p, lr=0.3),
    "sgd, momentum": lambda p: SGD(p, lr=0.3, momentum=0.9, dampening=0.5),
    "sgd, nesterov": lambda p: SGD(p, lr=0.3, momentum=0.9, nesterov=True, weight_decay=0.1),
}


class Discriminator(nn.Module):
    """Smooth, so that finite differences agree with gradients of any order."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Linear(2, 3), nn.Tanh())
        self.head = nn.Linear(3, 1)

    def forward(self, x):
        return self.head(self.features(x))


class Exact:
    """Logits stay in float64."""

    def logits(self, batch):
        return self.discriminator(batch["data"]).squeeze(1)


class Later(Exact, Unrolled):
    pass


class Plain(Exact, GAN):
    pass


def unrolled(steps, mover=MOVERS["adam"], penalty=None, warm=3):
    """A game in float64, its discriminator moved `warm` times, so that there are moments."""
    game = made(Later, penalty or NoPenalty(), unrolled_steps=steps)
    game.meet({"discriminator": mover(game.discriminator.parameters())})
    for _ in range(warm):
        step(game, game.optimizer, samples(4), samples(4))
    return game


def made(kind, penalty, **rest):
    torch.manual_seed(0)
    network = SimpleNamespace(
        generator=lambda latent, shape: nn.Linear(latent, *shape),
        discriminator=lambda shape, outputs: Discriminator(),
    )
    parts = {"loss": NonSaturating(), "penalty": penalty, "prior": Normal(2)}
    parts |= {"network": network, "shape": (2,), "augment": NoAugment()}
    return kind(**parts, discriminator_turns=1, **rest).double()


def samples(n):
    return {"data": torch.randn(n, 2, dtype=torch.float64)}


def step(game, optimizer, fake, real):
    """A real move of the discriminator."""
    optimizer.zero_grad()
    sum(game.judge(real, {"data": fake["data"].detach()}).losses.values()).backward()
    optimizer.step()


def loss_by_weight(game):
    """The generator's loss as a function of its weights, and some weights."""
    z, real = samples(4)["data"], samples(4)
    weight = torch.randn(2, 2, dtype=torch.float64, requires_grad=True)
    return lambda w: game.persuasion({"data": z @ w}, real), weight


def gradient(game, seed=1):
    torch.manual_seed(seed)
    loss, weight = loss_by_weight(game)
    return torch.autograd.grad(loss(weight), weight)[0]


def contents(optimizer):
    return copy.deepcopy(optimizer.state_dict())


# The gradient


@pytest.mark.parametrize("mover", MOVERS.values(), ids=MOVERS)
@pytest.mark.parametrize("steps", [1, 3])
def test_the_generators_gradient_is_that_of_finite_differences(steps, mover):
    loss, weight = loss_by_weight(unrolled(steps, mover))
    assert torch.autograd.gradcheck(loss, weight, fast_mode=False)


def test_so_it_is_before_the_optimizer_remembers_anything():
    loss, weight = loss_by_weight(unrolled(2, warm=0))
    assert torch.autograd.gradcheck(loss, weight)


def test_so_it_is_under_a_penalty():
    loss, weight = loss_by_weight(unrolled(2, penalty=R1R2(1.0)))
    assert torch.autograd.gradcheck(loss, weight)


def test_the_gradient_passes_through_the_steps():
    game = unrolled(1)
    through = gradient(game)
    stopped = copy.deepcopy(game)
    stopped.judge = lambda real, fake: Unrolled.judge(
        stopped, real, {"data": fake["data"].detach()}
    )
    assert (through - gradient(stopped)).norm() > 0.01 * through.norm()


def test_without_steps_it_is_that_of_the_plain_gan():
    game, plain = unrolled(0), made(Plain, NoPenalty())
    plain.load_state_dict(game.state_dict())
    assert_close(gradient(game), gradient(plain), rtol=0, atol=0)


@pytest.mark.parametrize("mover", MOVERS.values(), ids=MOVERS)
@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("penalty", [None, R1R2(1.0)])
def test_virtual_steps_lead_to_where_real_ones_do(penalty, steps, mover):
    game = unrolled(steps, mover, penalty)
    later = copy.deepcopy(game)
    later.unrolled_steps = 0
    fake, real = samples(4), samples(4)
    ahead = game.persuasion(fake, real)
    for _ in range(steps):
        step(later, later.optimizer, fake, real)
    assert_close(ahead, later.persuasion(fake, real), rtol=1e-6, atol=1e-6)


def graph(loss):
    """All nodes that a backward pass may visit."""
    found, open_ends = set(), [loss.grad_fn]
    while open_ends:
        node = open_ends.pop()
        if node and node not in found:
            found.add(node)
            open_ends += [following for following, _ in node.next_functions]
    return found


@pytest.mark.parametrize("penalty", [None, R1R2(1.0)])
def test_each_step_takes_the_same_memory(penalty):
    sides = samples(4), samples(4)
    sizes = [len(graph(unrolled(k, penalty=penalty).persuasion(*sides))) for k in (2, 3, 4)]
    assert sizes[2] - sizes[1] == sizes[1] - sizes[0]


def test_settings_are_those_of_the_moment():
    game = unrolled(1)
    fake, real = samples(4), samples(4)
    game.optimizer.param_groups[0]["lr"] = 0.0
    still = game.persuasion(fake, real)
    game.unrolled_steps = 0
    assert_close(still, game.persuasion(fake, real))


def test_parameters_that_never_had_a_gradient_leave_it_finite():
    game = unrolled(2, warm=0)
    fake, real = (torch.tensor([[x, 0.0], [-x, 0.0]]).double() for x in (1.0, 2.0))
    fake.requires_grad_()
    (pull,) = torch.autograd.grad(game.persuasion({"data": fake}, {"data": real}), fake)
    assert pull.isfinite().all()


def test_the_first_step_of_adam_is_as_long_as_its_rate():
    x = nn.Parameter(torch.zeros(2))
    ahead = Lookahead(Adam([x], lr=0.5, eps=0.0), {"x": x})
    ahead.step((ahead.values["x"] * torch.tensor([3.0, -0.1])).sum())
    assert_close(ahead.values["x"], torch.tensor([-0.5, 0.5]))


# What stays


@pytest.mark.parametrize(
    "words",
    [
        ["model.discriminator_norm=batch", "optimizer=dcgan"],
        ["model.discriminator_weights=spectral", "optimizer=sgd"],
        ["model.discriminator_norm=none", "optimizer=rmsprop"],
    ],
    ids=lambda words: words[0],
)
def test_the_discriminator_and_what_its_optimizer_remembers_are_untouched(tiny, words):
    words += ["network=dcgan", "model.game.unrolled_steps=2"]
    experiment = build(tiny("model=unrolled", *words))
    game, optimizers = experiment.game, experiment.optimizers
    turns = game.round(1, experiment.batches())
    judge = next(turns)
    move(judge, game.movable("discriminator"), optimizers["discriminator"], 1, Guard())
    before = copy.deepcopy(game.discriminator.state_dict())
    remembered = contents(optimizers["discriminator"])
    persuade = next(turns)
    move(persuade, game.movable("generator"), optimizers["generator"], 1, Guard())
    assert_close(game.discriminator.state_dict(), before, rtol=0, atol=0)
    assert_close(contents(optimizers["discriminator"])["state"], remembered["state"])
    assert all(p.grad is None for p in game.discriminator.parameters())


def test_pictures_are_of_the_discriminator_as_it_is():
    game = unrolled(3)
    fake, real = samples(4), samples(4)
    frozen = copy.deepcopy(game)
    frozen.discriminator.requires_grad_(False)
    game.unrolled_steps = 0
    assert_close(frozen.pull(fake, real), game.pull(fake, real))


def test_what_is_kept_for_the_gradient_grows_in_proportion_to_the_steps():
    def kept(steps):
        sizes = []

        def pack(tensor):
            sizes.append(tensor.numel())
            return tensor

        game = unrolled(steps)
        fake = {"data": samples(4)["data"].requires_grad_()}
        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            game.persuasion(fake, samples(4))
        return sum(sizes)

    assert_close((kept(9) - kept(5)) / (kept(5) - kept(3)), 2.0, rtol=0.01, atol=0.0)


# Refusals


@pytest.mark.parametrize(
    ("mover", "named"),
    [
        (Adagrad, "optimizer=Adagrad"),
        (AdamW, "optimizer=AdamW"),
        (lambda p: Adam(p, amsgrad=True), "optimizer.amsgrad=true"),
        (lambda p: RMSprop(p, centered=True), "optimizer.centered=true"),
        (lambda p: SGD(p, lr=0.1, maximize=True), "optimizer.maximize=true"),
    ],
)
def test_optimizers_of_another_kind_are_refused(mover, named):
    with pytest.raises(ConfigError, match=named):
        unrolled(1, mover)


def test_no_step_at_all_is_refused_with_a_remedy(tiny):
    with pytest.raises(ConfigError, match=r"model\.game\.unrolled_steps=0.*use model=gan"):
        tiny("model=unrolled", "model.game.unrolled_steps=0")
