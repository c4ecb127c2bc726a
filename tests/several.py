"""Plays two rounds of each composition given, on all processes, and saves where they lead.

Started by `test_processes.py`, alone or by torchrun: `several.py OUT WORDS...`, one composition
an argument, its words separated by spaces.
"""

import contextlib
import sys

import torch

from ganlab import processes
from ganlab.build import build
from ganlab.compose import compose
from ganlab.engine import play

FEW_TURNS = 2
# Plain gradient descent: where the weights come to rest is where the gradients point.
DESCENT = ["optimizer=sgd", "optimizer.lr=0.01", "optimizer.momentum=0", "runtime.precision=fp32"]


def played(words):
    """The game's state after two rounds, and what was measured in each."""
    config = compose([*DESCENT, *words]).config
    for key in config.model.game:
        if str(key).endswith("turns"):
            config.model.game[key] = min(config.model.game[key], FEW_TURNS)
    experiment, records = build(config), []
    with contextlib.closing(experiment.batches()) as batches:
        play(
            experiment.game,
            experiment.optimizers,
            batches,
            [1, 2],
            experiment.seed,
            observers=[lambda number, game, record: records.append(record)],
            share=processes.share if processes.together() else None,
        )
    return experiment.game.state_dict(), records


if __name__ == "__main__":
    torch.set_num_threads(1)
    with processes.joined():
        found = [played(each.split()) for each in sys.argv[2:]]
        if processes.leads():
            torch.save(found, sys.argv[1])
