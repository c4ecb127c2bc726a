"""A trained run, to be sampled from; its data are not needed."""

import copy
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from omegaconf import OmegaConf
from torch import Tensor

from ganlab import checkpoints, runs, runtime
from ganlab.average import Average, with_modules
from ganlab.build import build_game, restore_weights
from ganlab.errors import ConfigError
from ganlab.games.game import Game
from ganlab.older import complete
from ganlab.options import make_importable, named_targets, options, user_directories
from ganlab.refusals import refuse_strays
from ganlab.runs import USUAL_OUTPUT, Run
from ganlab.sampling import draw
from ganlab.schema import plain, refuse_out_of_range
from ganlab.standing import standing
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
    config: Any

    def drawing(self, weights: str = "average") -> Game:
        """The game with the averaged or the `raw` weights, to sample from."""
        if weights not in WEIGHTS:
            raise ConfigError(f"weights={weights}: weights must be one of {', '.join(WEIGHTS)}")
        if weights == "raw":
            return self.game.eval()
        return standing(self.average.view(self.game), self.config.model.standing)

    def sample(
        self,
        n: int,
        seed: int = 0,
        weights: str = "average",
        label: int | Sequence[int] | None = None,
        truncation: float | None = None,
    ) -> Tensor:
        """(n, *shape) float32 samples; pictures lie in [-1, 1]. Sample i depends on (seed, i) only.

        `label` is the class of all, or those of each in turn; without it a game of classes draws
        them as they are distributed. `truncation` from 0 (all alike) to 1 trades diversity for
        quality where the game knows how. Raises ConfigError for what it cannot do.
        """
        game = self.drawing(weights)
        labels = None if label is None else self.labels(label, n)
        if truncation is not None:
            game = truncated(game, truncation)
        return draw(game, n, seed, labels)

    def labels(self, label: int | Sequence[int], n: int) -> Tensor:
        """The classes of n samples, int64 (n,). Raises ConfigError for those that are none."""
        if self.game.classes is None:
            asked = str(label).strip("[]").replace(" ", "")
            raise ConfigError(
                f"label={asked}: this run's model draws without labels; `ganlab list model` says "
                "which do, such as cgan, acgan and cgan_pd"
            )
        wished = torch.tensor([label] if isinstance(label, int) else label)
        for wrong in wished[(wished < 0) | (wished >= self.game.classes)].tolist():
            raise ConfigError(f"label={wrong}: the classes are 0 to {self.game.classes - 1}")
        return wished.repeat(-(-n // len(wished)))[:n]


def truncated(game: Game, truncation: float) -> Game:
    """The same game, its styles, or else its noise, nearer to their centre. Raises ConfigError."""
    if hasattr(game, "truncation"):
        other = copy.copy(game)
        other.truncation = truncation
        return other
    if not hasattr(game.prior, "truncated"):
        raise ConfigError(
            f"truncation={truncation}: it is of models with styles or with prior=normal, and this "
            "run has neither"
        )
    return with_modules(game, {"prior": game.prior.truncated(truncation)})


def load(
    reference: str,
    output: str = USUAL_OUTPUT,
    config_dir: str | None = None,
    trust: Iterable[str] = (),
    checkpoint: str | int = "newest",
) -> Loaded:
    """Load a run named by a path, `last`, or a unique prefix of its name or id.

    It is put on the best device at hand. `checkpoint` is newest, best or a round.

    Raises ConfigError where no such run is, CheckpointError
    where none of its checkpoints is good.
    """
    run = runs.find(reference, output)
    state = checkpoints.load(run.checkpoints, log.warning, checkpoint)
    config = run_config(run, state, config_dir, trust)
    resolved = runtime.resolve(**{**plain(config.runtime), "device": "auto"})
    game, average = build_game(config, run.spec(), resolved)
    restore_weights(game, average, state, config)
    return Loaded(run, game, average, state["round"], config)


def run_config(
    run: Run, state: dict[str, Any], config_dir: str | None, trust: Iterable[str] = ()
) -> Any:
    """The configuration of a run, which may come from elsewhere or from an older ganlab.

    What it lacks is that of the checkpoint's `state`, or else the chosen options'.
    Raises ConfigError if it would run code that neither ganlab, nor the user's options, nor
    `trust` names.
    """
    places = user_directories(config_dir)
    make_importable(places)
    trusted = {*named_targets(places), *trust}
    config, saved = run.config(), OmegaConf.create(state.get("config", {}))
    for each in (config, saved):
        refuse_foreign_targets(each, trusted)
    if added := complete(config, saved, run.facts()["choices"], config_dir):
        log.info(f"new since this run was made: {', '.join(added)}")
    refuse_strays(config, options(places))
    refuse_out_of_range(config)
    return config
