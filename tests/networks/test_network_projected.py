"""Projected GAN's discriminator: frozen features, found or refused weights, what is kept."""

import copy

import pytest
import torch
from torch.autograd import gradcheck
from torch.testing import assert_close
from torchvision.models import efficientnet_b0

from ganlab.build import build
from ganlab.errors import ConfigError
from ganlab.files import sha256
from ganlab.networks import efficientnet
from ganlab.networks.projected import Discriminator
from ganlab.networks.projections import noise
from ganlab.networks.weights import constrain

SHAPE = (3, 16, 16)


def discriminator(shape=SHAPE, outputs=1, width=4, norm="batch", resolution=32, weights=None):
    torch.manual_seed(0)
    return Discriminator(shape, outputs, width, norm, resolution, weights)


def pictures(n=4, shape=SHAPE):
    torch.manual_seed(1)
    return 2 * torch.rand(n, *shape) - 1


@pytest.fixture
def weights(tmp_path):
    """A file as torchvision publishes them, of weights that nobody trained."""
    torch.manual_seed(2)
    path = tmp_path / "efficientnet.pth"
    torch.save(efficientnet_b0().state_dict(), path)
    return path


@pytest.mark.parametrize(
    ("resolution", "side", "places"), [(32, 32, 1), (64, 64, 4), (100, 128, 16), (256, 256, 16)]
)
def test_four_discriminators_give_logits_of_the_same_places(resolution, side, places):
    made = discriminator(resolution=resolution)
    assert made.projection.side == side
    sizes = zip((4, 8, 16, 32), made.projection.widths, made.scales, strict=True)
    for stride, channels, scale in sizes:
        seen = scale(torch.zeros(2, channels, side // stride, side // stride))
        assert seen.shape == (2, scale.channels, places**0.5, places**0.5)


def test_logits_are_of_all_places_and_their_mean_is_what_the_head_says_of_the_features():
    made, x = discriminator(resolution=64).eval(), pictures(2)
    assert [seen.shape[1:] for seen in made.projection(x)] == [
        (4, 16, 16),
        (4, 8, 8),
        (8, 4, 4),
        (16, 2, 2),
    ]
    assert made(x).shape == (2, 4 * 4)
    assert_close(made(x).mean(1, keepdim=True), made.head(made.features(x)))
    assert made.features(x).shape == (2, made.head.in_features)


def test_several_outputs_are_means_over_all_places():
    made, x = discriminator(outputs=5).eval(), pictures(2)
    assert made(x).shape == (2, 5)
    assert_close(made(x), made.head(made.features(x)))


@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_that_are_joined_are_seen_one_by_one(channels):
    one, two = pictures(2, (channels, 16, 16)), -pictures(2, (channels, 16, 16))
    alone, packed = (discriminator((k * channels, 16, 16)).projection for k in (1, 2))
    for first, second, both in zip(
        alone(one), alone(two), packed(torch.cat([one, two], 1)), strict=True
    ):
        assert_close(both, torch.cat([first, second], 1))


def test_larger_pictures_are_not_made_smaller():
    assert discriminator((3, 80, 80)).projection.side == 96


def test_grey_pictures_are_seen_as_repeated_to_three_channels():
    grey = pictures(shape=(1, 16, 16))
    maps = [discriminator((channels, 16, 16)).projection for channels in (1, 3)]
    assert_close(maps[0](grey), maps[1](grey.expand(-1, 3, -1, -1)))


def test_pictures_are_normalised_as_the_weights_expect():
    made = discriminator((3, 32, 32)).projection
    mean = torch.tensor(efficientnet.MEAN).view(1, 3, 1, 1)
    made.prepare()
    assert_close(made(2 * mean.expand(1, 3, 32, 32) - 1), made.frozen[0](torch.zeros(1, 3, 32, 32)))


def test_gradients_reach_the_pictures_through_the_frozen_features():
    made = discriminator(norm="none").double()
    x = pictures(1, (3, 8, 8)).double().requires_grad_()
    assert gradcheck(made, x, fast_mode=True)
    (gradient,) = torch.autograd.grad(made(x).sum(), x, create_graph=True)
    gradient.square().sum().backward()  # as R1 does
    assert all(p.grad.isfinite().all() for p in made.parameters() if p.grad is not None)


def test_only_the_small_discriminators_move_or_are_constrained_or_kept():
    made = constrain(discriminator(), "spectral")
    made(pictures())
    frozen = made.projection.frozen[0]
    before = copy.deepcopy(frozen.state_dict())
    assert all(p.requires_grad for p in made.parameters())
    assert {name.split(".")[0] for name, _ in made.named_parameters()} == {"scales", "head"}
    optimizer = torch.optim.SGD(made.parameters(), lr=1.0)
    made.train()(pictures()).sum().backward()
    optimizer.step()
    assert not frozen.training
    assert_close(frozen.state_dict(), before, rtol=0, atol=0)
    kept = {name for name in made.state_dict() if name.startswith("projection")}
    assert kept == {"projection._extra_state"}
    for layer in [*(scale[0] for scale in made.scales), *made.head.layers]:
        assert hasattr(layer, "parametrizations")


def test_the_same_seed_sees_the_same_and_another_does_not():
    x = pictures()
    one, other = discriminator(), discriminator()
    assert_close(one.projection(x), other.projection(x), rtol=0, atol=0)
    other.projection.seed += 1
    other.projection.frozen.clear()
    assert not torch.equal(one.projection(x)[0], other.projection(x)[0])


def test_what_is_seen_is_not_decided_by_when_it_is_first_needed():
    one, other = discriminator(), discriminator()
    one.prepare()
    torch.rand(5)
    before = torch.get_rng_state()
    other.prepare()
    assert torch.equal(torch.get_rng_state(), before)
    assert_close(one.projection(pictures()), other.projection(pictures()), rtol=0, atol=0)


def test_finer_maps_are_joined_by_all_coarser_ones():
    made = discriminator().projection
    made.prepare()
    for mix in made.frozen[0].channels[:-1]:
        mix.weight.zero_()  # what is left comes from the coarsest stage
    assert all(seen.any() for seen in made(pictures()))


def test_random_features_of_every_scale_are_of_one_size_and_tell_pictures_apart():
    made = discriminator(width=8, resolution=64).projection
    made.prepare()
    torch.manual_seed(3)
    for seen in made.frozen[0](noise(64)):
        size = seen.square().mean((1, 2, 3)).sqrt()
        assert size.max() < 3 * size.min()
        assert 0.7 < size.mean() < 1.4
        assert (seen - seen.mean(0)).square().mean() > 0.05 * seen.square().mean()


def test_a_restored_discriminator_sees_what_it_saw(told):
    one = discriminator()
    x, state = pictures(), copy.deepcopy(one.state_dict())
    torch.manual_seed(7)
    other = Discriminator(SHAPE, 1, 4, "batch", 32, None)
    other.load_state_dict(state)
    assert_close(other.eval()(x), one.eval()(x), rtol=0, atol=0)
    assert len([m for m in told.messages if "features are random" in m]) == 1


def test_random_features_are_said_once(told):
    made = discriminator()
    made.prepare()
    made(pictures())
    said = [message for message in told.messages if "features are random" in message]
    assert len(said) == 1
    assert said[0].startswith("network.weights=null")
    assert efficientnet.FILE in said[0]


def test_weights_from_a_path_are_those_seen(weights, told):
    made = discriminator(weights=str(weights), resolution=64)
    x = pictures(2, (3, 64, 64))
    network = efficientnet_b0().eval()
    network.load_state_dict(torch.load(weights, weights_only=True))
    made.prepare()
    with torch.no_grad():
        expected = network.features[:8](x)
        seen = x
        for stage in made.projection.frozen[0].stages:
            seen = stage(seen)
    assert_close(seen, expected, rtol=1e-3, atol=1e-4)
    assert not told.messages


def test_published_weights_are_found_in_the_cache_if_whole(weights, tmp_path, monkeypatch, told):
    monkeypatch.setenv("GANLAB_CACHE", str(tmp_path))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    place = efficientnet.kept()
    place.parent.mkdir()
    place.write_bytes(weights.read_bytes())
    assert efficientnet.found() is None
    assert f"{place} is damaged" in told.messages[0]
    monkeypatch.setattr(efficientnet, "PREFIX", sha256(weights)[:8])
    assert efficientnet.found() == place


@pytest.mark.parametrize("content", [None, b"", b"no weights"])
def test_weights_that_are_named_and_not_there_are_refused(tmp_path, content):
    path = tmp_path / "named.pth"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=f"network.weights={path}.*network.weights=null"):
        discriminator(weights=str(path)).prepare()


def test_other_weights_than_those_trained_on_are_refused(weights, tmp_path):
    state = discriminator(weights=str(weights)).state_dict()
    for named in (None, tmp_path / "other.pth"):
        if named:
            torch.save(efficientnet_b0().state_dict(), named)
        other = discriminator(weights=named and str(named))
        other.load_state_dict(state)
        with pytest.raises(ConfigError, match=rf"network.weights=.*sha256 {sha256(weights)}"):
            other(pictures())


def test_without_its_weights_a_restored_discriminator_is_still_loaded_and_kept(weights):
    state = discriminator(weights=str(weights)).state_dict()
    weights.unlink()
    other = discriminator(weights=str(weights))
    other.load_state_dict(state)
    assert torch.equal(
        other.state_dict()["projection._extra_state"], state["projection._extra_state"]
    )


def test_other_data_than_pictures_are_refused():
    with pytest.raises(ConfigError, match=r"network=projected.*network=mlp"):
        discriminator((2,))


def test_the_recipe_is_the_papers(tiny):
    config = tiny("model=projected_gan", "network.resolution=32")
    assert config.loss._target_.endswith("Hinge")
    assert config.augment._target_.endswith("DiffAugment")
    assert config.penalty._target_.endswith("NoPenalty")
    assert (config.optimizer.lr, list(config.optimizer.betas)) == (2e-4, [0.0, 0.99])
    turn = next(build(config).game.round(1, iter([{"data": pictures(8, (1, 16, 16))}])))
    assert turn.losses["loss"].isfinite()
