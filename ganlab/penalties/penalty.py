"""What a penalty offers a game, and the gradients that most penalties are made of."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar, Protocol

import torch
from torch import Tensor, nn

from ganlab.draws import uniform


class Critic(Protocol):
    """The discriminator as it judges a batch: by its labels, behind the augmentation."""

    def __call__(self, x: Tensor) -> Tensor: ...

    def features(self, x: Tensor) -> Tensor: ...


class Penalty(nn.Module, ABC):
    """A term that is added to the discriminator's loss.

    With `every` > 1 it is lazy: due in the rounds 1, 1 + every, ..., and then that much stronger
    (Karras et al. 2020, arXiv:1912.04958, section 3.1).
    """

    needs: ClassVar[tuple[str, ...]] = ()
    """Which of "real" and "fake" must require gradients before their logits are computed."""
    slopes: ClassVar[bool] = True
    """Whether the term is made of the gradient at each sample."""
    dropout: ClassVar[bool] = False
    """Whether it compares passes of different dropout, which the discriminator then must have."""

    def __init__(self, every: int = 1) -> None:
        super().__init__()
        self.every, self.due = every, True

    def begin(self, number: int) -> None:
        """Called as round `number` begins."""
        self.due = (number - 1) % self.every == 0

    def needs_gradients(self, side: str) -> bool:
        """Whether "real" or "fake" data must require gradients now."""
        return self.due and side in self.needs

    def term(
        self,
        critic: Critic,
        real: Tensor,
        fake: Tensor,
        real_logits: Tensor,
        fake_logits: Tensor,
    ) -> Tensor:
        """What is added to the loss in this round, a scalar."""
        if not self.due:
            return real_logits.new_zeros(())
        return self.every * self(critic, real, fake, real_logits, fake_logits)

    @abstractmethod
    def forward(
        self,
        critic: Critic,
        real: Tensor,
        fake: Tensor,
        real_logits: Tensor,
        fake_logits: Tensor,
    ) -> Tensor:
        """The scalar to add, weight included.

        `real` and `fake` are data (N, ...) of the same shape, `fake` detached from its generator;
        the logits are the critic's of each, in full precision for the inputs named in `needs`.
        """

    def after(self, discriminator: nn.Module) -> None:
        """Called once the discriminator has moved; by default nothing happens."""


def input_gradients(logits: Tensor, inputs: Tensor) -> Tensor:
    """Each sample's gradient of its logit, all its dimensions flat: (N, D), differentiable."""
    # Autocast would reach into this backward pass too, whatever the logits were computed in.
    with torch.autocast(inputs.device.type, enabled=False):
        (gradients,) = torch.autograd.grad(logits.sum(), inputs, create_graph=True)
    return gradients.flatten(1)


def gradient_norms(discriminator: Callable[[Tensor], Tensor], points: Tensor) -> Tensor:
    """The norm (N,) of the discriminator's gradient at each of `points`, in full precision."""
    full = torch.promote_types(points.dtype, torch.float32)
    points = points.detach().to(full).requires_grad_()
    with torch.autocast(points.device.type, enabled=False):
        gradients = input_gradients(discriminator(points), points)
    # Unlike the root of a sum, vector_norm has a finite derivative (zero) at zero.
    return torch.linalg.vector_norm(gradients, dim=1)


def uniform_per_sample(batch: Tensor) -> Tensor:
    """One draw from U[0, 1) for each sample of `batch`, of shape (N, 1, ...) to broadcast."""
    return uniform(batch, *[1] * (batch.dim() - 1))


def between(real: Tensor, fake: Tensor) -> Tensor:
    """One point on the line from each real sample to its fake partner, uniformly placed."""
    return real + uniform_per_sample(real) * (fake - real)
