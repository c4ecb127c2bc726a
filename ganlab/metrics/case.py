"""What a metric gets to see: real samples, fake samples, and what is known of the data."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from ganlab.metrics.seen import Seen


@dataclass(frozen=True)
class Mixture:
    """Gaussians of equal weight around `modes` (M, 2), each of standard `deviation`."""

    modes: Tensor
    deviation: float


@dataclass(frozen=True)
class Training:
    """The training pictures, in their order, as features and as they are.

    `features()` yields chunks of (features (n, D), features of the mirror images (n, D));
    `pictures(index)` are the uint8 pictures (k, C, H, W) of some of the `count` rows.
    """

    features: Callable[[], Iterator[tuple[Tensor, Tensor]]]
    pictures: Callable[[Tensor], Tensor]
    count: int


class Case(Protocol):
    """One judgement: everything is made when it is first asked for.

    What cannot be had raises `Impossible` with the reason and the remedy.
    """

    seed: int
    """Of whatever a metric draws: subsets, projections."""

    @property
    def real(self) -> Seen:
        """The real samples that fakes are held against."""

    @property
    def fake(self) -> Seen:
        """The samples that are judged."""

    @property
    def held_out(self) -> Seen:
        """Real samples that were not trained on."""

    @property
    def training(self) -> Training:
        """The pictures that were trained on."""

    @property
    def critic(self) -> Callable[[Tensor], Tensor]:
        """Scores (N,) of samples as they are kept: what the run's discriminator says of them."""

    @property
    def mixture(self) -> Mixture:
        """The density that points are drawn from."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes that the extractor tells apart."""
