"""The two loops that a run is compared with; each gives a function that plays one round."""

import copy
import itertools
from collections.abc import Callable
from pathlib import Path

import torch

from bench.data import gathered, loaded
from ganlab.build import Experiment, build
from ganlab.compose import compose
from ganlab.penalties.none import NoPenalty

LATE = 1_000_000  # the number of a round in which nothing grows or fades any more
DEFAULTS = ["runtime.precision=fp32", "runtime.memory_format=contiguous"]


def plain(words: list[str], raw: Path) -> Callable[[], None]:
    """The loop as tutorials write it.

    A DataLoader of one process over per-sample transforms, Adam as it comes, float32, the fakes'
    graph kept in the discriminator's turn, every gradient computed, every loss read at once.
    """
    config = compose([*words, *DEFAULTS]).config
    config.optimizer.pop("fused", None)
    experiment = build(config)
    game, device = experiment.game, experiment.runtime.device
    generator, discriminator, loss = game.generator, game.discriminator, game.loss
    optimizer_g, optimizer_d = (experiment.optimizers[p] for p in ("generator", "discriminator"))
    penalty = None if isinstance(game.penalty, NoPenalty) else game.penalty
    batches = loaded(raw, experiment.dataset.spec.shape[-1], config.batch_size)

    def play_round() -> None:
        for _ in range(game.discriminator_turns):
            real = next(batches)[0].to(device)
            fake = generator(game.prior(len(real), device))
            real_logits, fake_logits = (
                discriminator(real).squeeze(1),
                discriminator(fake).squeeze(1),
            )
            loss_d = loss.discriminator(real_logits, fake_logits)
            if penalty:
                loss_d = loss_d + penalty(discriminator, real, fake, real_logits, fake_logits)
            optimizer_d.zero_grad()
            loss_d.backward()
            optimizer_d.step()
            loss_d.item()
        fake = generator(game.prior(game.fakes * len(real), device))
        loss_g = loss.generator(discriminator(fake).squeeze(1))
        optimizer_g.zero_grad()
        loss_g.backward()
        optimizer_g.step()
        loss_g.item()

    return play_round


def lean(words: list[str], raw: Path) -> Callable[[], None]:
    """The bare mathematics of the run: same passes, precision, memory format and optimizers.

    Data wait on the device as uint8; there is a moving average and no log, check or seed.
    """
    experiment = build(compose(words).config)
    game, device, config = experiment.game, experiment.runtime.device, experiment.config
    generator, discriminator, loss = game.generator, game.discriminator, game.loss
    optimizer_g, optimizer_d = (experiment.optimizers[p] for p in ("generator", "discriminator"))
    parameters_g, parameters_d = list(generator.parameters()), list(discriminator.parameters())
    precise = experiment.runtime.precise()
    penalty = None if isinstance(game.penalty, NoPenalty) else game.penalty
    stored = experiment.dataset.stored.columns["train"]["data"].read()
    batches = gathered(torch.from_numpy(stored).to(device), config.batch_size)
    follow = average(generator, config.average.decay)

    def play_round() -> None:
        for _ in range(game.discriminator_turns):
            real = next(batches)
            with precise():
                with torch.no_grad():
                    fake = generator(game.prior(len(real), device))
                real_logits = discriminator(real).squeeze(1)
                fake_logits = discriminator(fake).squeeze(1)
                loss_d = loss.discriminator(real_logits, fake_logits)
                if penalty:
                    loss_d = loss_d + penalty(discriminator, real, fake, real_logits, fake_logits)
            loss_d.backward(inputs=parameters_d)
            optimizer_d.step()
            optimizer_d.zero_grad()
        with precise():
            fake = generator(game.prior(game.fakes * len(real), device))
            loss_g = loss.generator(discriminator(fake).squeeze(1))
        loss_g.backward(inputs=parameters_g)
        optimizer_g.step()
        optimizer_g.zero_grad()
        follow()

    return play_round


def turns(experiment: Experiment) -> Callable[[], None]:
    """The bare mathematics of a run: each turn of its game, a gradient, a step, its average.

    Players, optimizers and memory are the run's own, so that both compute with the same; there is
    no log, check or seed.
    """
    game, optimizers = experiment.game, experiment.optimizers
    movable: dict[str, list] = {}
    precise, batches = experiment.runtime.precise(), experiment.batches()
    rounds = itertools.count(LATE)

    def play_round() -> None:
        number = next(rounds)
        played = game.round(number, batches)
        while True:
            with precise():
                turn = next(played, None)
            if turn is None:
                break
            if turn.fresh:
                optimizers[turn.player].state.clear()
            if turn.fresh or turn.player not in movable:
                movable[turn.player] = game.movable(turn.player)
            torch.stack([*turn.losses.values()]).sum().backward(inputs=movable[turn.player])
            if turn.step:
                optimizers[turn.player].step()
                optimizers[turn.player].zero_grad()
        experiment.average.update(number)

    return play_round


def average(generator: torch.nn.Module, decay: float) -> Callable[[], None]:
    """A function that moves a copy of the generator towards it."""
    shadow = copy.deepcopy(generator).requires_grad_(False)
    ours, theirs = list(shadow.parameters()), list(generator.parameters())
    our_buffers, their_buffers = list(shadow.buffers()), list(generator.buffers())

    @torch.no_grad()
    def follow() -> None:
        torch._foreach_lerp_(ours, theirs, 1 - decay)
        if our_buffers:
            torch._foreach_copy_(our_buffers, their_buffers)

    return follow


LOOPS = {"plain": plain, "lean": lean}
