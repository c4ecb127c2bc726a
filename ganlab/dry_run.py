"""What a run would be, without making it."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from typing import Any

from ganlab.account import parameter_counts
from ganlab.build import Experiment, build, make
from ganlab.columns import aligned
from ganlab.compose import Composition


def describe(composition: Composition) -> str:
    """Device, data, parameters, shapes and disk space of a composition; nothing is written."""
    forbid_downloads(composition.config)
    dataset = make(composition.config.dataset, "dataset")
    data = dataset.describe()
    with contextlib.nullcontext() if dataset.prepared else scratch_cache():
        facts = account(composition, build(composition.config))
    return aligned({**facts, **{f"data {key}": value for key, value in data.items()}})


def forbid_downloads(config: Any) -> None:
    """Missing raw data are then refused as they are when offline."""
    for node in (config, config.dataset):
        if "offline" in node:
            node.offline = True


def account(composition: Composition, experiment: Experiment) -> dict[str, str]:
    """The facts of a run that was built, one line each."""
    config, runtime = experiment.config, experiment.runtime
    chosen = [f"{group}={option}" for group, option in composition.choices.items()]
    with contextlib.closing(experiment.batches()) as batches:
        batch = {name: tuple(column.shape) for name, column in next(batches).items()}
    kept = min(config.keep, -(-config.rounds // config.checkpoint_every))
    grids = config.rounds // config.sample_every + 1
    size = checkpoint_bytes(experiment)
    return {
        "choices": " ".join(chosen),
        "directory": f"{config.output}/DATE/TIME-{composition.choices['model']}-"
        f"{composition.choices['dataset']}-ID",
        "device": f"{runtime.device}, {runtime.precision}, {runtime.memory_format}, "
        f"{runtime.threads} threads",
        "rounds": f"{config.rounds} of {config.batch_size} samples",
        "parameters": ", ".join(f"{p} {n}" for p, n in parameter_counts(experiment).items()),
        "batch": ", ".join(f"{name} {shape}" for name, shape in batch.items()),
        "disk": f"{kept} checkpoints of {size / 1e6:.0f} MB, {grids} sample grids",
    }


def checkpoint_bytes(experiment: Experiment) -> int:
    """The size of a checkpoint: modules, their average, and two moments per parameter."""
    tensors = [*experiment.game.state_dict().values(), *experiment.average.state_dict().values()]
    game = experiment.game
    moments = [p for player in game.players for p in game.movable(player)] * 2
    return sum(t.numel() * t.element_size() for t in [*tensors, *moments])


@contextlib.contextmanager
def scratch_cache() -> Iterator[None]:
    """Inside, data are prepared in a temporary directory and forgotten afterwards."""
    before = os.environ.get("GANLAB_CACHE")
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["GANLAB_CACHE"] = scratch
        try:
            yield
        finally:
            del os.environ["GANLAB_CACHE"]
            if before is not None:
                os.environ["GANLAB_CACHE"] = before
