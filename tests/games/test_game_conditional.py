"""Games of labels: what they weigh, by hand, and where the label arrives."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy, softplus
from torch.testing import assert_close

from ganlab.augment.none import NoAugment
from ganlab.build import build
from ganlab.errors import ConfigError
from ganlab.games.acgan import ACGAN
from ganlab.games.cgan import CGAN
from ganlab.games.projection import Projection
from ganlab.losses.non_saturating import NonSaturating
from ganlab.losses.relativistic import Relativistic
from ganlab.networks.layers import Head
from ganlab.penalties.none import NoPenalty
from ganlab.penalties.r1 import R1
from ganlab.priors.normal import Normal

CLASSES, CONDITION, N = 3, 4, 5
KINDS = {"cgan": CGAN, "acgan": ACGAN, "cgan_pd": Projection}


class Net(nn.Module):
    """The least that a discriminator must be."""

    def __init__(self, shape, outputs):
        super().__init__()
        self.features = nn.Flatten()
        self.head = Head(torch.Size(shape).numel(), outputs)

    def forward(self, x):
        return self.head(self.features(x))


def network():
    return SimpleNamespace(
        generator=lambda latent, shape: nn.Sequential(
            nn.Linear(latent, torch.Size(shape).numel()), nn.Unflatten(1, shape)
        ),
        discriminator=Net,
        embedding=nn.Embedding,
    )


def game(kind, shape=(2,), loss=None, penalty=None, classes=CLASSES, **rest):
    torch.manual_seed(0)
    return kind(
        network=network(),
        shape=shape,
        classes=classes,
        condition=CONDITION,
        loss=loss or NonSaturating(),
        penalty=penalty or NoPenalty(),
        prior=Normal(2),
        augment=NoAugment(),
        discriminator_turns=1,
        **rest,
    )


def batch(shape=(2,), seed=1):
    torch.manual_seed(seed)
    return {"data": torch.randn(N, *shape), "label": torch.randint(CLASSES, (N,))}


@torch.no_grad()
def fakes(played, real):
    """Fakes as the discriminator's turn has them."""
    return played.fake(real)


def weights(module):
    """A plain embedding's or head's weight."""
    return module.weight.detach()


def needed(kind):
    return {} if kind is ACGAN else {"mismatched": False}


@pytest.fixture(params=KINDS)
def kind(request):
    return KINDS[request.param]


# The generator


def test_the_generator_is_given_z_and_then_the_labels_embedding(kind):
    played = game(kind, **needed(kind))
    z, label = torch.randn(N, 2), torch.tensor([0, 1, 2, 1, 0])
    joined = torch.cat([z, weights(played.generator.embedding)[label]], 1)
    assert joined.shape == (N, 2 + CONDITION)
    assert_close(played.decode(z, label), played.generator.network(joined))


def test_the_label_reaches_both_players(kind):
    played = game(kind, **needed(kind))
    for turn in played.round(1, iter([batch()])):
        sum(turn.losses.values()).backward(inputs=played.movable(turn.player))
        reached = getattr(played, turn.player)
        if kind is ACGAN and turn.player == "discriminator":
            assert reached.head.weight.grad[1:].any()
        else:
            assert reached.embedding.weight.grad.any()


def test_fakes_have_the_labels_of_the_real_samples_beside_them(kind):
    played, real = game(kind, **needed(kind)), batch()
    fake = played.fake(real)
    assert torch.equal(fake["label"], real["label"])
    torch.manual_seed(7)
    drawn = played.fake(real)["data"]
    torch.manual_seed(7)
    assert_close(drawn, played.decode(played.noise(N), real["label"]))


def test_another_label_is_another_sample_of_the_same_noise(kind):
    played, z = game(kind, **needed(kind)), torch.randn(N, 2)
    one, other = (played.decode(z, torch.full((N,), k)) for k in (0, 1))
    shift = one - other
    assert shift.abs().min() > 0
    assert_close(shift, shift[:1].expand(N, -1))  # of this linear generator


def test_samples_without_labels_have_them_as_often_as_the_data(kind):
    played = game(kind, **needed(kind))
    assert_close(played.frequencies, torch.full((CLASSES,), 1 / CLASSES))
    played.frequencies.copy_(torch.tensor([0.5, 0.0, 0.5]))
    for parameter in played.generator.parameters():
        nn.init.zeros_(parameter)
    with torch.no_grad():
        played.generator.embedding.weight[:, 0] = torch.arange(CLASSES)
        played.generator.network[0].weight[:, 2] = 1.0  # a sample is its label
    drawn = played.sample(2000)[:, 0].round().long()
    share = torch.bincount(drawn, minlength=CLASSES) / 2000
    assert share[1] == 0
    assert_close(share[0], torch.tensor(0.5), atol=0.05, rtol=0)  # four deviations and more


def test_frequencies_are_checkpointed_and_do_not_move(kind):
    played = game(kind, **needed(kind))
    assert "frequencies" in played.state_dict()
    assert "frequencies" not in dict(played.named_parameters())


@pytest.mark.parametrize("model", KINDS)
def test_the_embedding_moves_and_is_averaged_with_the_generator(tiny, model):
    experiment = build(tiny(f"model={model}", "network=mlp"))
    played = experiment.game
    moved = {id(p) for p in played.movable("generator")}
    assert id(played.generator.embedding.weight) in moved
    assert experiment.averaged().generator.embedding is not played.generator.embedding


@pytest.mark.parametrize("model", KINDS)
def test_the_embedding_is_under_no_constraint(tiny, model):
    words = (f"model={model}", "network=mlp", "model.generator_weights=spectral")
    generator = build(tiny(*words)).game.generator
    assert type(generator.embedding) is nn.Embedding
    assert [name for name, _ in generator.network.named_parameters() if "original" in name]


@pytest.mark.parametrize("model", KINDS)
def test_data_without_labels_are_refused(tiny, model, tmp_path):
    from PIL import Image

    for k in range(8):
        Image.new("L", (16, 16), 30 * k).save(tmp_path / f"{k}.png")
    words = ("dataset=folder", f"dataset.path={tmp_path}", "dataset.resolution=16")
    with pytest.raises(ConfigError, match=r"dataset=.*no labels.*use"):
        build(tiny(f"model={model}", *words))


# The label in the discriminator


def test_a_picture_gets_one_channel_and_a_vector_its_coordinates():
    picture, vector = game(CGAN, (1, 4, 4), mismatched=False), game(CGAN, mismatched=False)
    label = torch.tensor([0, 2, 1, 1, 0])
    x, y = torch.randn(N, 1, 4, 4), torch.randn(N, 2)
    seen = picture.discriminator.joined(x, label)
    assert torch.equal(seen[:, :1], x)
    planes = weights(picture.discriminator.embedding)
    assert torch.equal(seen[:, 1], planes[label].view(N, 4, 4))
    seen = vector.discriminator.joined(y, label)
    coordinates = weights(vector.discriminator.embedding)
    assert torch.equal(seen, torch.cat([y, coordinates[label]], 1))


@pytest.mark.parametrize("kind", [CGAN, Projection])
def test_a_critic_has_the_labels_of_its_batch(kind):
    played, real = game(kind, mismatched=False), batch()
    critic, elsewhere = played.critic(real), torch.randn(N, 2)
    assert_close(critic(real["data"]), played.logits(real))
    assert_close(critic(elsewhere), played.logits({**real, "data": elsewhere}))
    features = critic.features(elsewhere)
    assert features.shape == (N, 2 if kind is Projection else 2 + CONDITION)


@pytest.mark.parametrize("kind", [CGAN, ACGAN, Projection])
def test_a_penalty_differentiates_the_logits_that_are_told_the_labels(kind):
    """Of a linear discriminator: the score's own weights, and what the label adds to them."""
    played, real = game(kind, penalty=R1(2.0), **needed(kind)), batch()
    played.penalty.begin(1)
    turn = played.judge(real, fakes(played, real))
    if kind is Projection:
        slopes = (
            weights(played.discriminator.network.head)
            + weights(played.discriminator.embedding)[real["label"]]
        )
    elif kind is CGAN:
        slopes = weights(played.discriminator.network.head)[:, :2].expand(N, -1)
    else:
        slopes = weights(played.discriminator.head)[:1].expand(N, -1)
    assert_close(turn.losses["penalty"], slopes.square().sum(1).mean())


def test_the_projection_is_a_linear_score_and_a_product():
    played = game(Projection)
    with torch.no_grad():
        played.discriminator.network.head.weight.copy_(torch.tensor([[1.0, -2.0]]))
        played.discriminator.network.head.bias.fill_(0.5)
        played.discriminator.embedding.weight.copy_(torch.tensor([[0.0, 0.0], [3.0, 1.0], [0, 7]]))
    x = torch.tensor([[1.0, 1.0], [2.0, -1.0], [0.0, 1.0]])
    logits = played.logits({"data": x, "label": torch.tensor([0, 1, 2])})
    assert logits.tolist() == [-0.5, 4.5 + 5.0, -1.5 + 7.0]


def test_the_projections_embedding_is_normalised_with_its_discriminator(tiny):
    words = ("model=cgan_pd", "network=mlp", "model.discriminator_weights=spectral")
    embedding = build(tiny(*words)).game.discriminator.embedding
    for _ in range(50):
        embedding.weight  # noqa: B018, each pass is a step of the power iteration
    assert_close(torch.linalg.matrix_norm(embedding.weight, 2).item(), 1.0, rtol=0.01, atol=0)


def test_the_logits_of_a_projection_are_in_full_precision():
    played, real = game(Projection), batch()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = played.logits(real)
    assert inside.dtype == torch.float32
    assert_close(inside, played.logits(real))  # this network's features are the samples


# Mismatched pairs


@pytest.mark.parametrize("kind", [CGAN, Projection])
def test_matched_pairs_weigh_one_mismatched_ones_and_fakes_a_half(kind):
    played, real = game(kind, mismatched=True), batch()
    fake = fakes(played, real)
    torch.manual_seed(3)
    told = played.judge(real, fake).losses["loss"]
    torch.manual_seed(3)
    wrong = {**real, "label": played.mismatch(real["label"])}
    r, w, f = (played.logits(each) for each in (real, wrong, fake))
    expected = softplus(-r).mean() + softplus(w).mean() / 2 + softplus(f).mean() / 2
    assert_close(told, expected)


def test_a_loss_of_pairs_weighs_both_kinds_of_pairs_a_half():
    played, real = game(CGAN, loss=Relativistic(), mismatched=True), batch()
    fake = fakes(played, real)
    torch.manual_seed(3)
    told = played.judge(real, fake).losses["loss"]
    torch.manual_seed(3)
    wrong = {**real, "label": played.mismatch(real["label"])}
    r, w, f = (played.logits(each) for each in (real, wrong, fake))
    assert_close(told, (softplus(f - r) + softplus(w - r)).mean() / 2)


def test_a_mismatched_label_is_any_but_the_right_one():
    label = torch.arange(CLASSES).repeat(1000)
    other = game(CGAN, mismatched=True).mismatch(label)
    assert not (other == label).any()
    pairs = torch.bincount(label * CLASSES + other, minlength=CLASSES**2)
    assert ((pairs == 0) | ((pairs - 500).abs() < 80)).all()  # five deviations of 1000 coins


def test_one_label_has_no_other():
    with pytest.raises(ConfigError, match=r"mismatched=true.*mismatched=false"):
        game(CGAN, classes=1, mismatched=True)


# The auxiliary classifier


def test_both_players_raise_the_likelihood_of_the_right_label():
    played, real = game(ACGAN), batch()
    torch.manual_seed(5)
    fake = fakes(played, real)
    told_real, told_fake = played.logits(real), played.logits(fake)
    assert told_real.shape == (N, 1 + CLASSES)
    judged = played.judge(real, fake).losses
    likelihoods = [cross_entropy(t[:, 1:], real["label"]) for t in (told_real, told_fake)]
    assert_close(judged["classification"], sum(likelihoods))
    r, f = told_real[:, 0], told_fake[:, 0]
    assert_close(judged["loss"], softplus(-r).mean() + softplus(f).mean())
    torch.manual_seed(5)
    persuaded = played.persuade(real).losses["loss"]
    assert_close(persuaded, softplus(-f).mean() + likelihoods[1])


def test_the_accuracies_are_the_shares_of_right_labels():
    played, real = game(ACGAN), batch()
    with torch.no_grad():
        played.discriminator.head.weight.zero_()
        played.discriminator.head.bias.copy_(torch.tensor([0.0, 1.0, 0.0, 0.0]))
    real["label"] = torch.tensor([0, 0, 0, 1, 2])
    measures = played.judge(real, fakes(played, real)).measures
    assert_close(measures["accuracy_real"].item(), 0.6)
    assert_close(measures["accuracy_fake"].item(), 0.6)


def test_the_critic_of_an_auxiliary_classifier_is_its_score_alone():
    played, real = game(ACGAN), batch()
    assert_close(played.critic(real)(real["data"]), played.logits(real)[:, 0])
    assert_close(played.scores(real), played.logits(real)[:, 0])
