"""Constructed histories, the alarms as they are shipped, and what they say of a real run."""

import functools
import re

import pytest

import ganlab
from ganlab.compose import compose
from ganlab.making import make

SMALL = ("runtime=cpu", "runtime.precision=fp32", "network.width=8", "batch_size=8", "keep=1")
QUIET = ("metrics=none", "progress=none", "sample_every=1000000", "checkpoint_every=1000000")
OFTEN = ("log_every=5", "health.every=20", "health.samples=128")


@pytest.fixture(scope="session")
def shipped():
    """The alarms with the thresholds of `health=standard`, by name."""
    nodes = compose([]).config.health.alarms
    return {name: make(node, name) for name, node in nodes.items()}


@functools.cache
def spoken(output, words):
    run = ganlab.train(*SMALL, *QUIET, *OFTEN, f"output={output}", *words)
    return re.findall(r"WARNING (round \d+: .*)", run.log_file.read_text())


@pytest.fixture
def heard(tmp_path):
    """All that the monitor says of a short run of the given words; it looks often."""
    return lambda *words: spoken(tmp_path, words)
