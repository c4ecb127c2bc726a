"""What all augmentations keep to, and what flip and DiffAugment change."""

import copy
import math

import pytest
import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf
from torch.autograd import gradcheck, gradgradcheck
from torch.testing import assert_close

from ganlab.augment import diffaugment
from ganlab.augment.flip import Flip
from ganlab.build import assemble, build
from ganlab.compose import compose
from ganlab.datasets.spec import Spec
from ganlab.engine import play
from ganlab.errors import ConfigError
from ganlab.options import shipped
from ganlab.penalties.r1 import R1

FILES = sorted((shipped() / "augment").glob("*.yaml"))
SHAPES = [(1, 8, 8), (3, 16, 16), (3, 28, 28), (3, 12, 16)]


def made(name):
    """An augmentation as shipped; ADA's share of changes is a half, instead of the first 0."""
    node = OmegaConf.load(shipped() / "augment" / f"{name}.yaml")
    node = OmegaConf.merge({"batch_size": 64, "augment": node})
    augment = instantiate(node.augment, _convert_="all")
    for p in augment.buffers():
        p.fill_(0.5)
    return augment


@pytest.fixture(params=[file.stem for file in FILES])
def augment(request):
    return made(request.param)


def pictures(n, shape=(3, 8, 8), **options):
    torch.manual_seed(0)
    return 2 * torch.rand(n, *shape, **options) - 1


def seeded(augment, x):
    torch.manual_seed(1)
    return augment(x)


@pytest.mark.parametrize("shape", SHAPES)
def test_shapes_stay_and_values_are_finite(augment, shape):
    x = pictures(32, shape)
    changed = seeded(augment, x)
    assert changed.shape == x.shape
    assert changed.dtype == x.dtype
    assert changed.isfinite().all()


def test_in_evaluation_nothing_is_changed_or_drawn(augment):
    x, before = pictures(8), torch.get_rng_state()
    assert augment.eval()(x) is x
    assert torch.equal(torch.get_rng_state(), before)


def test_the_samples_given_are_left_alone(augment):
    x = pictures(8)
    before = x.clone()
    seeded(augment, x)
    assert torch.equal(x, before)


def test_gradients_pass_twice(augment):
    x = pictures(4, (3, 4, 4), dtype=torch.float64).requires_grad_()
    assert gradcheck(lambda x: seeded(augment, x), x, fast_mode=True)
    assert gradgradcheck(lambda x: seeded(augment, x), x, fast_mode=True)


def test_r1_is_taken_through_it(augment):
    """Of the critic w.x, whose weights' derivative of the penalty finite differences know too."""
    w = pictures(1, (1, 4, 4), dtype=torch.float64).flatten().requires_grad_()

    def penalty(w):
        x = pictures(4, (1, 4, 4), dtype=torch.float64).requires_grad_()
        logits = seeded(augment, x).flatten(1) @ w
        return R1(1.0)(None, x, x, logits, logits)

    assert penalty(w) > 0
    assert gradcheck(penalty, w, fast_mode=True)


def test_autocast_does_not_reach_it(augment):
    x = pictures(8)
    with torch.autocast("cpu", torch.bfloat16):
        low = seeded(augment, x)
    assert_close(low, seeded(augment, x), rtol=0, atol=0)


def test_every_sample_is_changed_by_draws_of_its_own(augment):
    if type(augment).__name__ == "NoAugment":
        pytest.skip("nothing is drawn")
    changed = seeded(augment, pictures(1).expand(64, -1, -1, -1))
    assert len(changed.unique(dim=0)) == (2 if isinstance(augment, Flip) else 64)


# In a game


@pytest.mark.parametrize("channels", [1, 3])
def test_reals_fakes_and_the_generators_path_are_changed(tiny, augment, channels):
    config = tiny("model=dcgan", "penalty=r1", "model.discriminator_norm=none")
    game = assemble(config, Spec("pictures", (channels, 16, 16), None, None, ("data",)))
    seen = []
    game.augment = augment
    augment.register_forward_hook(lambda _, x, changed: seen.append((x[0], changed)))
    reals = iter([{"data": pictures(8, (channels, 16, 16))}] * 2)
    for turn in game.round(1, reals):
        sum(turn.losses.values()).backward(inputs=game.movable(turn.player))
    assert len(seen) == 3
    assert all(p.grad.isfinite().all() for p in game.parameters())
    assert any(p.grad.any() for p in game.generator.parameters())


def test_pictures_are_what_most_are_for(tiny, augment):
    name = type(augment).__module__.split(".")[-1]
    words = ["model=gan", "dataset=ring", f"augment={name}"]
    if augment.pictures_only:
        with pytest.raises(ConfigError, match=f"augment={name}.*pictures.*augment=none"):
            build(tiny(*words))
    else:
        build(tiny(*words))


@pytest.mark.parametrize(
    "word",
    [
        *("augment.policy=[]", "augment.policy=[blur]", "augment.policy=colour"),
        *("augment.aim=1", "augment.every=0", "augment.horizon=0"),
    ],
)
def test_keys_out_of_range_are_refused(word):
    name = "diffaugment" if "policy" in word else "ada"
    with pytest.raises(ConfigError, match=word.split("=")[0]):
        compose([f"augment={name}", word])


# Flip


def test_a_flip_of_a_flip_is_the_picture():
    x, flip = pictures(64), Flip()
    once = seeded(flip, x)
    assert torch.equal(seeded(flip, once), x)
    mirrored = (once == x.flip(3)).flatten(1).all(1)
    assert torch.equal(once[~mirrored], x[~mirrored])
    assert 0 < mirrored.sum() < 64


def test_half_of_all_pictures_are_mirrored():
    x = pictures(4000, (1, 1, 2))
    share = (seeded(Flip(), x) != x).flatten(1).any(1).double().mean()
    assert share.item() == pytest.approx(0.5, abs=4 * 0.5 / math.sqrt(4000))


# DiffAugment


def test_colour_is_brightness_then_saturation_then_contrast():
    x = pictures(16, (3, 4, 4))
    torch.manual_seed(1)
    brightness, saturation, contrast = torch.rand(16, 3).view(16, 3, 1, 1, 1).unbind(1)
    y = x + brightness - 0.5
    y = (y - y.mean(1, keepdim=True)) * (2 * saturation) + y.mean(1, keepdim=True)
    mean = y.mean((1, 2, 3), keepdim=True)
    assert_close(seeded(diffaugment.colour, x), (y - mean) * (contrast + 0.5) + mean)


def test_colour_leaves_grey_pictures_grey():
    changed = seeded(diffaugment.colour, pictures(16, (1, 4, 4)).expand(-1, 3, -1, -1))
    assert_close(changed, changed[:, :1].expand(-1, 3, -1, -1))


@pytest.mark.parametrize("shape", [(2, 8, 8), (1, 28, 32)])
def test_translation_moves_by_up_to_an_eighth_and_fills_with_zeros(shape):
    x, found = pictures(500, shape), set()
    down, across = (side // 8 + (side % 8 >= 4) for side in shape[1:])
    padded = torch.nn.functional.pad(x, (across, across, down, down))
    for one, moved in zip(padded, seeded(diffaugment.translation, x), strict=True):
        found |= {
            (i, j)
            for i in range(2 * down + 1)
            for j in range(2 * across + 1)
            if torch.equal(one[:, i : i + shape[1], j : j + shape[2]], moved)
        }
    assert len(found) == (2 * down + 1) * (2 * across + 1)


@pytest.mark.parametrize("side", [8, 9, 32])
def test_cutout_takes_half_of_the_sides_around_any_middle(side):
    cut = seeded(diffaugment.cutout, torch.ones(4000, 2, side, side)) == 0
    assert torch.equal(cut[:, 0], cut[:, 1])
    rows, columns = cut[:, 0].any(2), cut[:, 0].any(1)
    assert torch.equal(cut[:, 0], rows[:, :, None] & columns[:, None, :])
    length = round(side / 2)
    for lines in (rows, columns):
        firsts = torch.stack([lines.int().argmax(1), lines.sum(1)], 1).unique(dim=0)
        within = firsts[firsts[:, 1] == length][:, 0].tolist()
        assert within == list(range(side - length + 1))
        assert firsts[:, 1].max() == length
        assert firsts[:, 1].min() == length // 2


def test_the_policy_says_what_is_done():
    x = pictures(16)
    for kind, change in diffaugment.KINDS.items():
        augment = diffaugment.DiffAugment([kind])
        assert torch.equal(seeded(augment, x), seeded(change, x))


# Exactly resumed


def test_a_copy_of_the_state_goes_on_alike(tiny, augment):
    name = type(augment).__module__.split(".")[-1]
    config = tiny("model=dcgan", f"augment={name}")
    if name == "ada":
        config.augment.aim, config.augment.horizon = -0.99, 64
    one, other = build(config), build(config)

    def rounds(experiment, numbers, consumed):
        batches = experiment.batches(consumed)
        play(experiment.game, experiment.optimizers, batches, numbers, 0, experiment.average)
        return batches.consumed

    consumed = rounds(one, range(1, 7), 0)
    other.restore(copy.deepcopy(one.state(6, consumed)))
    rounds(one, range(7, 11), consumed)
    rounds(other, range(7, 11), consumed)
    states = [experiment.game.state_dict() for experiment in (one, other)]
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[0])
    if name == "ada":
        assert one.game.augment.p > 0
