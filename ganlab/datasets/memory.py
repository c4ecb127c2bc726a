"""How much memory is left for the data."""

import os
from pathlib import Path

import torch

CGROUP = Path("/sys/fs/cgroup")


def fits(size: int, device: torch.device) -> bool:
    """Whether `size` bytes take at most half of what is free on the device."""
    return size <= available(device) // 2


def available(device: torch.device) -> int:
    """Free bytes of the device's memory; a device without its own shares the machine's."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return min(_machine(), _container())


def _machine() -> int:
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, AttributeError, ValueError):
        return 2**31  # a system that does not say: modest


def _container() -> int:
    try:
        limit = int((CGROUP / "memory.max").read_text())
        return max(0, limit - int((CGROUP / "memory.current").read_text()))
    except (OSError, ValueError):
        return 2**63  # no limit
