"""`ganlab train`: compose, check, make the run directory, play."""

import argparse
import logging
import shlex
from typing import TYPE_CHECKING

from ganlab.commands.arguments import add_config_dir

if TYPE_CHECKING:
    from ganlab.build import Experiment
    from ganlab.compose import Composition
    from ganlab.runs import Run

EXAMPLES = (
    "ganlab train dataset=digits rounds=200",
    "ganlab train model=wgan_gp dataset=mnist name=baseline",
    "ganlab train model=dcgan loss=hinge optimizer.lr=1e-4",
    "ganlab train init_from=last",
    "ganlab train model=wgan_gp --dry-run",
    "ganlab train model=wgan_gp --cfg job",
)
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
    add_config_dir(parser)
    parser.add_argument(
        "--cfg", choices=("job", "hydra", "all"), help="print the composed configuration"
    )
    parser.add_argument(
        "--info", metavar="WHAT", help="Hydra's account: defaults, defaults-tree, searchpath, ..."
    )


def run(arguments: argparse.Namespace) -> int:
    from ganlab.compose import compose, tell

    composition = compose(arguments.words, arguments.config_dir)
    if arguments.cfg or arguments.info:
        tell(composition, cfg=arguments.cfg, info=arguments.info)
        return 0
    if arguments.dry_run:
        from ganlab.dry_run import describe

        print(describe(composition))
        return 0
    from ganlab.attend import attend

    return attend(*start(composition))


def start(composition: "Composition") -> "tuple[Run, Experiment]":
    """Build and check everything, then make the run directory; a refusal leaves nothing behind."""
    from ganlab import runs
    from ganlab.build import build
    from ganlab.observers.progress import preparing
    from ganlab.provenance import provenance

    config = composition.config
    runs.refuse_unwritable(config.output)
    experiment = build(config, preparing())
    run = runs.create(
        config.output,
        composition.choices,
        config.name,
        tags=list(config.tags),
        seed=config.seed,
        shape=experiment.dataset.spec.shape,
        init_from=initialise(experiment),
        command=shlex.join(["ganlab", "train", *composition.given]),
        **provenance(),
    )
    return run, experiment


def initialise(experiment: "Experiment") -> dict[str, object] | None:
    """Begin with the weights of the run that `init_from` names; where they came from."""
    from ganlab import checkpoints, runs
    from ganlab.build import restore_weights

    if experiment.config.init_from is None:
        return None
    source = runs.find(str(experiment.config.init_from), experiment.config.output)
    state = checkpoints.load(source.checkpoints, log.warning)
    restore_weights(experiment.game, experiment.average, state)
    log.info(f"begins with the weights of {source.path} after round {state['round']}")
    return {"run": source.path.name, "round": state["round"]}
