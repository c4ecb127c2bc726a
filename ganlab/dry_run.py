"""What a run would be, without making it."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from typing import Any

from ganlab import pictures
from ganlab.account import parameter_counts
from ganlab.build import Experiment, build
from ganlab.columns import counted, wrapped
from ganlab.compose import Composition
from ganlab.making import make
from ganlab.runs import directory_name
from ganlab.views import views


def describe(composition: Composition) -> str:
    """Device, data, parameters, shapes and disk space of a composition; nothing is written."""
    forbid_downloads(composition.config)
    dataset = make(composition.config.dataset, "dataset")
    data = dataset.describe()
    with contextlib.nullcontext() if dataset.prepared else scratch_cache():
        facts = account(composition, build(composition.config))
    return wrapped({**facts, **{f"data {key}": value for key, value in data.items()}})


def forbid_downloads(config: Any) -> None:
    """Missing raw data are then refused as they are when offline, but for the reason."""
    for node in (config, config.dataset):
        if "offline" in node and not node.offline:
            node.offline = "a dry run"


def account(composition: Composition, experiment: Experiment) -> dict[str, str]:
    """The facts of a run that was built, one line each."""
    config, runtime = experiment.config, experiment.runtime
    words = ["TIME", config.name, *(composition.choices[g] for g in ("model", "dataset")), "ID"]
    chosen = [f"{group}={option}" for group, option in composition.choices.items()]
    with contextlib.closing(experiment.batches()) as batches:
        batch = {name: tuple(column.shape) for name, column in next(batches).items()}
    return {
        "choices": " ".join(chosen),
        "directory": f"{config.output}/DATE/{directory_name(words)}",
        "device": f"{runtime.device}, {runtime.precision}, {runtime.memory_format}, "
        f"{counted(runtime.threads, 'thread')}",
        "rounds": f"{config.rounds} of {counted(config.batch_size, 'sample')}",
        "parameters": ", ".join(f"{p} {n}" for p, n in parameter_counts(experiment).items()),
        "batch": ", ".join(f"{name} {shape}" for name, shape in batch.items()),
        "disk": disk(experiment),
    }


def disk(experiment: Experiment) -> str:
    """About what a run takes; its pictures lie in the event file too."""
    config = experiment.config
    saved = 1 + -(-config.rounds // config.checkpoint_every)
    kept = min(config.keep + (config.best.by is not None), saved)
    drawn = -(-config.rounds // config.sample_every)
    size, grid = checkpoint_bytes(experiment), picture_bytes(experiment)
    return (
        f"about {(kept * size + 2 * drawn * grid) / 1e6:,.1f} MB: "
        f"{counted(kept, 'checkpoint')} of {size / 1e6:,.1f} MB, {counted(drawn, 'sample grid')}"
    )


def picture_bytes(experiment: Experiment) -> int:
    """The size of what is drawn at a time, which noise makes the largest."""
    return sum(len(pictures.png(view())) for view in views(experiment).values())


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
