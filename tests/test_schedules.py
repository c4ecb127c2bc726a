"""What changes along half a wave: rates, the memory of squares, and the strength of a penalty."""

import contextlib
import math

import pytest
import torch
from torch.testing import assert_close

from ganlab.build import build
from ganlab.compose import compose
from ganlab.engine import play
from ganlab.errors import ConfigError
from ganlab.optimizers import cosine, linear, pace

LAST = 39_063  # 20M images in batches of 512
CIFAR = {  # round: lr, beta2, gamma
    1: (2e-4, 0.9, 0.05),
    1 + LAST // 2: (1.25e-4, 0.945, 0.0275),
    1 + LAST: (5e-5, 0.99, 0.005),
    10**6: (5e-5, 0.99, 0.005),
}


def settings(experiment):
    """Rate, second beta and gamma, alike for both players."""
    groups = [group for o in experiment.optimizers.values() for group in o.param_groups]
    lr, betas = {g["lr"] for g in groups}, {g["betas"] for g in groups}
    assert len(lr) == len(betas) == 1
    beta1, beta2 = betas.pop()
    assert beta1 == 0
    return lr.pop(), beta2, experiment.game.penalty.gamma


def at(experiment, number):
    experiment.pace(number)
    experiment.game.penalty.begin(number)
    return settings(experiment)


@pytest.mark.parametrize(
    ("number", "factor"),
    [(1, 1.0), (3, 1.0), (5, 0.5 + 0.5 * (1 + math.cos(math.pi / 4)) / 2), (7, 0.75), (11, 0.5)],
)
def test_a_cosine_is_one_then_falls_along_half_a_wave_then_stays(number, factor):
    assert_close(cosine(number, start=2, rounds=8, end=0.5), factor)
    assert_close(cosine(10**9, start=2, rounds=8, end=0.5), 0.5)


def test_a_cosine_and_a_line_meet_at_both_ends_and_half_way():
    for number in (1, 6, 11):
        same = {"start": 0, "rounds": 10, "end": 0.2}
        assert_close(cosine(number, **same), linear(number, **same))
    assert cosine(3, **same) > linear(3, **same)


@pytest.mark.parametrize("number", [1, 10**9])
def test_without_rounds_a_cosine_is_level(number):
    assert cosine(number, start=0, rounds=None, end=0.0) == 1


def test_the_memory_of_squares_is_paced_by_what_it_forgets():
    optimizer = torch.optim.Adam([torch.nn.Parameter(torch.ones(1))], lr=1.0, betas=(0.5, 0.8))
    set_rates = pace([optimizer], lambda number: 1.0, lambda number: 1 / number)
    for number, beta2 in {1: 0.8, 2: 0.9, 4: 0.95, 3: 1 - 0.2 / 3}.items():
        set_rates(number)
        assert_close(optimizer.param_groups[0]["betas"], (0.5, beta2))


def test_r3gan_moves_along_the_papers_schedules_for_cifar(tiny):
    experiment = build(tiny("model=r3gan"))
    for number, expected in CIFAR.items():
        assert_close(at(experiment, number), expected, rtol=1e-3, atol=0)


def test_the_experiment_ends_with_the_schedules():
    config = compose(["experiment=r3gan_cifar10"]).config
    ends = (
        config.optimizer.decay.rounds,
        config.optimizer.beta2.rounds,
        config.penalty.schedule.rounds,
    )
    assert {*ends, config.rounds} == {LAST}
    assert abs(LAST * config.batch_size - 20e6) < config.batch_size
    assert_close(config.average.decay ** (5e6 / 512), 0.5, rtol=0.02, atol=0)


def test_schedules_are_those_of_the_round_after_a_resumption(tiny):
    short = ("optimizer.decay.rounds=4", "penalty.schedule.rounds=4")
    words = ("model=r3gan", *short)
    before, after = build(tiny(*words)), build(tiny(*words))
    at(before, 3)
    after.restore(before.state(2, 0))
    assert_close(at(after, 3), (1.25e-4, 0.945, 0.0275))
    with contextlib.closing(after.batches()) as batches:
        play(after.game, after.optimizers, batches, [5], 0, pace=after.pace)
    assert_close(settings(after), (5e-5, 0.99, 0.005))


@pytest.mark.parametrize("end", ["0", "1.5"])
def test_a_memory_that_is_perfect_or_none_is_refused(end):
    with pytest.raises(ConfigError, match=r"optimizer\.beta2\.end"):
        compose(["model=r3gan", f"optimizer.beta2.end={end}"])
