"""How the classifier is trained: briefly, and always the same."""

import torch
from numpy import ndarray
from torch import Tensor
from torch.nn import functional as F

from ganlab.extractors.network import Network

VERSION = 1
"""Of network and recipe: raise it with every change, and classifiers are trained anew."""
SEED = 0
BATCH = 128
EPOCHS = 3
LEAST_STEPS, MOST_STEPS = 400, 5_000
LEARNING_RATE = 5e-3
RISING = 0.2
"""The share of the steps in which the rate rises."""
SECONDS_PER_VALUE = 7e-8
"""Of training, for each value of each picture that is seen; measured on two cores."""

Columns = dict[str, ndarray]
"""`data` uint8 (N, C, H, W) and `label` (N,), integers."""


def steps(count: int) -> int:
    """How many steps to train with `count` pictures: `EPOCHS` of them within bounds."""
    return min(max(EPOCHS * count // BATCH, LEAST_STEPS), MOST_STEPS)


def seconds(columns: Columns) -> float:
    """About how long training takes."""
    data = columns["data"]
    return steps(len(data)) * BATCH * data[0].size * SECONDS_PER_VALUE


def trained(columns: Columns, classes: int, device: torch.device) -> Network:
    """A network trained to tell the labels apart.

    Adam under one rise and fall of the rate (Smith & Topin 2017, arXiv 1708.07120). Leaves the
    caller's random numbers and modes as they were, and depends on none of them.
    """
    modes = torch.inference_mode(False), torch.enable_grad(), torch.random.fork_rng(devices=[])
    with modes[0], modes[1], modes[2], torch.autocast(device.type, enabled=False):
        torch.default_generator.manual_seed(SEED)  # `torch.manual_seed` reaches all devices
        network = Network(columns["data"].shape[1:], classes)
        network.to(device).to(memory_format=torch.channels_last)  # a third faster on the CPU
        fit(network, columns, device)
    return network


def fit(network: Network, columns: Columns, device: torch.device) -> None:
    """Minimise the cross entropy of the labels."""
    data, count = columns["data"], len(columns["data"])
    labels = torch.from_numpy(columns["label"].astype("int64"))
    optimizer = torch.optim.Adam(network.parameters(), LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, LEARNING_RATE, steps(count), pct_start=RISING
    )
    for rows in batches(count):
        _, logits = network(torch.from_numpy(data[rows.numpy()]).to(device))
        optimizer.zero_grad()
        F.cross_entropy(logits, labels[rows].to(device)).backward()
        optimizer.step()
        schedule.step()


def batches(count: int) -> tuple[Tensor, ...]:
    """The rows of every step: each is seen once before any is seen again."""
    seen = steps(count) * BATCH
    orders = [torch.randperm(count) for _ in range(-(-seen // count))]
    return torch.cat(orders)[:seen].split(BATCH)
