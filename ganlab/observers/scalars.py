"""Losses, scores, norms and speed, as lines of a file and as TensorBoard scalars."""

import contextlib
import json
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from tensorboard.compat.proto.summary_pb2 import Summary
from torch import Tensor


class Scalars:
    """Logs every `every` rounds and the `last`; `latest` holds what was logged most recently.

    Images per second counts the real images that were shown, `seen()` so far, since the last log.
    """

    def __init__(
        self, file: Path, writer: Any, every: int, last: int, seen: Callable[[], int]
    ) -> None:
        self.file = open(file, "a", encoding="utf-8")  # noqa: SIM115, closed by close()
        self.writer, self.every, self.last, self.seen = writer, every, last, seen
        self.latest: dict[str, float] = {}
        self.then, self.seen_then = time.perf_counter(), seen()

    def __call__(self, number: int, game: Any, record: dict[str, Tensor]) -> None:
        if number % self.every == 0 or number == self.last:
            self.log(number, read(record))

    def log(self, number: int, values: dict[str, float]) -> None:
        now, seen = time.perf_counter(), self.seen()
        values["images_per_second"] = (seen - self.seen_then) / (now - self.then)
        self.then, self.seen_then = now, seen
        self.latest = values
        finite = {k: v if math.isfinite(v) else None for k, v in values.items()}
        self.file.write(json.dumps({"round": number, "time": time.time()} | finite) + "\n")
        self.file.flush()
        scalars = [Summary.Value(tag=name, simple_value=value) for name, value in values.items()]
        self.writer.file_writer.add_summary(Summary(value=scalars), number)

    def close(self) -> None:
        with contextlib.suppress(OSError):  # what cannot be written was told when it was logged
            self.file.close()


def read(record: dict[str, Tensor]) -> dict[str, float]:
    """The numbers of a record; the device is waited for once."""
    values = torch.stack([value.float() for value in record.values()]).tolist()
    return dict(zip(record, values, strict=True))
