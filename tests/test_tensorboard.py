"""What a live TensorBoard serves of several runs."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from ganlab.cli import dispatch

TINY = ["network=mlp", "network.width=8", "batch_size=8", "rounds=4", "log_every=2", "metrics=swd"]


@pytest.fixture(scope="module")
def board(tmp_path_factory):
    """The address of `ganlab tensorboard` over the two runs of a sweep."""
    home = tmp_path_factory.mktemp("board")
    before = os.getcwd()
    os.chdir(home)
    assert dispatch(["train", "-m", "model=wgan_gp", *TINY, "optimizer.lr=1e-4,2e-4"]) == 0
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "ganlab", "tensorboard", "--port", str(port)]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               start_new_session=True)  # fmt: skip
    yield f"http://localhost:{port}/data/"
    os.killpg(process.pid, signal.SIGINT)
    process.wait(timeout=20)
    os.chdir(before)


def ask(address, query=None, patience=60):
    """The answer, once the server is up and has read the runs."""
    body = None if query is None else json.dumps(query).encode()
    request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
    end = time.monotonic() + patience
    while True:
        try:
            answer = json.load(urllib.request.urlopen(request, timeout=10))
            if answer and (query is None or len(answer.get("hparamInfos", [1, 2])) > 1):
                return answer
        except urllib.error.URLError:
            pass
        assert time.monotonic() < end, "TensorBoard did not answer"
        time.sleep(0.5)


@pytest.mark.slow
def test_there_is_one_run_per_run(board):
    runs = ask(board + "runs")
    assert len(runs) == 2
    assert all("lr_0.000" in run and len(run) <= 55 for run in runs)


@pytest.mark.slow
def test_hparams_compares_the_runs_by_setting_and_measure(board):
    experiment = ask(board + "plugin/hparams/experiment", {})
    differing = {info["name"] for info in experiment["hparamInfos"] if info.get("differs")}
    assert differing == {"optimizer.lr"}
    query = {
        "allowedStatuses": ["STATUS_SUCCESS"],
        "colParams": [
            {"metric": {"group": "", "tag": tag}} for tag in ("generator/loss", "metrics/swd")
        ],
        "startIndex": 0,
        "sliceSize": 10,
    }
    groups = ask(board + "plugin/hparams/session_groups", query)["sessionGroups"]
    assert sorted(group["hparams"]["optimizer.lr"] for group in groups) == [1e-4, 2e-4]
    for group in groups:
        (session,) = group["sessions"]
        assert {value["name"]["tag"] for value in session["metricValues"]} >= {
            "generator/loss",
            "metrics/swd",
        }
