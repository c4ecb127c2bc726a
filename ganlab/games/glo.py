"""Generative latent optimisation: a game of a generator and the codes of what it draws."""

from collections.abc import Iterator
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from ganlab.games.game import Batch, Game, Turn
from ganlab.processes import gathered, mine


class GLO(Game):
    """Each training sample has a learnt code in the unit ball, from which it is to be drawn.

    The codes of a batch move first, then the generator. Samples come from the Gaussian that the
    codes are like. `count` is how many training samples there are, `batch_size` that of all
    processes. Bojanowski et al. 2017, arXiv 1707.05776, section 2.
    """

    players = ("codes", "generator")
    asks: ClassVar = {"loss": ("reconstruction",)}
    numbered = True
    codes: "Codes"

    def __init__(
        self,
        network: Any,
        shape: tuple[int, ...],
        loss: nn.Module,
        prior: Any,
        count: int,
        batch_size: int,
    ) -> None:
        super().__init__()
        self.generator = network.generator(prior.dim, shape)
        self.codes = Codes(prior(count, "cpu"), batch_size)
        self.loss = loss

    @property
    def prior(self) -> "Codes":
        """Where codes of samples come from, once the given prior has drawn the first ones."""
        return self.codes

    def round(self, number: int, batches: Iterator[Batch]) -> Iterator[Turn]:
        real = next(batches)
        index = gathered(real["index"])
        self.codes.take(index)
        # What an optimizer remembers of these rows is of other samples.
        yield Turn("codes", {"loss": self.reconstruction(real)}, fresh=True)
        self.codes.put(index)
        yield Turn("generator", {"loss": self.reconstruction(real)})

    def reconstruction(self, real: Batch) -> Tensor:
        """How far samples are from what their codes become."""
        return self.loss.reconstruction(self.decode(mine(self.codes.batch)), real["data"])


class Codes(nn.Module):
    """The codes of all training samples, `table` (count, dim), and those that move, `batch`.

    All processes have the codes of the whole batch, and so the same table.
    """

    table: Tensor

    def __init__(self, table: Tensor, batch_size: int) -> None:
        super().__init__()
        self.dim = table.shape[1]
        self.register_buffer("table", in_ball(table))
        self.batch = nn.Parameter(torch.zeros(batch_size, self.dim))

    @torch.no_grad()
    def take(self, index: Tensor) -> None:
        """Let the codes of the samples so numbered (batch_size,) move."""
        self.batch.copy_(self.table[index])

    @torch.no_grad()
    def put(self, index: Tensor) -> None:
        """Project what has moved onto the unit ball, and keep it."""
        self.batch.copy_(in_ball(self.batch))
        self.table.index_copy_(0, index, self.batch)

    def forward(self, n: int, device: torch.device | str) -> Tensor:
        """Draw (n, dim) from the Gaussian of the codes' mean and full covariance."""
        table = self.table.to(device)
        with torch.autocast(table.device.type, enabled=False):
            # Unlike Cholesky's, this root is there for fewer samples than dimensions too.
            variances, axes = torch.linalg.eigh(torch.cov(table.T))
            noise = torch.randn(n, self.dim, device=device) * variances.clamp(min=0).sqrt()
            return table.mean(0) + noise @ axes.T

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        super()._save_to_state_dict(destination, prefix, keep_vars)
        del destination[f"{prefix}batch"]  # taken from the table in each round

    def _load_from_state_dict(self, state_dict: Any, prefix: str, *rest: Any) -> None:
        super()._load_from_state_dict({**state_dict, f"{prefix}batch": self.batch}, prefix, *rest)


def in_ball(codes: Tensor) -> Tensor:
    """The nearest points of the unit ball."""
    return codes / codes.norm(dim=1, keepdim=True).clamp(min=1)
