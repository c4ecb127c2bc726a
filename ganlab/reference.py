"""Real data as samples are held against them: looked at once, and kept in the cache by content."""

import contextlib
import hashlib
import io
import json
import logging
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ganlab.datasets.dataset import Dataset
from ganlab.datasets.points import Mixture
from ganlab.extractors.extractor import Extractor
from ganlab.files import cache_root, seal, unsealed
from ganlab.metrics.case import Training
from ganlab.metrics.metric import Impossible
from ganlab.metrics.seen import MOST_KEPT, Seen, restored, see, shuffled

VERSION = 1
"""Of what is kept: raise it with every change of how it is computed."""
CHUNK = 500
SEED = 0
FEATURES = ("features.npy", "mirrored.npy")
log = logging.getLogger("ganlab")


class Reference:
    """The real side of every judgement of a dataset's samples."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset

    def points(self, count: int) -> Seen:
        """Points drawn from the data's own density, not those trained on. Raises `Impossible`."""
        if not isinstance(self.dataset, Mixture):
            raise Impossible(f"{self.dataset.spec.name} does not say where its points come from")
        points, _ = self.dataset.drawn(count, np.random.default_rng(SEED))
        return see([torch.from_numpy(points)], count)

    def pictures(self, split: str, wish: int | None, extractor: Extractor | None) -> Seen:
        """`wish` random pictures of a split, or all, always the same. Raises `Impossible`."""
        if split not in self.dataset.splits:
            raise Impossible("there are no held-out pictures; dataset.held_out=0.1 would make some")
        array = self.dataset.arrays(split)["data"]
        rows = chosen(len(array), wish)
        kept = torch.from_numpy(array[rows[shuffled(len(rows))[:MOST_KEPT].numpy()]])
        if extractor is None:
            return Seen(len(rows), kept)
        file = self.place(extractor, split=split, count=len(rows)).with_suffix(".pt")
        if (state := load(file)) is not None:
            return restored(state, kept)
        log.info(f"looking at {len(rows):,} real pictures through {extractor.name}, once")
        seen = see(chunks(array, rows), len(rows), extractor)
        save(file, seen.state())
        return seen

    def training(self, extractor: Extractor | None) -> Training:
        """The training pictures and, where there is an extractor, their features."""
        array = self.dataset.arrays("train")["data"]

        def features() -> Iterator[tuple[Tensor, Tensor]]:
            if extractor is None:
                raise Impossible("nothing looks at the training pictures")
            both = self.remembered(array, extractor)
            for first in range(0, len(array), CHUNK):
                plain, mirrored = (torch.from_numpy(f[first : first + CHUNK].copy()) for f in both)
                yield plain, mirrored

        return Training(features, lambda index: torch.from_numpy(array[index.numpy()]), len(array))

    def remembered(self, array: np.ndarray, extractor: Extractor) -> list[np.ndarray]:
        """The features of the training pictures and of their mirror images, as memory maps.

        Raises `Impossible` where they cannot be kept.
        """
        directory = self.place(extractor, split="train", mirrored=True)
        if not directory.exists():
            log.info(f"looking at {len(array):,} training pictures and their mirror images, once")
            try:
                remember(directory, array, extractor)
            except OSError as error:
                raise Impossible(f"{directory} cannot be written ({error.strerror})") from error
        return [np.load(directory / name, mmap_mode="r") for name in FEATURES]

    def place(self, extractor: Extractor, **what: Any) -> Path:
        """Where in the cache something of this dataset is kept."""
        content = self.dataset.digest(what["split"])
        facts = {"version": VERSION, "content": content, "extractor": extractor.sha256, **what}
        key = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:12]
        return cache_root() / "references" / f"{self.dataset.spec.name}-{key}"


def chosen(there: int, wish: int | None) -> np.ndarray:
    """The rows of `wish` random samples of those that are there, or of all, in their order."""
    return np.sort(np.random.default_rng(SEED).permutation(there)[:wish])


def chunks(array: np.ndarray, rows: np.ndarray) -> Iterator[Tensor]:
    """Pictures of an array, some at a time."""
    for first in range(0, len(rows), CHUNK):
        yield torch.from_numpy(np.take(array, rows[first : first + CHUNK], axis=0))


def remember(directory: Path, array: np.ndarray, extractor: Extractor) -> None:
    """Write the features of all pictures and of their mirror images, each into a file."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    shape = (len(array), extractor.dimensions)
    scratch = Path(tempfile.mkdtemp(prefix=f".{directory.name}.", dir=directory.parent))
    facts = {"descr": "<f4", "fortran_order": False, "shape": shape}
    try:
        with contextlib.ExitStack() as stack:
            both = [stack.enter_context(open(scratch / name, "wb")) for name in FEATURES]
            for file in both:
                np.lib.format.write_array_header_1_0(file, facts)
            for pictures in chunks(array, np.arange(len(array))):
                for file, seen in zip(both, (pictures, pictures.flip(-1)), strict=True):
                    file.write(extractor(seen)[0].numpy().astype("<f4").tobytes())
        with contextlib.suppress(OSError):  # another process was first
            scratch.rename(directory)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def save(file: Path, state: dict[str, Any]) -> None:
    """Keep what was seen; where it cannot be kept it will be looked at again."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        seal(file, buffer.getbuffer())
    except OSError as error:
        log.warning(f"{file} cannot be written ({error.strerror}); it is computed each time")


def load(file: Path) -> dict[str, Any] | None:
    """What was kept; None where there is nothing, or something that is not whole."""
    content = unsealed(file)
    return None if content is None else torch.load(io.BytesIO(content), weights_only=True)
