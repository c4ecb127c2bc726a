"""Steps of an optimizer that are computed and not taken; gradients pass through them."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.optim import SGD, Adam, Optimizer, RMSprop

from ganlab.errors import ConfigError
from ganlab.processes import Sum, count

Memory = dict[str, Any]
"""What an optimizer remembers of one parameter, under the optimizer's own names."""
Rule = Callable[[Tensor, Tensor, Memory, dict[str, Any]], tuple[Tensor, Memory]]
"""From parameter, gradient, memory and settings to the next parameter and memory."""


class Lookahead:
    """Where parameters would be, had their optimizer taken some more steps: `values`, by name.

    The first starts from what the optimizer remembers, each takes its settings of the moment, and
    all of them are differentiable. Neither parameters nor optimizer change.
    """

    def __init__(self, optimizer: Optimizer, parameters: Mapping[str, Tensor]) -> None:
        groups = {moved: group for group in optimizer.param_groups for moved in group["params"]}
        self.rule = RULES[type(optimizer)]
        self.values = dict(parameters)
        self.groups = {name: groups[moved] for name, moved in parameters.items()}
        self.memory = {name: optimizer.state.get(moved, {}) for name, moved in parameters.items()}

    def step(self, loss: Tensor) -> None:
        """Take one more step down a loss of the `values`, the mean of it over all processes."""
        with torch.autocast(loss.device.type, enabled=False):  # it would reach into this backward
            gradients = averaged(
                torch.autograd.grad(
                    loss, list(self.values.values()), create_graph=True, materialize_grads=True
                )
            )
            for name, gradient in zip(self.values, gradients, strict=True):
                self.values[name], self.memory[name] = self.rule(
                    self.values[name], gradient, self.memory[name], self.groups[name]
                )


def averaged(gradients: Sequence[Tensor]) -> Sequence[Tensor]:
    """Their means over all processes, differentiable, in one exchange."""
    if count() == 1:
        return gradients
    flat = Sum.apply(torch.cat([gradient.flatten() for gradient in gradients])) / count()
    parts = flat.split([gradient.numel() for gradient in gradients])
    return [part.view_as(gradient) for part, gradient in zip(parts, gradients, strict=True)]


def refuse_unforeseeable(optimizer: Optimizer) -> None:
    """Raise ConfigError for an optimizer whose steps cannot be computed here."""
    if type(optimizer) not in RULES:
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
                    f"through the steps of its discriminator, and not those; use {name}=false"
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

    A parameter without any gradient would else turn all of the generator's into NaN.
    """
    positive = x > 0
    return x.where(positive, 1.0).sqrt() * positive


RULES: dict[type[Optimizer], Rule] = {Adam: adam, RMSprop: rmsprop, SGD: sgd}
UNKNOWN = ("amsgrad", "centered", "decoupled_weight_decay", "maximize")
