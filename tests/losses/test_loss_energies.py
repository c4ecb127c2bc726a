"""Losses of energies: by hand, and the balance that BEGAN keeps."""

import pytest
import torch
from torch.testing import assert_close

from ganlab.losses.began import BEGAN
from ganlab.losses.ebgan import EBGAN

REAL, FAKE = torch.tensor([-0.4, -0.2]), torch.tensor([-0.9, -0.5])  # energies .3 and .7


def test_began_by_hand():
    loss = BEGAN(gamma=0.5, rate=0.001)
    assert loss.k == 0
    assert_close(loss.discriminator(REAL, FAKE).item(), 0.3)
    loss.k.fill_(0.2)
    assert_close(loss.discriminator(REAL, FAKE).item(), 0.3 - 0.2 * 0.7)
    assert_close(loss.generator(FAKE).item(), 0.7)


def test_began_measures_its_convergence():
    loss = BEGAN(gamma=0.5, rate=0.001)
    loss.k.fill_(0.2)
    found = {name: value.item() for name, value in loss.measures(REAL, FAKE).items()}
    assert found == pytest.approx({"balance": 0.2, "surplus": -0.55, "convergence": 0.85})


@pytest.mark.parametrize(
    ("before", "real", "fake", "after"),
    [
        (0.2, -0.4, -0.1, 0.2 + 0.01 * (0.2 - 0.1)),
        (0.2, -0.4, -0.5, 0.2 + 0.01 * (0.2 - 0.5)),
        (0.0, -0.4, -0.5, 0.0),
        (1.0, -0.4, -0.1, 1.0),
    ],
)
def test_the_balance_moves_towards_equilibrium_within_its_bounds(before, real, fake, after):
    loss = BEGAN(gamma=0.5, rate=0.01)
    loss.k.fill_(before)
    loss.after(loss.measures(torch.tensor([real]), torch.tensor([fake])))
    assert_close(loss.k.item(), after)


def test_the_balance_is_kept_in_checkpoints():
    loss, other = BEGAN(0.5, 1.0), BEGAN(0.5, 1.0)
    loss.after(loss.measures(torch.tensor([-1.0]), torch.tensor([-0.2])))
    other.load_state_dict(loss.state_dict())
    assert_close(other.k.item(), 0.3)


def test_a_logged_balance_does_not_move_later():
    loss = BEGAN(0.5, 1.0)
    measures = loss.measures(torch.tensor([-1.0]), torch.tensor([-0.2]))
    loss.after(measures)
    assert measures["balance"] == 0


def test_ebgan_by_hand():
    loss = EBGAN(margin=0.6)
    assert_close(loss.discriminator(REAL, FAKE).item(), 0.3 + (0 + 0.1) / 2)
    assert_close(loss.generator(FAKE).item(), 0.7)


def test_fakes_beyond_the_margin_teach_the_discriminator_nothing():
    fake = FAKE.clone().requires_grad_()
    EBGAN(margin=0.6).discriminator(REAL, fake).backward()
    assert_close(fake.grad, torch.tensor([0.0, 0.5]))
