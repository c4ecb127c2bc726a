"""Where the two loops take their pictures from."""

import gzip
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms
from torchvision.datasets import MNIST

PARTS, KINDS = ("train", "t10k"), ("images-idx3", "labels-idx1")


def loaded(raw: Path, side: int, size: int) -> Iterator[list[Tensor]]:
    """Batches of a DataLoader as it comes, over torchvision's MNIST class with transforms.

    scikit-learn's digits where `raw` has no MNIST. Its epochs drop their last, short batch.
    """
    scale = [transforms.ToTensor(), transforms.Normalize(0.5, 0.5)]
    if (raw / "MNIST").is_dir():
        frame = [transforms.Pad((side - 28) // 2)] if side != 28 else []
        data: Dataset = MNIST(str(raw), transform=transforms.Compose([*frame, *scale]))
    else:
        data = Digits(transforms.Compose([transforms.Resize(side), *scale]))
    loader = DataLoader(data, batch_size=size, shuffle=True, drop_last=True)
    while True:
        yield from loader


def gathered(data: Tensor, size: int) -> Iterator[Tensor]:
    """Batches by index from one uint8 tensor on the device, in a new order each epoch."""
    while True:
        order = torch.randperm(len(data), device=data.device)
        for index in order[: len(data) // size * size].split(size):
            yield data.index_select(0, index).float().sub_(127.5).mul_(1 / 127.5)


class Digits(Dataset):
    """scikit-learn's digits, one PIL picture at a time, as torchvision's classes give them."""

    def __init__(self, transform: Callable) -> None:
        from sklearn.datasets import load_digits

        bundled = load_digits()
        self.data = (bundled.images * (255 / 16)).round().astype("uint8")
        self.targets, self.transform = bundled.target, transform

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, k: int) -> tuple[Tensor, int]:
        return self.transform(Image.fromarray(self.data[k])), int(self.targets[k])


def unpack(root: Path, raw: Path) -> bool:
    """Lay MNIST's files, packed or not, from `root` into `raw` for torchvision; False if absent."""
    names = [f"{part}-{kind}-ubyte" for part in PARTS for kind in KINDS]
    found = [next((root / "MNIST/raw").glob(f"{name}*"), None) for name in names]
    if None in found:
        return False
    (raw / "MNIST/raw").mkdir(parents=True)
    for name, file in zip(names, found, strict=True):
        unpacking = gzip.open if file.suffix == ".gz" else open
        with unpacking(file, "rb") as source, open(raw / "MNIST/raw" / name, "wb") as target:
            shutil.copyfileobj(source, target)
    return True
