"""`ganlab tune`: search settings, by what the runs that have them are worth."""

import argparse
from pathlib import Path

from ganlab.commands.arguments import add_config_dir

EXAMPLES = (
    "ganlab tune model=dcgan,wgan_gp batch_size=32,64 by=fid trials=40 jobs=2",
    "ganlab tune 'optimizer.lr=tag(log,interval(1e-5,1e-2))' evaluate_every=100",
    "ganlab tune 'model.latent=int(interval(8,128))' prune_after=null",
    "ganlab resume 3f9a trials=40",
)
SETTINGS = ("trials", "jobs", "by", "prune_after", "prune_factor", "search_seed")
COMPOSES = True
NOTES = """\
settings of the search:
  trials=20        runs in all, whatever becomes of them
  jobs=1           workers, each of which plays one trial at a time
  by=METRIC        what is to be best: that of best.by, or fid, or the only one
  prune_after=N    after N, 3N, 9N ... rounds (N: a ninth of all) bad trials end
                   at their next evaluation; null lets all play to the end
  prune_factor=3   that 3: of the trials that came so far one in three goes on
  search_seed=0    another search of the same words

A trial's value is the best of its evaluations. The first ten trials are drawn
at random, the others are chosen by what is known of those before (TPE)."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = NOTES
    parser.add_argument(
        "words",
        nargs="*",
        metavar="KEY=VALUE",
        help="as of `ganlab train`; what has several values or an interval is searched: "
        "batch_size=32,64 or 'optimizer.lr=interval(1e-4,1e-3)', tag(log,...) by magnitude, "
        "int(...) whole numbers only",
    )
    add_config_dir(parser)
    parser.add_argument("--worker", help=argparse.SUPPRESS)  # what a search starts


def run(arguments: argparse.Namespace) -> int:
    from ganlab.tune import tuning

    if arguments.worker:
        tuning.demand_optuna()
        from ganlab.tune.trials import work

        return work(Path(arguments.worker))
    return tuning.begin(arguments.words, arguments.config_dir)
