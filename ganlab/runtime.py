"""Where and how a run computes: device, precision, memory format, threads."""

import contextlib
import ctypes
import functools
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from typing import Any

import torch

from ganlab import processes
from ganlab.errors import ConfigError

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""Names of mallopt(3)."""
LARGEST_OFF_HEAP = 32 * 2**20
"""Bytes from which a piece is mapped by itself all the same: glibc takes no more."""


@dataclass(frozen=True)
class Runtime:
    """The resolved settings; written into `run.json` and used again on resume."""

    device: str
    precision: str
    memory_format: str
    threads: int
    resident: bool | str

    def precise(self) -> Callable[[], AbstractContextManager]:
        """The context in which losses are computed: bf16 autocast, or none."""
        if self.precision == "fp32":
            return contextlib.nullcontext
        kind = torch.device(self.device).type
        return functools.partial(torch.autocast, kind, dtype=torch.bfloat16)

    def place(self, module: torch.nn.Module) -> torch.nn.Module:
        """Put a module on the device, in the memory format."""
        formats = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}
        return module.to(self.device).to(memory_format=formats[self.memory_format])

    def facts(self) -> dict[str, Any]:
        return asdict(self)

    def conditions(self) -> dict[str, Any]:
        """On what the exact bits of a run depend, beside its configuration."""
        facts = {k: v for k, v in self.facts().items() if k != "resident"}
        on = {"processes": processes.count(), "torch": torch.__version__}
        return {**facts, **on, "cpu": torch.backends.cpu.get_cpu_capability()}


def resolve(
    device: str,
    precision: str,
    memory_format: str,
    resident: bool | str,
    threads: int | None,
    fastest: dict[str, dict[str, str]],
) -> Runtime:
    """Fill in what is left to `auto` from the table of settings measured per kind of device.

    Raises ConfigError for a device that is not there.
    """
    device = best_device() if device == "auto" else device
    refuse_absent(device)
    measured = fastest[kind_of(device)]
    if threads:
        torch.set_num_threads(threads)
    keep_freed_memory()
    return Runtime(
        device,
        measured["precision"] if precision == "auto" else precision,
        measured["memory_format"] if memory_format == "auto" else memory_format,
        torch.get_num_threads(),
        resident,
    )


def keep_freed_memory() -> None:
    """Have glibc keep what is freed, for every round asks for the same memory again.

    Else it gives large pieces back to the kernel, which hands them out anew zeroed and page by page
    of 4 KiB: 23,000 of them in each round of SNGAN at width 16, a seventh of its time.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt:
        mallopt(M_MMAP_THRESHOLD, LARGEST_OFF_HEAP)
        mallopt(M_TRIM_THRESHOLD, 2**31 - 1)


def best_device() -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def refuse_absent(device: str) -> None:
    present = {
        "cpu": 1,
        "cuda": torch.cuda.device_count(),
        "mps": int(torch.backends.mps.is_available()),
    }
    kind, _, index = device.partition(":")
    if int(index or 0) >= present[kind]:
        raise ConfigError(
            f"runtime.device={device}: this machine has no such device; "
            f"use runtime=auto or runtime.device={best_device()}"
        )


def kind_of(device: str) -> str:
    """The row of the table: the device's type, with `_bf16` where it computes in bfloat16."""
    kind = torch.device(device).type
    if kind == "cpu":
        native = getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)()
    else:
        native = kind == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    return f"{kind}_bf16" if native else kind
