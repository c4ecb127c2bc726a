"""What an extractor is."""

from abc import ABC, abstractmethod

from torch import Tensor


class Extractor(ABC):
    """Turns pictures into features, of which metrics speak.

    `name` is what names of metrics carry, such as mnist_classifier; `sha256` that of its weights;
    `resizing` says in a few words what happens to a picture before; `classes` names what it tells
    apart; `dimensions` is the length of its features.
    """

    name: str
    sha256: str
    resizing: str
    classes: tuple[str, ...]
    dimensions: int

    @abstractmethod
    def __call__(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Features (N, D) and logits (N, K), float32 on the CPU, of uint8 pictures (N, C, H, W)."""
