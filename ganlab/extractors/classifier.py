"""The extractor of labelled data: a small network that learns their labels once."""

import contextlib
import hashlib
import io
import json
import logging
import os
import pickle
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

from ganlab.extractors import training
from ganlab.extractors.extractor import Extractor
from ganlab.extractors.network import DIMENSIONS, Network
from ganlab.extractors.training import Columns
from ganlab.files import cache_root, locked, seal, unsealed

CHUNK = 500
log = logging.getLogger("ganlab")


class Classifier(Extractor):
    """A trained network's view of pictures of the shape that it was trained on."""

    resizing = "none"
    dimensions = DIMENSIONS

    def __init__(
        self, dataset: str, network: Network, classes: tuple[str, ...], device: torch.device
    ) -> None:
        self.name, self.classes, self.device = f"{dataset}_classifier", classes, device
        self.sha256 = digest(network)
        self.network = network.eval().requires_grad_(False)
        self.network.to(device).to(memory_format=torch.channels_last)

    @torch.no_grad()
    def __call__(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        with torch.autocast(self.device.type, enabled=False):
            seen = [self.network(part.to(self.device)) for part in pictures.split(CHUNK)]
        features, logits = zip(*seen, strict=True)
        return torch.cat(features).cpu(), torch.cat(logits).cpu()


def digest(network: Network) -> str:
    """The SHA-256 of the bytes of all weights and statistics, in their order."""
    found = hashlib.sha256()
    for tensor in network.state_dict().values():
        found.update(tensor.cpu().contiguous().numpy().tobytes())
    return found.hexdigest()


def obtained(
    dataset: str,
    train: Columns,
    test: Columns | None,
    classes: tuple[str, ...],
    content: str,
    device: torch.device | str,
) -> Classifier:
    """The classifier of a dataset, from the cache or trained now and kept there.

    `train` and `test` hold `data` uint8 (N, C, H, W) and `label` (N,), numbers of `classes`;
    `content` is a digest of the training data. Of two processes one trains and the other waits.
    """
    device, shape = torch.device(device), train["data"].shape[1:]
    path = place(dataset, content, shape, len(classes))
    network = kept(path, shape, len(classes))
    if network is None:
        with waiting(path):
            network = kept(path, shape, len(classes), warn=True)
            if network is None:
                network = made(dataset, train, test, classes, device, path)
    return Classifier(dataset, network, classes, device)


def place(dataset: str, content: str, shape: tuple[int, ...], classes: int) -> Path:
    """Where in the cache the network is that this and the recipe determine."""
    facts = {"version": training.VERSION, "content": content, "shape": shape, "classes": classes}
    key = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:12]
    return cache_root() / "extractors" / f"{dataset}-{key}.pt"


def kept(
    path: Path, shape: tuple[int, int, int], classes: int, warn: bool = False
) -> Network | None:
    """The network in a file; None where there is none, or none that is whole."""
    if (content := unsealed(path)) is not None:
        with contextlib.suppress(RuntimeError, TypeError, pickle.UnpicklingError):  # not ours
            state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
            with torch.device("meta"):  # draws none of the caller's random numbers
                network = Network(shape, classes)
            network.load_state_dict(state, assign=True)
            return network
    if warn and os.path.exists(path):  # where Path.exists raises, the cache may not be entered
        log.warning(f"{path} is damaged; the classifier is trained anew")
    return None


@contextlib.contextmanager
def waiting(path: Path) -> Iterator[None]:
    """Alone at this file, where the cache can be written to and knows locks."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            stack.enter_context(locked(path.with_name(f".{path.name}.lock")))
        yield


def made(
    dataset: str,
    train: Columns,
    test: Columns | None,
    classes: tuple[str, ...],
    device: torch.device,
    path: Path,
) -> Network:
    """A network trained now, and kept in the file if it can be."""
    log.info(
        f"training a classifier of {dataset}, once, to judge samples by: {len(classes)} classes, "
        f"{len(train['data']):,} pictures, about {training.seconds(train):.0f} s"
    )
    start = time.monotonic()
    network = training.trained(train, len(classes), device)
    took = time.monotonic() - start
    where = f"kept in {path}" if keep(path, network) else "not kept"
    told = "training" if test is None else "test"
    share = accuracy(Classifier(dataset, network, classes, device), train if test is None else test)
    log.info(f"it knows {share:.2%} of the {told} pictures; {took:.0f} s, {where}")
    return network


def keep(path: Path, network: Network) -> bool:
    """Whether the network could be written to the file."""
    buffer = io.BytesIO()
    torch.save(network.state_dict(), buffer)
    try:
        seal(path, buffer.getbuffer())
    except OSError as error:
        log.warning(f"{path} cannot be written ({error.strerror}); it will be trained again")
        return False
    return True


def accuracy(classifier: Classifier, columns: Columns) -> float:
    """The share of the pictures that are told by their labels."""
    right, count = 0, len(columns["data"])
    for k in range(0, count, CHUNK):
        _, logits = classifier(torch.from_numpy(columns["data"][k : k + CHUNK].copy()))
        right += int((logits.argmax(1).numpy() == columns["label"][k : k + CHUNK]).sum())
    return right / count
