"""Points of the plane from a mixture of Gaussians, drawn without end."""

import hashlib

import numpy as np
import torch
from torch import Tensor

from ganlab.datasets.dataset import Dataset, Report
from ganlab.datasets.order import Purpose, random
from ganlab.datasets.spec import Spec
from ganlab.errors import DataError
from ganlab.processes import mine


class Mixture(Dataset):
    """Gaussians of equal weight around `modes` (M, 2), each of standard `deviation`.

    The label of a point is the number of its mode.
    """

    splits = ()

    def __init__(self, name: str, modes: Tensor, deviation: float):
        self.modes, self.deviation = modes, deviation
        self._name = name

    @property
    def spec(self) -> Spec:
        classes = tuple(str(k) for k in range(len(self.modes)))
        return Spec(self._name, (2,), None, classes, ("data", "label"))

    @property
    def frequencies(self) -> np.ndarray:
        return np.full(len(self.modes), 1 / len(self.modes), np.float32)

    @property
    def prepared(self) -> bool:
        return True

    @property
    def content(self) -> str:
        told = self.modes.numpy().tobytes() + np.float64(self.deviation).tobytes()
        return hashlib.sha256(told).hexdigest()[:12]

    def prepare(self, report: Report | None = None) -> None:
        """Nothing to do: points are drawn, not stored."""

    def batches(
        self, batch_size: int, seed: int, device: torch.device | str, resident: bool | str
    ) -> "PointBatches":
        return PointBatches(self, batch_size, seed, torch.device(device))

    def drawn(self, count: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Points, float32 (count, 2), and the numbers of their modes."""
        label = generator.integers(len(self.modes), size=count)
        noise = generator.standard_normal((count, 2), dtype=np.float32)
        return self.modes.numpy()[label] + np.float32(self.deviation) * noise, label

    def arrays(self, split: str) -> dict[str, np.ndarray]:
        raise DataError(f"{self._name} is drawn without end and has no split {split!r}.")

    def describe(self) -> dict[str, str]:
        return {"raw": "drawn from (seed, batch number)", "modes": str(len(self.modes))}


class PointBatches:
    """Batch k is drawn from (seed, k) alone; set `consumed` to go on from another place."""

    def __init__(self, mixture: Mixture, batch_size: int, seed: int, device: torch.device):
        self.consumed = 0
        self._mixture, self._batch_size = mixture, batch_size
        self._seed, self._device = seed, device

    def __iter__(self) -> "PointBatches":
        return self

    def __next__(self) -> dict[str, Tensor]:
        generator = random(self._seed, Purpose.POINTS, self.consumed)
        data, label = self._mixture.drawn(self._batch_size, generator)
        self.consumed += 1
        return {
            "data": torch.from_numpy(mine(data)).to(self._device),
            "label": torch.from_numpy(mine(label)).to(self._device),
        }

    def close(self) -> None:
        """Nothing to let go of."""
