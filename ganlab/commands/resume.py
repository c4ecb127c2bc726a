"""`ganlab resume`: the run's own configuration, from its newest good checkpoint on."""

import argparse
import logging
from typing import TYPE_CHECKING, Any

from ganlab.commands.arguments import add_config_dir, add_run
from ganlab.errors import ConfigError

if TYPE_CHECKING:
    from ganlab.runs import Run

EXAMPLES = (
    "ganlab resume last",
    "ganlab resume 3f9a rounds=20000",
    "ganlab resume outputs/2026-11-22/14-03-07-wgan_gp-mnist-3f9a",
)
CHANGEABLE = (
    "rounds",
    "log_every",
    "sample_every",
    "checkpoint_every",
    "keep",
    "progress",
    "dataset.root",
    "dataset.path",
    "runtime.resident",
)

log = logging.getLogger("ganlab")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run(parser)
    parser.add_argument(
        "words", nargs="*", metavar="KEY=VALUE", help=f"may change: {', '.join(CHANGEABLE)}"
    )
    add_config_dir(parser)


def run(arguments: argparse.Namespace) -> int:
    from ganlab import runs

    run = runs.find(arguments.run, arguments.output)
    return resume(run, arguments.words, arguments.config_dir)


def resume(run: "Run", words: list[str], config_dir: str | None) -> int:
    """Play the rounds that are left of a run; the exit code."""
    from ganlab import checkpoints, lock
    from ganlab.attend import attend
    from ganlab.build import build
    from ganlab.loaded import run_config

    lock.refuse_held(run.path)
    config = changed(run_config(run, config_dir), words)
    state = checkpoints.load(run.checkpoints, log.warning)
    done, last = state["round"], config.rounds
    if done >= last:
        if run.facts()["status"] != "done":  # it was stopped right after its last round
            run.note(status="done")
        log.info(
            f"{run.path} is already done: {done} of {last} rounds; resume it with rounds={2 * done}"
        )
        return 0
    experiment = build(config)
    experiment.restore(state)
    return attend(run, experiment, done, state["batches"])


def changed(config: Any, words: list[str]) -> Any:
    """The configuration with what may change on resume. Raises ConfigError for anything else."""
    from omegaconf import OmegaConf

    from ganlab import schema
    from ganlab.compose import parse

    for override in map(parse, words):
        key = override.key_or_group
        if key not in CHANGEABLE:
            raise ConfigError(
                f"{key}: on resume only {', '.join(CHANGEABLE)} may change; "
                "`ganlab train` starts a new run"
            )
        OmegaConf.update(config, key, override.value(), force_add=True)
    schema.refuse_out_of_range(config)
    return config
