"""No loss to choose."""

from torch import nn


class NoLoss(nn.Module):
    """For games that have an objective of their own."""

    def __init__(self) -> None:
        super().__init__()
