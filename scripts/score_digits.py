"""How readable are samples of MNIST? A classifier's confidence, and the entropy of its classes.

    ganlab sample last n=10000 format=npz out=samples.npz
    python scripts/score_digits.py samples.npz

A small convolutional network is trained on MNIST's training split (about two minutes on two CPU
cores, at least 99% right on the test split, which is printed too). A sample counts as readable when
the probability of its likeliest class is above .9; the entropy is that of the classes predicted
for all samples, 2.303 nats at most. Real test pictures give about 97% and 2.30.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganlab.compose import compose
from ganlab.making import make

EPOCHS = 4
BATCH = 128
CONFIDENT = 0.9


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("samples", type=Path, help="an .npz with `images`, uint8 (N, 32, 32, 1)")
    images = np.load(parser.parse_args().samples)["images"]
    if images.shape[1:] != (32, 32, 1):
        raise SystemExit(f"samples of {images.shape[1:]}: this judges MNIST at 32x32x1")
    dataset = make(compose(["dataset=mnist"]).config.dataset, "dataset")
    network = trained(dataset)
    test = dataset.arrays("test")
    answers = probabilities(network, as_input(test["data"]))
    right = (answers.argmax(1) == torch.from_numpy(test["label"].astype(np.int64))).float().mean()
    print(f"the classifier is right on {right:.2%} of {len(answers)} test pictures")
    print(f"test pictures: {judged(answers)}")
    pictures = torch.from_numpy(images).permute(0, 3, 1, 2)
    print(f"samples:       {judged(probabilities(network, as_input(pictures.numpy())))}")


def trained(dataset) -> nn.Module:
    """The classifier after `EPOCHS` epochs of Adam, the rate falling to zero."""
    torch.manual_seed(0)
    network = classifier()
    steps = EPOCHS * dataset.spec.count // BATCH
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    decay = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.01, steps)
    batches = dataset.batches(BATCH, seed=0, device="cpu", resident=True)
    for _ in range(steps):
        batch = next(batches)
        F.cross_entropy(network(batch["data"]), batch["label"]).backward()
        optimizer.step()
        optimizer.zero_grad()
        decay.step()
    return network.eval()


def classifier() -> nn.Module:
    """Four convolutions, two of which halve the picture, and two linear layers."""
    return nn.Sequential(
        *block(1, 32, 1), *block(32, 32, 2), *block(32, 64, 1), *block(64, 64, 2),
        nn.Flatten(), nn.Dropout(0.3), nn.Linear(64 * 64, 128), nn.ReLU(), nn.Linear(128, 10),
    )  # fmt: skip


def block(inputs: int, width: int, stride: int) -> list[nn.Module]:
    convolution = nn.Conv2d(inputs, width, 3, stride, padding=1)
    return [convolution, nn.BatchNorm2d(width), nn.ReLU()]


def as_input(pictures: np.ndarray) -> Tensor:
    """uint8 pictures as float32 in [-1, 1]."""
    return torch.from_numpy(pictures.astype(np.float32)).div_(127.5).sub_(1)


@torch.no_grad()
def probabilities(network: nn.Module, pictures: Tensor) -> Tensor:
    return torch.cat([network(part).softmax(1) for part in pictures.split(500)])


def judged(answers: Tensor) -> str:
    """The share of confident answers, and the entropy of the predicted classes in nats."""
    confident = (answers.max(1).values > CONFIDENT).float().mean()
    shares = torch.bincount(answers.argmax(1), minlength=10) / len(answers)
    return f"{confident:.1%} confident, class entropy {torch.special.entr(shares).sum():.3f} nats"


if __name__ == "__main__":
    main()
