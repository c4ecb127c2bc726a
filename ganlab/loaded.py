"""A trained run, to be sampled from; its data are not needed."""

import logging
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from ganlab import checkpoints, runs, runtime
from ganlab.average import Average
from ganlab.build import build_game, restore_weights
from ganlab.errors import ConfigError
from ganlab.games.game import Game
from ganlab.options import make_importable, named_targets, user_directories
from ganlab.runs import USUAL_OUTPUT, Run
from ganlab.sampling import draw
from ganlab.schema import plain
from ganlab.trust import refuse_foreign_targets

WEIGHTS = ("average", "raw")
log = logging.getLogger("ganlab")


@dataclass(frozen=True)
class Loaded:
    """A run with its newest good checkpoint."""

    run: Run
    game: Game
    average: Average
    round: int

    def sample(self, n: int, seed: int = 0, weights: str = "average") -> Tensor:
        """(n, *shape) float32 samples of the averaged or the `raw` weights; pictures in [-1, 1].

        Sample i depends on (seed, i) only.
        """
        if weights not in WEIGHTS:
            raise ConfigError(f"weights={weights}: weights must be one of {', '.join(WEIGHTS)}")
        averaged = weights == "average"
        return draw(self.average.view(self.game) if averaged else self.game.eval(), n, seed)


def load(reference: str, output: str = USUAL_OUTPUT, config_dir: str | None = None) -> Loaded:
    """Load a run named by a path, `last`, or a unique prefix of its name or id.

    It is put on the best device at hand. Raises ConfigError where no such run is, CheckpointError
    where none of its checkpoints is good.
    """
    run = runs.find(reference, output)
    config = run_config(run, config_dir)
    state = checkpoints.load(run.checkpoints, log.warning)
    resolved = runtime.resolve(**{**plain(config.runtime), "device": "auto"})
    game, average = build_game(config, tuple(run.facts()["shape"]), resolved)
    restore_weights(game, average, state)
    return Loaded(run, game, average, state["round"])


def run_config(run: Run, config_dir: str | None) -> Any:
    """The configuration of a run, which may come from elsewhere.

    Raises ConfigError if it would run code that neither ganlab nor the user's options name.
    """
    places = user_directories(config_dir)
    make_importable(places)
    config = run.config()
    refuse_foreign_targets(config, named_targets(places))
    return config
