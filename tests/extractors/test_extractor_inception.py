"""Inception sees what torch-fidelity's sees, from files that are whole and harmless."""

import hashlib
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
import torch
from torch import nn
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
from torch_fidelity.utils import create_feature_extractor

from ganlab.errors import DataError
from ganlab.extractors import weights
from ganlab.extractors.inception import obtained

FEATURES = ["2048", "logits_unbiased"]


class Random(FeatureExtractorInceptionV3):
    """The same network with random weights of a scale that keeps signals alive."""

    def load_state_dict(self, *_):
        torch.manual_seed(0)
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight)


@pytest.fixture(scope="session")
def random_weights(tmp_path_factory):
    """A file of the field's layout."""
    place = tmp_path_factory.mktemp("inception")
    torch.save({}, place / "empty.pth")
    network = Random("random", FEATURES, feature_extractor_weights_path=place / "empty.pth")
    torch.save(network.state_dict(), place / "random.pth")
    return place / "random.pth"


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A machine without weights."""
    monkeypatch.setenv("GANLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return tmp_path


@pytest.fixture
def published(home, monkeypatch):
    """A small file that passes for the field's, and a server on this machine that has it."""
    (home / "served").mkdir()
    content = b"weights"
    (home / "served" / weights.FILE).write_bytes(content)
    monkeypatch.setattr(weights, "SIZE", len(content))
    monkeypatch.setattr(weights, "SHA256", hashlib.sha256(content).hexdigest())

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *words):
            super().__init__(*words, directory=home / "served")

        def log_message(self, *_):
            """Nothing: tests are quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        url = f"http://127.0.0.1:{server.server_port}/{weights.FILE}"
        monkeypatch.setattr(weights, "URL", url)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield home / "served" / weights.FILE
        server.shutdown()
        thread.join()


def test_features_and_logits_are_torch_fidelitys_to_the_bit(random_weights, told):
    found = obtained(str(random_weights), "cpu", offline=True)
    assert found.sha256 == hashlib.sha256(random_weights.read_bytes()).hexdigest()
    (said,) = told.messages
    assert f"{random_weights} is not the field's file" in said
    theirs = create_feature_extractor(
        "inception-v3-compat",
        FEATURES,
        cuda=False,
        verbose=False,
        feature_extractor_weights_path=str(random_weights),
    )
    grey = torch.randint(256, (2, 1, 32, 32), dtype=torch.uint8)
    for ours, reference in zip(found(grey), theirs(grey.repeat(1, 3, 1, 1)), strict=True):
        assert torch.equal(ours, reference)
        assert ours.std() > 0
    assert found(grey)[0].shape == (2, found.dimensions)
    assert found(grey)[1].shape == (2, len(found.classes))


def test_a_file_that_would_run_code_is_refused_and_runs_none(home):
    class Trap:
        def __reduce__(self):
            return (open, (str(home / "sprung"), "w"))

    torch.save({"fc.bias": Trap()}, home / "trap.pth")
    with pytest.raises(DataError, match=r"trap\.pth holds no weights of Inception"):
        obtained(str(home / "trap.pth"), "cpu", offline=True)
    assert not (home / "sprung").exists()


@pytest.mark.parametrize("content", [b"", b"<html>", b"\x80\x02}q\x00.", b"PK\x03\x04"])
def test_a_file_that_is_none_is_refused(home, content):
    (home / "other.pth").write_bytes(content)
    with pytest.raises(DataError, match=r"other\.pth holds no weights"):
        obtained(str(home / "other.pth"), "cpu", offline=True)


def test_other_networks_weights_are_refused(home):
    torch.save(nn.Linear(2, 2).state_dict(), home / "linear.pth")
    with pytest.raises(DataError, match=r"linear\.pth holds no weights"):
        obtained(str(home / "linear.pth"), "cpu", offline=True)


@pytest.mark.parametrize(("path", "why"), [(None, "offline=true forbids"), ("gone", "No such")])
def test_what_is_missing_is_named_with_all_one_needs(home, path, why):
    with pytest.raises(DataError, match=why) as caught:
        obtained(path and str(home / path), "cpu", offline=True)
    message = str(caught.value)
    needed = ("95,628,359 bytes", weights.SHA256, weights.FILE, weights.URL)
    for fact in (*needed, str(home / "cache" / "extractors"), "evaluate.inception=PATH"):
        assert fact in message
    assert "\n" not in message


def test_the_cache_comes_before_torchs_own(published, home):
    ours = home / "cache" / "extractors" / weights.FILE
    torchs = home / "torch" / "hub" / "checkpoints" / weights.FILE
    assert weights.found() is None
    for place in (torchs, ours):
        place.parent.mkdir(parents=True)
        place.write_bytes(published.read_bytes())
        assert weights.found() == place


def test_a_damaged_file_is_told_of_and_not_used(published, home, told):
    place = weights.kept()
    place.parent.mkdir(parents=True)
    place.write_bytes(b"wiegths")
    assert weights.found() is None
    assert told.messages == [f"{place} is damaged, and not used"]
    assert weights.downloaded(offline=False) == place
    assert place.read_bytes() == published.read_bytes()


def test_it_is_downloaded_once_after_saying_what_whence_how_large_and_whither(published, told):
    place = weights.downloaded(offline=False)
    assert place.read_bytes() == published.read_bytes()
    assert weights.downloaded(offline=False) == place
    (said,) = told.messages
    for fact in (weights.FACTS, weights.URL, str(place.parent)):
        assert fact in said


@pytest.mark.parametrize("fault", ["other", "gone"])
def test_a_failed_download_leaves_nothing_and_says_why(published, fault):
    published.write_bytes(b"strange") if fault == "other" else published.unlink()
    with pytest.raises(DataError, match={"other": "expected sha256", "gone": "404"}[fault]):
        weights.downloaded(offline=False)
    assert not list(weights.kept().parent.glob("[!.]*"))


def test_a_cache_that_cannot_be_written_is_named(published, home):
    (home / "cache").touch()
    with pytest.raises(DataError, match=r"cannot be written to .*evaluate\.inception=PATH"):
        weights.downloaded(offline=False)
