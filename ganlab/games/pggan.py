"""The game of two players that grow."""

from collections.abc import Iterator
from typing import Any, ClassVar

from torch import Tensor, nn
from torch.optim import Optimizer

from ganlab.games.game import Batch, Turn
from ganlab.games.gan import GAN


class PGGAN(GAN):
    """A GAN at the coarsest level for `stable_rounds`, then each finer one in `fade_rounds`.

    Once faded in, a level has as many stable rounds; the finest keeps the rest. Real samples fade
    alike. Optimizers forget their moments where a fade starts and where it ends, as in the released
    code. `drift` times the mean square of the real samples' logits holds those near zero.
    Karras et al. 2018, Progressive Growing of GANs, arXiv:1710.10196, section 2 and appendix A.1.
    """

    asks: ClassVar = {**GAN.asks, "network": ("grow", "used", "faded")}
    generator: Any
    discriminator: Any

    def __init__(self, *, stable_rounds: int, fade_rounds: int, drift: float, **rest: Any) -> None:
        super().__init__(**rest)
        self.stable_rounds, self.fade_rounds, self.drift = stable_rounds, fade_rounds, drift
        self.grow(1)

    def stage(self, number: int) -> tuple[int, float]:
        """The level of a round and how far it is faded in, from 0 in the first of a fade to 1."""
        since_growth = number - 1 - self.stable_rounds
        if since_growth < 0:
            return 0, 1.0
        grown, within = divmod(since_growth, self.fade_rounds + self.stable_rounds)
        if grown >= self.generator.top:
            return self.generator.top, 1.0
        return grown + 1, min(within / self.fade_rounds, 1.0)

    def doubts(self, rounds: int) -> Iterator[str]:
        grown = self.stable_rounds + self.generator.top * (self.fade_rounds + self.stable_rounds)
        if rounds < grown:
            yield (
                f"rounds={rounds} end before the full resolution is there, which takes {grown}; "
                "use more, or fewer model.game.stable_rounds and model.game.fade_rounds"
            )

    def grow(self, number: int) -> bool:
        """Let both be of the size of a round; whether a fade starts or ends with it."""
        before = self.fading()
        for player in (self.generator, self.discriminator):
            player.grow(*self.stage(number))
        return self.fading() != before

    def fading(self) -> tuple[int, bool]:
        """The level, and whether it is being faded in."""
        return self.generator.level, self.generator.fade < 1

    def meet(self, optimizers: dict[str, Optimizer]) -> None:
        """Have the optimizers know all that they will ever move."""
        for player, optimizer in optimizers.items():
            (group,) = optimizer.param_groups
            group["params"] = list(getattr(self, player).parameters())

    def movable(self, player: str) -> list[nn.Parameter]:
        return getattr(self, player).used()

    def round(self, number: int, batches: Iterator[Batch]) -> Iterator[Turn]:
        waiting = set(self.players) if self.grow(number) else set()
        for turn in super().round(number, map(self.faded, batches)):
            turn.fresh = turn.player in waiting
            waiting.discard(turn.player)
            yield turn

    def losses(
        self, real: Batch, fake: Batch, real_logits: Tensor, fake_logits: Tensor
    ) -> dict[str, Tensor]:
        drift = self.drift * real_logits.square().mean()
        return {**super().losses(real, fake, real_logits, fake_logits), "drift": drift}

    def faded(self, batch: Batch) -> Batch:
        """Real samples, as detailed as the players are."""
        return {**batch, "data": self.discriminator.faded(batch["data"])}
