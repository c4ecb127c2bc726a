"""EfficientNet-B0 (Tan & Le 2019, arXiv:1905.11946) as frozen features: with weights, or random."""

import logging
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval
from torchvision.models import EfficientNet_B0_Weights, efficientnet_b0
from torchvision.ops.misc import Conv2dNormActivation

from ganlab.errors import ConfigError
from ganlab.files import cache_root, sha256

URL = EfficientNet_B0_Weights.IMAGENET1K_V1.url
FILE = URL.rpartition("/")[2]
PREFIX = Path(FILE).stem.rpartition("-")[2]
"""With this the SHA-256 of the published file begins."""
ENDS = (3, 4, 6, 8)
WIDTHS = (24, 40, 112, 320)
"""Where the stages of stride 4, 8, 16 and 32 end in torchvision's layers, and their channels."""
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of the channels of what the published weights were trained on, in [0, 1]."""
log = logging.getLogger("ganlab")


def kept() -> Path:
    """Where ganlab keeps the weights."""
    return cache_root() / "extractors" / FILE


def found() -> Path | None:
    """The published weights in ganlab's cache or torch's, if they are there and whole."""
    for place in (kept(), Path(torch.hub.get_dir()) / "checkpoints" / FILE):
        if place.is_file():
            if sha256(place).startswith(PREFIX):
                return place
            log.warning(f"{place} is damaged, and not used")
    return None


def stages(place: Path | None) -> list[nn.Sequential]:
    """The four stages, frozen, of the weights at a place, else of weights drawn at random.

    They see normalised pictures (N, 3, H, W). Raises ConfigError.
    """
    network = efficientnet_b0()
    layers = network.features[: ENDS[-1]]
    if place:
        fill(network, place)
    else:
        normalise_each(layers)
    layers.eval().requires_grad_(False)
    fuse(layers)
    return [layers[first:end] for first, end in zip((0, *ENDS), ENDS, strict=False)]


def fill(network: nn.Module, place: Path) -> None:
    """Take over weights as torchvision publishes them. Raises ConfigError where there are none."""
    try:
        network.load_state_dict(torch.load(place, map_location="cpu", weights_only=True))
    except Exception as error:  # a foreign file can make torch raise anything
        raise ConfigError(
            f"network.weights={place}: it holds no weights of torchvision's efficientnet_b0; "
            f"put {FILE} there (published at {URL}), or use network.weights=null"
        ) from error


def normalise_each(layers: Any) -> None:
    """Let random layers, but for the first, normalise each picture's maps by themselves.

    By the statistics that such norms begin with next to nothing would pass, and by those of any
    other pictures a few would drown the rest. The first keeps contrast and brightness apart.
    """
    for block in layers[1:].modules():
        if isinstance(block, Conv2dNormActivation):
            block[1] = nn.GroupNorm(1, block[0].out_channels)


def fuse(layers: nn.Module) -> None:
    """Make one layer of each convolution and its norm, whose statistics no longer move."""
    for block in layers.modules():
        if isinstance(block, Conv2dNormActivation) and isinstance(block[1], nn.BatchNorm2d):
            block[0], block[1] = fuse_conv_bn_eval(block[0], block[1]), nn.Identity()
