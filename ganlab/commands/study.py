"""`ganlab study`: a fair comparison of recipes, as a YAML describes it; or what one has found."""

import argparse
import logging
import shlex
from typing import TYPE_CHECKING

from ganlab.commands.arguments import add_config_dir
from ganlab.errors import ConfigError
from ganlab.runs import USUAL_OUTPUT

if TYPE_CHECKING:
    from ganlab.study.studies import Study
    from ganlab.sweep.sweeps import Sweep

EXAMPLES = (
    "ganlab list study",
    "ganlab study small jobs=2",
    "ganlab study small --dry-run",
    "ganlab study wide datasets=mnist recipes=ns_gan,wgan_gp runs=20 jobs=2",
    "ganlab study my/study.yaml rounds=2000",
    "ganlab study outputs/2026-11-22/14-03-07-study-3f9a",
)
SETTINGS = ("jobs", "runs", "seeds", "search_seed", "recipes", "datasets")
COMPOSES = True
log = logging.getLogger("ganlab")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "study",
        metavar="STUDY",
        help="to play: a name (`ganlab list study`) or a YAML file of your own; to report what was "
        "found: the directory of one that has begun, or how it begins",
    )
    parser.add_argument(
        "words",
        nargs="*",
        metavar="KEY=VALUE",
        help="runs=10 of each recipe's search, seeds=1,2,3 for the best of them, search_seed=0 "
        "of what is drawn, recipes= and datasets= to leave others out, jobs=2 at a time; anything "
        "else is a setting of all runs, such as rounds=2000",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="say which runs the search would have, and stop"
    )
    add_config_dir(parser)


def run(arguments: argparse.Namespace) -> int:
    from ganlab.study import studies
    from ganlab.sweep import sweeps
    from ganlab.sweep.variations import parted

    name, words = arguments.study, arguments.words
    file = studies.find(name, arguments.config_dir)
    if file is None:
        if found := sweeps.find(name, USUAL_OUTPUT):
            tell(found, words)
            return 0
        raise studies.unknown(name, arguments.config_dir)
    from ganlab.study import studying

    wish = studies.wishes(parted(words)[0])
    study = studies.changed(studies.load(file, arguments.config_dir), wish)
    if arguments.dry_run:
        describe(study, arguments.config_dir)
        return 0
    return studying.begin(study, [name, *words], arguments.config_dir)


def tell(sweep: "Sweep", words: list[str]) -> None:
    """Report what a study has found. Raises ConfigError for other sweeps, and for words."""
    from ganlab.study import findings

    if sweep.facts().get("kind") != "study":
        raise ConfigError(f"{sweep.path} is no study; `ganlab compare` shows its runs")
    if words:
        more = shlex.join(["ganlab", "resume", str(sweep.path), *words])
        raise ConfigError(f"{words[0]}: this study has begun; go on with\n  {more}")
    print(findings.report(sweep))


def describe(study: "Study", config_dir: str | None) -> None:
    """Print the commands of the search, and how many runs there are."""
    from ganlab.columns import counted, folded
    from ganlab.study import studying

    found = studying.planned(study, config_dir)
    for number, job in enumerate(found):
        print(f"{number:3}  ganlab train {shlex.join(job.words)}")
    told = (
        f"{counted(len(found), 'run')}: {study.runs} of each of {', '.join(study.recipes)} on "
        f"{', '.join(study.datasets)}; then the best of each with "
        f"{counted(len(study.seeds), 'seed')}, at most {study.total} in all"
    )
    print("\n".join(folded("study  ", told)))
