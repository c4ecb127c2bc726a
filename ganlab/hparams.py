"""Hyperparameters for TensorBoard's HPARAMS tab: one session per run, in the run's own events."""

from typing import Any

LEFT_OUT = (
    "output",
    "name",
    "tags",
    "version",
    "progress",
    "keep",
    "log_every",
    "sample_every",
    "checkpoint_every",
    "evaluate_every",
    "evaluate",
    "metrics",
    "early_stopping",
    "best",
    "dataset.root",
    "runtime.fastest",
    "health",
)


def session(writer: Any, settings: dict[str, Any]) -> Any:
    """Write the session's start; returns the record of its end, for when the run is done.

    The experiment record is left out: TensorBoard then gathers settings and measures from all
    sessions that it finds, so that runs started at different times stand in one table.
    """
    from torch.utils.tensorboard.summary import hparams

    _, start, end = hparams(settings, {})
    writer.file_writer.add_summary(start)
    return end


def flat(settings: dict[str, Any], choices: dict[str, str], prefix: str = "") -> dict[str, Any]:
    """Dotted settings and the option of each group, as numbers and words."""
    leaves: dict[str, Any] = dict(choices)
    for key, value in settings.items():
        name = f"{prefix}{key}"
        if name in LEFT_OUT or key.startswith("_"):
            continue
        if isinstance(value, dict):
            leaves |= flat(value, {}, f"{name}.")
        elif value is not None:
            leaves[name] = value if isinstance(value, bool | int | float | str) else str(value)
    return leaves
