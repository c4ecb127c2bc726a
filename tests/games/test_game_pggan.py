"""The game that grows: its schedule, what moves, and that it resumes to the bit."""

import contextlib
import io

import pytest
import torch
from torch.testing import assert_close

from ganlab.build import build
from ganlab.engine import play
from ganlab.games.game import Turn

TOP = 2  # of 16 pixels
TABLE = {  # of two stable rounds and four of fading
    1: (0, 1.0),
    2: (0, 1.0),
    3: (1, 0.0),
    4: (1, 0.25),
    5: (1, 0.5),
    6: (1, 0.75),
    7: (1, 1.0),
    8: (1, 1.0),
    9: (2, 0.0),
    12: (2, 0.75),
    13: (2, 1.0),
    14: (2, 1.0),
    15: (2, 1.0),
    10**6: (2, 1.0),
}


@pytest.fixture
def growing(tiny):
    """An experiment with two stable rounds and four of fading, and words of one's own."""

    def made(*words, stable=2, fade=4):
        schedule = (f"model.game.stable_rounds={stable}", f"model.game.fade_rounds={fade}")
        return build(tiny("model=pggan", *schedule, *words))

    return made


def played(experiment, first, last, consumed=0, observers=()):
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
            observers=observers,
        )
        state = experiment.state(last, batches.consumed)
    return {name: part for name, part in state.items() if name != "config"}


def through_a_file(state):
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


def test_the_schedule_is_its_table(growing):
    game = growing().game
    assert game.generator.top == TOP
    assert {number: game.stage(number) for number in TABLE} == TABLE


def test_a_game_starts_at_the_coarsest_level(growing):
    game = growing().game
    for player in (game.generator, game.discriminator):
        assert (player.level, player.fade) == TABLE[1]


def test_both_players_and_the_average_are_at_the_level_of_the_round(growing):
    experiment, seen = growing(), {}

    def look(number, game, record):
        shadow = experiment.average.shadows["generator"]
        three = (game.generator, game.discriminator, shadow)
        seen[number] = {(player.level, player.fade) for player in three}

    played(experiment, 1, 15, observers=[look])
    assert {n: {stage} for n, stage in TABLE.items() if n <= 15} == {
        n: seen[n] for n in seen if n in TABLE
    }


def test_optimizers_forget_exactly_where_a_fade_starts_and_ends(growing):
    experiment, steps = growing("model.game.discriminator_turns=2"), {}

    def look(number, game, record):
        for player, optimizer in experiment.optimizers.items():
            counts = {int(state["step"]) for state in optimizer.state.values()}
            steps.setdefault(player, []).append(counts)

    played(experiment, 1, 14, observers=[look])
    since = [1, 2, 1, 2, 3, 4, 1, 2, 1, 2, 3, 4, 1, 2]  # rounds since the last start or end
    assert steps["generator"] == [{n} for n in since]
    assert steps["discriminator"] == [{2 * n} for n in since]


def test_what_moves_grows_with_the_players(growing):
    experiment, moved = growing(), []
    before = {n: p.detach().clone() for n, p in experiment.game.named_parameters()}

    def look(number, game, record):
        now = dict(game.named_parameters())
        moved.append({n for n in before if not torch.equal(now[n], before[n])})

    played(experiment, 1, 13, observers=[look])
    for player in ("generator", "discriminator"):
        blocks = [{n.split(".")[2] for n in m if n.startswith(f"{player}.blocks")} for m in moved]
        assert blocks[1] == {"0"}
        assert blocks[7] == {"0", "1"}
        assert blocks[12] == {"0", "1", "2"}
    assert moved[0] <= moved[12]


def test_in_a_fade_the_parameters_of_both_levels_move_and_then_only_those_of_one(growing):
    game = growing().game
    named = {id(p): n for n, p in game.generator.named_parameters()}

    def pictures(number):
        game.grow(number)
        found = {named[id(p)] for p in game.movable("generator")}
        return {name.split(".")[1] for name in found if name.startswith("pictures")}

    assert [pictures(n) for n in (2, 3, 6, 7, 9, 13)] == [
        {"0"},
        {"0", "1"},
        {"0", "1"},
        {"1"},
        {"1", "2"},
        {"2"},
    ]


def test_the_average_of_blocks_that_were_never_used_is_what_they_are(growing):
    experiment = growing()
    played(experiment, 1, 5)
    shadow, generator = experiment.average.shadows["generator"], experiment.game.generator
    for part, alike in ((2, True), (1, False)):
        pairs = zip(
            shadow.blocks[part].parameters(), generator.blocks[part].parameters(), strict=True
        )
        assert all(torch.equal(*pair) for pair in pairs) == alike


@pytest.mark.parametrize("until", [2, 5, 6, 8], ids=["start", "within", "end", "next"])
def test_ten_rounds_equal_some_resume_and_the_rest(growing, until):
    straight = played(growing(), 1, 10)
    half = played(growing(), 1, until)
    resumed = growing()
    resumed.restore(through_a_file(half))
    assert_close(played(resumed, until + 1, 10, half["batches"]), straight, rtol=0, atol=0)


def test_weights_of_a_grown_run_begin_at_the_coarsest_level_again(growing):
    grown, experiment = growing(), growing()
    played(grown, 1, 14)
    experiment.game.load_state_dict(grown.game.state_dict())
    before = [p.detach().clone() for p in experiment.game.generator.pictures[0].parameters()]
    played(experiment, 1, 1)
    now = list(experiment.game.generator.pictures[0].parameters())
    assert experiment.game.generator.level == 0
    assert not any(torch.equal(a, b) for a, b in zip(before, now, strict=True))


def test_real_samples_are_as_detailed_as_the_level(growing):
    game = growing().game
    batch = {"data": torch.randn(4, 1, 16, 16), "label": torch.arange(4)}
    seen = {}
    for number in (2, 13):
        game.grow(number)
        seen[number] = game.faded(batch)
    squares = seen[2]["data"].unflatten(3, (4, 4)).unflatten(2, (4, 4))
    assert_close(
        squares[:, :, :, 0, :, 0], batch["data"].unfold(2, 4, 4).unfold(3, 4, 4).mean((4, 5))
    )
    assert_close(seen[13]["data"], batch["data"], rtol=0, atol=0)
    assert_close(seen[2]["label"], batch["label"])


def test_the_discriminators_turn_is_played_with_faded_reals(growing):
    game, judged = growing().game, []
    game.judge = lambda real, fake: judged.append(real["data"]) or Turn("discriminator", {})
    real = torch.randn(4, 1, 16, 16)
    next(game.round(9, iter([{"data": real}])))
    assert torch.equal(judged[0], game.faded({"data": real})["data"])
    assert not torch.equal(judged[0], real)


def test_drift_is_the_mean_square_of_real_logits(growing):
    game = growing("model.game.drift=0.5").game
    real, fake = ({"data": torch.randn(8, 1, 16, 16)} for _ in range(2))
    losses = game.judge(real, fake).losses
    assert_close(losses["drift"], 0.5 * game.logits(real).square().mean())
    assert losses["drift"] > 0


def test_the_shipped_rounds_reach_32_pixels_with_rounds_to_spare(tiny):
    config = tiny("model=pggan", "dataset=digits")
    game = build(config).game
    assert game.generator.top == 3
    assert game.stage(1500)[1] < 1
    assert game.stage(1501) == (3, 1.0)
    assert config.rounds >= 1501 + game.stable_rounds


def test_the_shipped_settings_are_the_papers(tiny):
    config = tiny("model=pggan")
    assert config.model.game.drift == 1e-3
    assert config.model.game.discriminator_turns == 1
    assert (config.optimizer.lr, list(config.optimizer.betas)) == (1e-3, [0.0, 0.99])
    assert config.average.decay == 0.999
    assert config.network.discriminator.group == 4
