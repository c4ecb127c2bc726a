"""The schedule of the first Wasserstein GAN."""

from typing import Any

from ganlab.games.gan import GAN


class WGAN(GAN):
    """A GAN whose critic is trained closer to its optimum early on and every so often.

    The released code gives the critic `thorough_turns` (100) in the first `thorough_rounds` (25)
    and in every `thorough_every`-th (500th) round after them; arXiv 1701.07875, section 4.
    """

    def __init__(
        self, thorough_rounds: int, thorough_every: int, thorough_turns: int, **rest: Any
    ) -> None:
        super().__init__(**rest)
        self.thorough_rounds, self.thorough_every = thorough_rounds, thorough_every
        self.thorough_turns = thorough_turns

    def turns(self, number: int) -> int:
        played = number - 1
        thorough = played < self.thorough_rounds or played % self.thorough_every == 0
        return self.thorough_turns if thorough else self.discriminator_turns
