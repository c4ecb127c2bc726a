"""Faults on demand, to see what a run makes of them."""

from collections.abc import Iterator
from typing import Any

from ganlab.errors import ConfigError


def inject_nan(game: Any, where: str) -> None:
    """Spoil one loss, or the gradient, of a player's turn, once: `7:generator/loss`.

    With `gradient` in place of a loss the losses stay finite. Raises ConfigError for a player that
    the game has not.
    """
    round_, _, name = where.partition(":")
    player, _, term = name.partition("/")
    if player not in game.players:
        players = " and ".join(game.players)
        raise ConfigError(f"debug.inject_nan={where}: this model's players are {players}")
    played, left = game.round, [int(round_)]

    def spoiled(number: int, batches: Iterator) -> Iterator:
        for turn in played(number, batches):
            if number in left and turn.player == player:
                left.clear()
                spoil(turn, term)
            yield turn

    game.round = spoiled


def spoil(turn: Any, term: str) -> None:
    """Make a loss not finite, or its gradient."""
    if term == "gradient":
        for loss in turn.losses.values():
            if loss.requires_grad:
                loss.register_hook(lambda gradient: gradient * float("nan"))
    elif term in turn.losses:
        turn.losses[term] = turn.losses[term] * float("nan")
    else:
        raise ConfigError(
            f"debug.inject_nan: the losses of the {turn.player} are {', '.join(turn.losses)}"
        )
