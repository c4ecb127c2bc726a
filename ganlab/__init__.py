"""ganlab: a Hydra-configured experiment lab for generative adversarial networks.

In a notebook: `run = ganlab.train("model=wgan_gp", "dataset=digits")` trains and returns the run,
`ganlab.load(run).sample(64, seed=3)` draws from it.
"""

from os import PathLike
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ganlab.loaded import Loaded
    from ganlab.runs import Run

__version__ = "0.1.0"


def train(*words: str) -> "Run":
    """Compose the words, as on the command line, train to the end, and return the run."""
    from ganlab import console
    from ganlab.commands.train import start
    from ganlab.compose import compose
    from ganlab.session import train as play

    console.listen()
    run, experiment = start(compose(words))
    play(run, experiment)
    return run


def load(run: "str | PathLike[str] | Run", output: str = "outputs") -> "Loaded":
    """A trained run, named by itself, a path, `last`, or a unique prefix of its name or id."""
    from ganlab.loaded import load as load_run

    return load_run(str(getattr(run, "path", run)), output)
