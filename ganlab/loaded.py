"""A trained run, to be sampled from."""

import logging
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from ganlab import checkpoints, runs, schema
from ganlab.build import Experiment, build
from ganlab.options import make_importable, named_targets, user_directories
from ganlab.runs import Run
from ganlab.sampling import draw

log = logging.getLogger("ganlab")


@dataclass(frozen=True)
class Loaded:
    """A run with its newest good checkpoint."""

    run: Run
    experiment: Experiment
    round: int

    def sample(self, n: int, seed: int = 0, weights: str = "average") -> Tensor:
        """(n, *shape) float32 samples of the averaged or the `raw` weights; pictures in [-1, 1].

        Sample i depends on (seed, i) only.
        """
        average = weights == "average"
        game = self.experiment.averaged() if average else self.experiment.game.eval()
        return draw(game, n, seed)


def load(reference: str, output: str = "outputs", config_dir: str | None = None) -> Loaded:
    """Load a run named by a path, `last`, or a unique prefix of its name or id.

    Raises ConfigError where no such run is, CheckpointError where none of its checkpoints is good.
    """
    run = runs.find(reference, output)
    config = run_config(run, config_dir)
    state = checkpoints.load(run.checkpoints, log.warning)
    experiment = build(config)
    experiment.restore(state)
    return Loaded(run, experiment, state["round"])


def run_config(run: Run, config_dir: str | None) -> Any:
    """The configuration of a run, which may come from elsewhere. Raises ConfigError if it would
    run code that neither ganlab nor the user's own options name."""
    places = user_directories(config_dir)
    make_importable(places)
    config = run.config()
    schema.refuse_foreign_targets(config, named_targets(places))
    return config
