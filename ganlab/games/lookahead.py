"""Steps of an optimizer that are computed and not taken; gradients pass through them."""

import inspect
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.optim import SGD, Adam, Optimizer, RMSprop

from ganlab.errors import ConfigError
from ganlab.processes import Sum, count

Memory = dict[str, Any]
"""What an optimizer remembers, under its own names; of all parameters together, as one vector."""
Rule = Callable[[Tensor, Tensor, Memory, dict[str, Any]], tuple[Tensor, Memory]]
"""From parameters, gradient, memory and settings to the next parameters and memory."""


class Lookahead:
    """Where named parameters would be, had their optimizer taken some more steps: `values`.

    The first starts from what the optimizer remembers, each takes its settings of the moment, and
    all of them are differentiable. Neither parameters nor optimizer change. The parameters are of
    one group; they are moved as one vector, in a few operations.
    """

    def __init__(self, optimizer: Optimizer, parameters: Mapping[str, Tensor]) -> None:
        (self.settings,) = optimizer.param_groups
        self.rule = RULES[inspect.unwrap(type(optimizer))]
        self.shapes = {name: parameter.shape for name, parameter in parameters.items()}
        self.at = joined(parameters.values()).requires_grad_()
        self.memory = remembered(optimizer, list(parameters.values()))

    @property
    def values(self) -> dict[str, Tensor]:
        """The parameters, in their own shapes, after the steps so far."""
        parts = self.at.split([shape.numel() for shape in self.shapes.values()])
        named = zip(self.shapes.items(), parts, strict=True)
        return {name: part.view(shape) for (name, shape), part in named}

    def step(self, loss: Tensor) -> None:
        """Take one more step down a loss of the `values`, the mean of it over all processes."""
        with torch.autocast(loss.device.type, enabled=False):  # it would reach into this backward
            (gradient,) = torch.autograd.grad(loss, self.at, create_graph=True)
            if count() > 1:
                gradient = Sum.apply(gradient) / count()
            self.at, self.memory = self.rule(self.at, gradient, self.memory, self.settings)


def remembered(optimizer: Optimizer, parameters: Sequence[Tensor]) -> Memory:
    """What an optimizer remembers of its parameters; nothing before its first step."""
    states = [optimizer.state.get(parameter, {}) for parameter in parameters]
    shared = {name for name, kept in states[0].items() if name == "step" or kept is None}
    return {
        name: kept if name in shared else joined(state[name] for state in states)
        for name, kept in states[0].items()
    }


def joined(tensors: Iterable[Tensor]) -> Tensor:
    """All of them as one vector, without their graph."""
    return torch.cat([tensor.detach().flatten() for tensor in tensors])


def refuse_unforeseeable(optimizer: Optimizer) -> None:
    """Raise ConfigError for an optimizer whose steps cannot be computed here."""
    if inspect.unwrap(type(optimizer)) not in RULES:
        known = ", ".join(sorted(kind.__name__ for kind in RULES))
        raise ConfigError(
            f"optimizer={type(optimizer).__name__}: this model differentiates through the steps of "
            f"its discriminator, and knows those of {known}; use optimizer=dcgan, rmsprop or sgd"
        )
    for group in optimizer.param_groups:
        for name in UNKNOWN:
            if group.get(name):
                raise ConfigError(
                    f"optimizer.{name}={str(group[name]).lower()}: this model differentiates "
                    "through the steps of its discriminator, and does not know those; use "
                    f"optimizer.{name}=false"
                )


def adam(x: Tensor, gradient: Tensor, memory: Memory, group: dict) -> tuple[Tensor, Memory]:
    """Kingma & Ba 2014, arXiv:1412.6980, algorithm 1."""
    first, second = group["betas"]
    gradient = decayed(gradient, x, group)
    step = memory.get("step", torch.zeros(())) + 1
    mean = first * memory.get("exp_avg", 0.0) + (1 - first) * gradient
    square = second * memory.get("exp_avg_sq", 0.0) + (1 - second) * gradient.square()
    deviation = root(square / filled(second, step)) + group["eps"]
    moved = x - group["lr"] * (mean / filled(first, step)) / deviation
    return moved, {"step": step, "exp_avg": mean, "exp_avg_sq": square}


def rmsprop(x: Tensor, gradient: Tensor, memory: Memory, group: dict) -> tuple[Tensor, Memory]:
    """Divide by the root of a moving mean of squares, then gather momentum."""
    gradient, alpha = decayed(gradient, x, group), group["alpha"]
    square = alpha * memory.get("square_avg", 0.0) + (1 - alpha) * gradient.square()
    move = gradient / (root(square) + group["eps"])
    move = group["momentum"] * memory.get("momentum_buffer", 0.0) + move
    return x - group["lr"] * move, {"square_avg": square, "momentum_buffer": move}


def sgd(x: Tensor, gradient: Tensor, memory: Memory, group: dict) -> tuple[Tensor, Memory]:
    """Momentum as torch has it: the first gradient is not dampened."""
    gradient, momentum = decayed(gradient, x, group), group["momentum"]
    gathered = memory.get("momentum_buffer")
    fresh = gradient if gathered is None else (1 - group["dampening"]) * gradient
    move = fresh if gathered is None else momentum * gathered + fresh
    moved = x - group["lr"] * (gradient + momentum * move if group["nesterov"] else move)
    return moved, {"momentum_buffer": move if momentum else None}


def decayed(gradient: Tensor, x: Tensor, group: dict) -> Tensor:
    """The gradient with that of weight decay."""
    return gradient + group["weight_decay"] * x if group["weight_decay"] else gradient


def filled(beta: float, step: Tensor) -> Tensor:
    """1 - beta^step, how much of a moving mean's weight is on gradients; exact for beta near 1."""
    return -torch.expm1(step * (math.log(beta) if beta else -math.inf))


def root(x: Tensor) -> Tensor:
    """The square root of what is not negative; its slope at 0 is 0, not infinite.

    One parameter that never had a gradient would else turn all of the generator's into NaN.
    """
    positive = x > 0
    return x.where(positive, 1.0).sqrt() * positive


RULES: dict[type[Optimizer], Rule] = {Adam: adam, RMSprop: rmsprop, SGD: sgd}
UNKNOWN = ("amsgrad", "centered", "decoupled_weight_decay", "maximize")
