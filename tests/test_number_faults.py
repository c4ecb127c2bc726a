"""Faults 30 to 33: numbers that are not finite, parts that do not fit, memory that ends."""

import os
import resource
import sys
from pathlib import Path

import pytest
import torch
from children import TINY, digest, ganlab, last, saved_rounds
from torch import nn

from ganlab import checkpoints
from ganlab.cli import dispatch
from ganlab.engine import Diverged, Guard
from ganlab.games.game import Turn
from ganlab.sampling import draw

WHERE = ["discriminator/loss", "discriminator/penalty", "discriminator/gradient",
         "generator/loss", "generator/gradient"]  # fmt: skip
OFTEN = [*TINY, "rounds=8", "checkpoint_every=2", "log_every=1"]


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def finite(run):
    state = checkpoints.load(run.checkpoints, print)
    return all(t.isfinite().all() for t in state["game"].values())


@pytest.mark.parametrize("where", WHERE)
def test_a_number_that_is_not_finite_stops_the_run_before_it_is_saved(where, capsys):
    assert dispatch(["train", *OFTEN, f"debug.inject_nan=6:{where}"]) == 1
    said = capsys.readouterr().err
    player, _, term = where.partition("/")
    assert "round 6" in said
    assert player in said
    assert term.replace("gradient", "gradient norm is nan") in said
    assert last().facts()["status"] == "diverged"
    assert saved_rounds(last())[-1] == 4
    assert finite(last())


def test_steps_may_be_left_out(capsys):
    assert dispatch(["train", *OFTEN, "debug.inject_nan=6:generator/loss", "on_nan=skip"]) == 0
    assert "1 of the last 6 steps were not finite, left out" in capsys.readouterr().err
    assert last().facts()["status"] == "done"
    assert finite(last())
    assert [m["round"] for m in last().metrics()] == list(range(1, 9))


def test_when_no_step_can_be_taken_any_more_the_run_has_diverged(capsys):
    words = ["optimizer=sgd", "optimizer.lr=1e38", "on_nan=skip"]
    assert dispatch(["train", *OFTEN, *words]) == 1
    assert last().facts()["status"] == "diverged"


def test_a_run_may_go_back_to_its_last_checkpoint(capsys):
    assert dispatch(["train", *OFTEN, "debug.inject_nan=6:generator/loss", "on_nan=rollback"]) == 0
    assert "back to round 4" in capsys.readouterr().err
    assert last().facts()["status"] == "done"
    assert [m["round"] for m in last().metrics()] == list(range(1, 9))
    rolled = digest(last())
    assert dispatch(["train", *OFTEN]) == 0
    assert digest(last()) != rolled


def test_going_back_ends_after_a_few_times(capsys):
    words = ["optimizer=sgd", "optimizer.lr=1e38", "on_nan=rollback"]
    assert dispatch(["train", *OFTEN, *words]) == 1
    assert "(5/5)" in capsys.readouterr().err
    assert last().facts()["status"] == "diverged"


def test_a_run_that_went_back_resumes_to_the_same_bits():
    words = [*OFTEN[:-3], "checkpoint_every=2", "debug.inject_nan=3:generator/loss"]
    assert dispatch(["train", *words, "rounds=8", "on_nan=rollback"]) == 0
    whole = digest(last())
    assert dispatch(["train", *words, "rounds=6", "on_nan=rollback"]) == 0
    assert dispatch(["resume", "last", "rounds=8"]) == 0
    assert digest(last()) == whole


@pytest.mark.parametrize("fused", [True, False], ids=["fused", "plain"])
def test_on_a_device_a_bad_step_is_left_out_without_waiting(fused):
    weight = nn.Parameter(torch.ones(3))
    optimizer = torch.optim.Adam([weight], lr=0.1, fused=fused)
    on_device = Guard()
    turn = Turn("player", {"loss": torch.tensor(1.0)})
    for gradient, moved in ((float("nan"), False), (1.0, True)):
        weight.grad = torch.full((3,), gradient)
        turn.measures["gradient_norm"] = weight.grad.norm()
        on_device.mute(optimizer, [weight.grad], turn)
        optimizer.step()
        assert weight.isfinite().all()
        assert (weight != 1).all() == moved
    with pytest.raises(Diverged, match="1 of the last 2 steps up to round 9"):
        on_device.check(9)
    on_device.check(10)


class Broken(nn.Module):
    def sample(self, n, label=None):
        return torch.full((n, 1, 4, 4), float("nan"))


def test_samples_that_are_not_finite_are_warned_of(caplog):
    import logging

    logging.getLogger("ganlab").propagate = True
    with caplog.at_level("WARNING", "ganlab"):
        draw(Broken(), 5, seed=0)
    assert "5 of 5 samples are not finite" in caplog.text


HUNGRY = """
import torch
from ganlab.networks.mlp import Generator, Discriminator


class Hungry(Generator):
    def forward(self, z):
        if self.training and len(z) > 4:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")
        return super().forward(z)
"""


def test_memory_that_ends_is_told_with_what_takes_less(home):
    (home / "hungry.py").write_text(HUNGRY)
    option = Path("conf/network/hungry.yaml")
    option.parent.mkdir(parents=True)
    mlp = (Path(__file__).parents[1] / "conf" / "network" / "mlp.yaml").read_text()
    option.write_text(mlp.replace("ganlab.networks.mlp.Generator", "hungry.Hungry"))
    done = ganlab("train", *TINY, "network=hungry", "network.width=8", "rounds=2")
    assert done.returncode == 1
    assert "out of memory" in done.stderr
    assert "batch_size=8" in done.stderr
    assert "batch_size=4" in done.stderr
    assert "parameters" in done.stderr
    assert "Traceback" not in done.stderr
    assert last().facts()["status"] == "failed"
    assert ganlab("train", *TINY, "network=hungry", "batch_size=4", "rounds=2").returncode == 0


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS is Linux's")
def test_a_real_lack_of_memory_is_told_as_well():
    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (4 * 2**30, 4 * 2**30))

    words = [*TINY, "dataset=grid", "network.width=2000", "batch_size=300000", "rounds=1"]
    words.remove("dataset.resolution=16")
    done = ganlab("train", *words, preexec_fn=limit, env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert done.returncode == 1, done.stderr
    assert "out of memory: batch_size=300000" in done.stderr
    assert "Traceback" not in done.stderr
    assert last().facts()["status"] == "failed"
