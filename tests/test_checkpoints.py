import json
import os

import pytest
import torch

from ganlab import checkpoints
from ganlab.errors import CheckpointError


def state(number):
    weights = {"weight": torch.full((1000,), float(number))}
    return {"round": number, "batches": 0, "game": weights, "average": {}, "optimizers": {}}


def load(directory):
    warnings = []
    return checkpoints.load(directory, warnings.append)["round"], warnings


@pytest.fixture
def saved(tmp_path):
    for number in (1, 2, 3):
        checkpoints.save(tmp_path, number, state(number), keep=2)
    return tmp_path


def test_the_newest_is_loaded_and_only_the_last_are_kept(saved):
    assert load(saved) == (3, [])
    assert sorted(file.name for file in saved.glob("*.pt")) == ["0000002.pt", "0000003.pt"]


def damage(kind, content):
    middle = len(content) // 2
    return {
        "half": content[:middle],
        "ten bytes short": content[:-10],
        "empty": b"",
        "zeros": bytes(len(content)),
        "text": b"no checkpoint",
        "one bit flipped": content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
    }[kind]


@pytest.mark.parametrize(
    "kind", ["half", "ten bytes short", "empty", "zeros", "text", "one bit flipped"]
)
def test_a_damaged_checkpoint_gives_way_to_the_one_before(kind, saved):
    file = saved / "0000003.pt"
    file.write_bytes(damage(kind, file.read_bytes()))
    number, warnings = load(saved)
    assert number == 2
    assert "0000003.pt" in warnings[0]


def test_when_all_are_bad_each_is_named(saved):
    for file in saved.glob("*.pt"):
        file.write_bytes(b"")
    with pytest.raises(CheckpointError, match=r"(?s)0000003\.pt.*0000002\.pt"):
        load(saved)


def test_a_file_without_manifest_entry_does_not_count(saved):
    (saved / "0000009.pt").write_bytes((saved / "0000003.pt").read_bytes())
    assert load(saved)[0] == 3


class Payload:
    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return os.system, (f"touch {self.marker}",)


def test_a_checkpoint_that_would_run_code_is_refused(saved, tmp_path):
    import hashlib

    marker = tmp_path / "ran"
    file = saved / "0000003.pt"
    torch.save(Payload(marker), file)
    manifest = json.loads((saved / "manifest.json").read_text())
    manifest[file.name]["sha256"] = hashlib.sha256(file.read_bytes()).hexdigest()
    (saved / "manifest.json").write_text(json.dumps(manifest))
    assert load(saved)[0] == 2
    assert not marker.exists()


def test_states_have_one_digest_only_if_they_are_equal_to_the_bit():
    told = {"a": [torch.ones(2)], "b": (1, "x")}
    others = [
        {"a": [torch.ones(2) + 1e-7], "b": (1, "x")},
        {"a": [torch.ones(2).double()], "b": (1, "x")},
        {"a": [torch.ones(1, 2)], "b": (1, "x")},
        {"a": [torch.ones(2)], "b": (2, "x")},
        {"a": [torch.ones(2)]},
    ]
    same = {"a": [torch.ones(2)], "b": (1, "x")}
    assert checkpoints.digest(told) == checkpoints.digest(same)
    assert checkpoints.digest(told) not in {checkpoints.digest(other) for other in others}
