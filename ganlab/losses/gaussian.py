"""The reconstruction loss of a decoder with Gaussian noise."""

from torch import Tensor, nn


class Gaussian(nn.Module):
    """The negative log-likelihood of N(decoded, deviation^2), without its constant.

    `deviation` > 0 is in the data's units. Kingma & Welling 2013, Auto-Encoding Variational Bayes,
    arXiv:1312.6114, appendix C.2 with a fixed variance.
    """

    def __init__(self, deviation: float):
        super().__init__()
        self.deviation = deviation

    def reconstruction(self, decoded: Tensor, real: Tensor) -> Tensor:
        """(decoded - real)^2 / (2 deviation^2), summed over a sample's dimensions, batch mean."""
        errors = (decoded - real).square().flatten(1).sum(1)
        return errors.mean() / (2 * self.deviation**2)
