"""`ganlab train`: compose, check, make the run directory, play."""

import argparse
import logging
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from ganlab.commands.arguments import add_config_dir
from ganlab.errors import CheckpointError, ConfigError

if TYPE_CHECKING:
    from ganlab.build import Experiment
    from ganlab.compose import Composition
    from ganlab.runs import Run

EXAMPLES = (
    "ganlab train dataset=digits rounds=200",
    "ganlab train model=wgan_gp dataset=mnist name=baseline",
    "ganlab train model=dcgan loss=hinge optimizer.lr=1e-4",
    "ganlab train init_from=last",
    "ganlab train -m model=dcgan,wgan_gp seed=1,2,3 jobs=2",
    "ganlab train model=wgan_gp --dry-run",
    "ganlab train model=wgan_gp --cfg job",
)
SETTINGS = ("jobs",)
COMPOSES = True
log = logging.getLogger("ganlab")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "words",
        nargs="*",
        metavar="KEY=VALUE",
        help="choices (`ganlab list`) and settings (`ganlab show`), in any order",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="build everything, say what would be done, stop"
    )
    parser.add_argument(
        "-m",
        "--multirun",
        action="store_true",
        help="a sweep: one run of each combination of "
        "values, such as seed=1,2,3; jobs=2 plays two at a time",
    )
    parser.add_argument(
        "--directory", metavar="DIR", help="make this the run's directory, not a new one of output"
    )
    add_config_dir(parser)
    parser.add_argument(
        "--cfg", choices=("job", "hydra", "all"), help="print the composed configuration"
    )
    parser.add_argument(
        "--info",
        metavar="WHAT",
        choices=("all", "config", "defaults", "defaults-tree", "plugins", "searchpath"),
        help="Hydra's account: defaults, defaults-tree, searchpath, ...",
    )


def run(arguments: argparse.Namespace) -> int:
    if arguments.multirun:
        return sweep(arguments)
    from ganlab.compose import compose
    from ganlab.sweep.variations import parted

    _, launcher, jobs = parted(arguments.words)
    if launcher or jobs:
        raise ConfigError(f"{launcher[0] if launcher else f'jobs={jobs}'} is of sweeps: add -m")
    composition = compose(arguments.words, arguments.config_dir)
    if arguments.cfg or arguments.info:
        from ganlab.hydra_tells import tell

        tell(composition, cfg=arguments.cfg, info=arguments.info)
        return 0
    from ganlab.origins import naming_experiment

    if arguments.dry_run:
        from ganlab.dry_run import describe

        with naming_experiment(composition):
            print(describe(composition))
        return 0
    from ganlab import processes
    from ganlab.attend import attend
    from ganlab.commands.resume import resume

    with processes.joined():
        before = processes.told(
            requeued(composition, arguments.directory) if processes.leads() else None
        )
        if before is not None:
            return resume(before, [], arguments.config_dir)
        with naming_experiment(composition):
            begun = start(composition, arguments.directory)
        return attend(*begun)


def sweep(arguments: argparse.Namespace) -> int:
    """Play every combination of the words, or with --dry-run list them; the exit code."""
    from ganlab.sweep import sweeping

    if arguments.cfg or arguments.info or arguments.directory:
        raise ConfigError("-m: --cfg, --info and --directory are of one run")
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise ConfigError("-m: one process starts a sweep; say `ganlab train -m` without torchrun")
    if arguments.dry_run:
        for number, job in enumerate(sweeping.planned(arguments.words, arguments.config_dir)):
            words = [*job.words, *sweeping.from_directory(arguments.config_dir)]
            print(f"{number:3}  ganlab train {shlex.join(words)}")
        return 0
    return sweeping.begin(arguments.words, arguments.config_dir)


def requeued(composition: "Composition", directory: str | None) -> "Run | None":
    """The run that this command of a SLURM job trained before it was queued again."""
    job = os.environ.get("SLURM_JOB_ID")
    if not composition.config.slurm.requeue or not int(os.environ.get("SLURM_RESTART_COUNT", "0")):
        return None
    from ganlab import checkpoints, runs

    mine = {"slurm_job": job, "command": said(composition)}
    there = runs.everything(directory or composition.config.output)
    found = [run for run in there if mine.items() <= run.told().items()]
    begun = [run for run in found if checkpoints.manifest(run.checkpoints)]
    return begun[-1] if begun else None


def said(composition: "Composition") -> str:
    """The command that composed this."""
    return shlex.join(["ganlab", "train", *composition.given])


def start(composition: "Composition", directory: str | None = None) -> "tuple[Run, Experiment]":
    """Build and check everything, then make the run directory; a refusal leaves nothing behind."""
    from ganlab import processes, runs
    from ganlab.build import build
    from ganlab.observers.progress import preparing
    from ganlab.provenance import provenance

    config = composition.config
    runs.refuse_unwritable(str(Path(directory).parent) if directory else config.output)
    experiment = build(config, preparing())
    source = initialise(experiment)
    run = None
    if processes.leads():
        choices, spec = composition.choices, experiment.dataset.spec
        words = [config.name, choices["model"], choices["dataset"]]
        run = runs.create(
            Path(directory) if directory else runs.new_path(config.output, words),
            name=config.name,
            choices=choices,
            tags=list(config.tags),
            seed=config.seed,
            shape=spec.shape,
            classes=spec.classes,
            count=spec.count,
            data=experiment.dataset.fingerprint,
            init_from=source,
            exact=True,
            command=said(composition),
            slurm_job=os.environ.get("SLURM_JOB_ID"),
            **provenance(),
        )
    return processes.told(run), experiment


def initialise(experiment: "Experiment") -> dict[str, object] | None:
    """Begin with the weights of the run that `init_from` names; where they came from."""
    from ganlab import checkpoints, processes, runs
    from ganlab.build import restore_weights

    wish, output = experiment.config.init_from, experiment.config.output
    if wish is None:
        return None
    # One process looks: `last` is another run as soon as this one has its directory.
    source = processes.told(runs.find(str(wish), output) if processes.leads() else None)
    state = checkpoints.load(source.checkpoints, log.warning)
    try:
        restore_weights(experiment.game, experiment.average, state, experiment.config)
    except CheckpointError as error:
        made_by = source.facts().get("command")
        raise CheckpointError(f"init_from={wish}: {error}\nthat run is\n  {made_by}") from error
    log.info(f"begins with the weights of {source.path} after round {state['round']}")
    return {"run": source.path.name, "round": state["round"]}
