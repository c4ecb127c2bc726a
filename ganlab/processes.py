"""Several processes that play one run, each with its rows of every batch (`torchrun`)."""

import contextlib
import contextvars
import datetime
import importlib
import os
from collections.abc import Iterator
from typing import Any, TypeVar

import torch
from torch import Tensor, distributed, nn
from torch.nn.modules.batchnorm import _BatchNorm

PATIENCE = datetime.timedelta(minutes=10)
Rows = TypeVar("Rows", bound=Any)
ALONE = contextvars.ContextVar("ALONE", default=False)


def together() -> bool:
    """Whether this process plays with others."""
    return not ALONE.get() and distributed.is_available() and distributed.is_initialized()


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Inside, this process computes as if there were no others: they do not take part in it."""
    before = ALONE.set(True)
    try:
        yield
    finally:
        ALONE.reset(before)


def count() -> int:
    return distributed.get_world_size() if together() else 1


def leads() -> bool:
    """Whether this process is the one that writes and speaks."""
    return not together() or distributed.get_rank() == 0


@contextlib.contextmanager
def joined() -> Iterator[None]:
    """Inside, this process plays with the others that `torchrun` started, if it did."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield
        return
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    # Its functions have the group of the moment as a default: imported later, by an optimizer, they
    # would keep it alive to the end of the interpreter, which its threads do not always survive.
    importlib.import_module("torch.distributed.nn.functional")
    backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
    distributed.init_process_group(backend, timeout=PATIENCE)
    try:
        yield
    finally:
        distributed.destroy_process_group()


def whole(n: int) -> int:
    """The rows of all processes, where each has `n`."""
    return n * count()


def mine(rows: Rows) -> Rows:
    """This process's rows of a whole batch, array or tensor."""
    if not together():
        return rows
    share = len(rows) // count()
    return rows[distributed.get_rank() * share :][:share]


def gathered(rows: Tensor) -> Tensor:
    """The rows of all processes, without gradients."""
    if not together():
        return rows
    parts = [torch.empty_like(rows) for _ in range(count())]
    distributed.all_gather(parts, rows.detach().contiguous())
    return torch.cat(parts)


def share(tensors: list[Tensor]) -> None:
    """Replace tensors by their mean over all processes, in one exchange."""
    flat = torch.cat([tensor.reshape(-1) for tensor in tensors])
    distributed.all_reduce(flat)
    flat /= count()
    parts = flat.split([tensor.numel() for tensor in tensors])
    for tensor, part in zip(tensors, parts, strict=True):
        tensor.copy_(part.view(tensor.shape))


def told(thing: Any) -> Any:
    """What the leading process has, in all of them."""
    box = [thing]
    if together():
        distributed.broadcast_object_list(box)
    return box[0]


def largest(*numbers: int) -> tuple[int, ...]:
    """The largest that any process has, of each number."""
    if not together():
        return numbers
    found = torch.tensor(numbers)
    distributed.all_reduce(found, distributed.ReduceOp.MAX)
    return tuple(found.tolist())


class Sum(torch.autograd.Function):
    """The sum over all processes; every process's share of the gradient is summed likewise."""

    @staticmethod
    def forward(ctx: Any, term: Tensor) -> Tensor:
        total = term.clone()
        if together():
            distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return Sum.apply(gradient)


def joined_rows(rows: Tensor) -> Tensor:
    """The rows of all processes, differentiable: gradients come back to each one's own."""
    if not together():
        return rows
    everyones = rows.new_zeros(whole(len(rows)), *rows.shape[1:])
    mine(everyones).copy_(rows)
    return Sum.apply(everyones)


class SharedBatchNorm(_BatchNorm):
    """Batch normalisation by the statistics of the whole batch, on any device.

    torch's own is bound to GPUs, and cannot be differentiated twice, as a discriminator under a
    gradient penalty is.
    """

    def _check_input_dim(self, input: Tensor) -> None:
        """Of any rank."""

    def forward(self, input: Tensor) -> Tensor:
        if not self.training:
            return super().forward(input)
        x = input.to(torch.promote_types(input.dtype, torch.float32))
        over, size = [0, *range(2, x.dim())], [1, -1, *[1] * (x.dim() - 2)]
        if (n := whole(x.numel() // x.shape[1])) == 1:
            raise ValueError("batch normalisation needs more than one value a channel")
        mean = Sum.apply(x.mean(over)) / count()
        centred = x - mean.view(size)
        variance = Sum.apply(centred.square().mean(over)) / count()
        self.remember(mean.detach(), variance.detach() * (n / (n - 1)))
        scaled = centred * (variance + self.eps).rsqrt().view(size)
        if self.affine:
            scaled = scaled * self.weight.view(size) + self.bias.view(size)
        return scaled.to(input.dtype)

    @torch.no_grad()
    def remember(self, mean: Tensor, variance: Tensor) -> None:
        """Move the running statistics, the variance without bias, as torch does."""
        if self.running_mean is None or self.running_var is None:
            return
        assert self.num_batches_tracked is not None
        self.num_batches_tracked.add_(1)
        moved = 1 / int(self.num_batches_tracked) if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean.to(self.running_mean.dtype), moved)
        self.running_var.lerp_(variance.to(self.running_var.dtype), moved)


def share_batch_norms(module: nn.Module) -> None:
    """Let batch normalisations see the whole batch; weights and their names stay."""
    for part in module.modules():
        if isinstance(part, _BatchNorm):
            part.__class__ = SharedBatchNorm
