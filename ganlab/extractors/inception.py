"""The extractor that the field compares by: Inception v3 (Szegedy 2015, arXiv 1512.00567)."""

import hashlib
import io
import logging
from pathlib import Path

import torch
from torch import Tensor
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

from ganlab.extractors.extractor import Extractor
from ganlab.extractors.weights import SHA256, downloaded, found, refusal

CHUNK = 50
log = logging.getLogger("ganlab")


class Inception(Extractor):
    """Pool features and the logits without their bias, as torch-fidelity computes them.

    Grey pictures are repeated to three channels.
    """

    name = "inception"
    resizing = "bilinear to 299x299 as TensorFlow 1"
    dimensions = 2048
    classes = tuple(map(str, range(1008)))

    def __init__(
        self, network: FeatureExtractorInceptionV3, digest: str, device: torch.device
    ) -> None:
        self.network, self.sha256, self.device = network.to(device), digest, device

    @torch.no_grad()
    def __call__(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        with torch.autocast(self.device.type, enabled=False):
            seen = [self.network(in_colour(p).to(self.device)) for p in pictures.split(CHUNK)]
        features, logits = zip(*seen, strict=True)
        return torch.cat(features).cpu(), torch.cat(logits).cpu()


def in_colour(pictures: Tensor) -> Tensor:
    """Grey pictures (N, 1, H, W) as (N, 3, H, W); others as they are."""
    return pictures.expand(-1, 3, -1, -1) if pictures.shape[1] == 1 else pictures


def obtained(path: str | None, device: torch.device | str, offline: bool | str) -> Inception:
    """Inception with the weights at `path`, else the field's, downloaded unless `offline`.

    `offline` may be the reason. Raises `DataError` where there are none to be had, or bad ones.
    """
    place = Path(path).expanduser() if path else found() or downloaded(offline)
    try:
        weights = place.read_bytes()
    except OSError as error:
        raise refusal(f"{place} cannot be read ({error.strerror})") from error
    try:
        digest = hashlib.sha256(weights).hexdigest()
        network = loaded(weights, trusted=digest == SHA256)
    except Exception as error:  # a foreign file can make torch raise anything
        raise refusal(f"{place} holds no weights of Inception") from error
    if digest != SHA256:
        log.warning(f"{place} is not the field's file; its numbers compare with no one else's")
    return Inception(network, digest, torch.device(device))


def loaded(weights: bytes, trusted: bool) -> FeatureExtractorInceptionV3:
    """The network with these weights; torch-fidelity would load all that is pickled in them.

    Therefore those that are not `trusted` must first load as mere tensors; raises where they do
    not, or are not of this network.
    """
    source = io.BytesIO(weights)
    if not trusted:
        tensors = torch.load(source, map_location="cpu", weights_only=True)
        source = io.BytesIO()
        torch.save(tensors, source)
        source.seek(0)
    with torch.random.fork_rng(devices=[]):
        return FeatureExtractorInceptionV3(
            "inception-v3-compat",
            ["2048", "logits_unbiased"],
            feature_extractor_weights_path=source,
        )
