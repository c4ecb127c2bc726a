"""`ganlab train`: compose, check, make the run directory, play."""

import argparse
import shlex
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ganlab.build import Experiment
    from ganlab.compose import Composition
    from ganlab.runs import Run

EXAMPLES = (
    "ganlab train dataset=digits rounds=200",
    "ganlab train model=wgan_gp dataset=mnist name=baseline",
    "ganlab train model=dcgan loss=hinge penalty=r1 optimizer.lr=1e-4",
    "ganlab train model=wgan_gp --dry-run",
    "ganlab train model=wgan_gp --cfg job",
)


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
    parser.add_argument("--config-dir", metavar="DIR", help="where options of your own are")
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
    from ganlab.commands.attend import attend

    return attend(*start(composition))


def start(composition: "Composition") -> "tuple[Run, Experiment]":
    """Build and check everything, then make the run directory; a refusal leaves nothing behind."""
    from omegaconf import OmegaConf

    from ganlab import runs
    from ganlab.build import build
    from ganlab.observers.progress import preparing
    from ganlab.provenance import provenance

    config = composition.config
    runs.refuse_unwritable(config.output)
    experiment = build(config, preparing())
    run = runs.create(
        config.output,
        OmegaConf.to_yaml(config, resolve=True),
        composition.choices,
        config.name,
        tags=list(config.tags),
        seed=config.seed,
        command=shlex.join(["ganlab", *sys.argv[1:]]),
        words=composition.words,
        **provenance(),
    )
    return run, experiment
