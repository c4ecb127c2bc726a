"""What the shipped recipes are, read from their files: which game each plays, and on what."""

import yaml
from hydra.utils import get_class

from ganlab.combinations import POINTS, defaults, refused
from ganlab.games.gan import GAN
from ganlab.options import contents, options

FILES = options([])["model"]
MODELS = sorted(FILES)


def game_of(model):
    """The class of a recipe's game."""
    return get_class(yaml.safe_load(FILES[model].read_text())["model"]["game"]["_target_"])


GAMES = {model: game_of(model) for model in MODELS}
ADVERSARIAL = [model for model, game in GAMES.items() if issubclass(game, GAN)]
POINTED = [m for m in MODELS if refused({**defaults(m), "network": "mlp"}, POINTS) is None]
"""Those that play with the network of points, and so on 2-D data."""


def moved_by(optimizer):
    """A recipe whose players an optimizer knows, if it names any."""
    players = set((contents("optimizer")[optimizer].get("players") or {}).keys())
    return next(model for model in ["gan", *MODELS] if players <= {*GAMES[model].players})


def one_of_each_game():
    """A recipe for each kind of game."""
    return list({game: model for model, game in reversed(GAMES.items())}.values())


def one_of_each_game_and_network():
    """A recipe for each kind of game on each network that one of its recipes has."""
    kinds = {(GAMES[model], defaults(model)["network"]): model for model in reversed(MODELS)}
    return list(kinds.values())
