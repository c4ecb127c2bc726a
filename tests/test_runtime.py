"""Where a run computes, and with whose memory."""

import ctypes
import sys

import pytest
import torch

from ganlab.build import build

PIECE = 5 * 2**20
PIECES = 5
"""Of float32: so many of them are more than glibc ever keeps by itself."""
GLIBC = sys.platform == "linux" and hasattr(ctypes.CDLL(None), "mallopt")


def play_round():
    pieces = [torch.ones(PIECE) for _ in range(PIECES)]
    del pieces


@pytest.mark.skipif(not GLIBC, reason="another allocator")
def test_memory_that_a_round_frees_is_there_for_the_next_one(tiny):
    import resource

    build(tiny())
    for _ in range(3):  # until the heap is as large as it takes
        play_round()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(5):
        play_round()
    pages = PIECES * 4 * PIECE // resource.getpagesize()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before < pages / 10
