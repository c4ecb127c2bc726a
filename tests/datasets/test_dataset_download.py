"""Published files are fetched whole and right from a real server, or not at all."""

import contextlib
import gzip
import hashlib
import multiprocessing
import os
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
import torchvision

from ganlab import download
from ganlab.datasets.cifar10 import CIFAR10
from ganlab.datasets.mnist import MNIST, PARTS, FashionMNIST
from ganlab.datasets.raw_file import RawFile
from ganlab.datasets.stl10 import STL10
from ganlab.datasets.usps import USPS
from ganlab.errors import DataError

TRAIN = "train-images-idx3-ubyte.gz"
COUNT = 9


class Handler(BaseHTTPRequestHandler):
    """Serves the server's `files`; those in `cut` end halfway, but say otherwise."""

    def do_GET(self):
        name = self.path.rpartition("/")[2]
        self.server.asked.append(name)
        content = self.server.files.get(name)
        if content is None:
            self.send_error(404)
            return
        self.send_response(200)
        if name not in self.server.endless:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        half = content[: len(content) // 2]
        with contextlib.suppress(OSError):
            if name in self.server.slow:
                time.sleep(2)
            self.wfile.write(half if name in self.server.cut else content)
            while name in self.server.endless:
                self.wfile.write(content)

    def log_message(self, *_):
        """Nothing: tests are quiet."""


def idx(array):
    header = bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape)
    return gzip.compress(header + array.tobytes(), mtime=0)  # equal bytes at any time


def published():
    """Four small files in MNIST's form."""
    dice, files = np.random.default_rng(0), {}
    for part in PARTS.values():
        pictures = dice.integers(0, 256, (COUNT, 28, 28), dtype=np.uint8)
        files[f"{part}-images-idx3-ubyte.gz"] = idx(pictures)
        files[f"{part}-labels-idx1-ubyte.gz"] = idx(np.arange(COUNT, dtype=np.uint8))
    return files


@pytest.fixture
def server(monkeypatch):
    """A server of small files on this machine."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.files, server.asked = published(), []
        server.cut, server.endless, server.slow = set(), set(), set()
        server.host = f"http://127.0.0.1:{server.server_port}/mnist/"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def dataset(root, *hosts, offline=False, files=None):
    """MNIST as the hosts publish it."""
    form = tuple(
        RawFile(
            f"MNIST/raw/{name}",
            len(content),
            (hashlib.md5(content).hexdigest(),),
            tuple(f"{host}{name}" for host in hosts),
        )
        for name, content in (files or published()).items()
    )
    small = type("Small", (MNIST,), {"forms": (form,), "count": 2 * COUNT})
    return small(str(root), resolution=28, flip=False, offline=offline)


def refused(wanted):
    """The message with which preparing is refused."""
    with pytest.raises(DataError) as caught:
        wanted.prepare()
    assert caught.value.exit_code == 3
    return str(caught.value)


def lists_all(message, root):
    """Whether a message names every file, its size, its sum, its place, and the check."""
    files = published().items()
    return (
        all(f"{name}  {len(content):,} bytes, md5 " in message for name, content in files)
        and all(hashlib.md5(content).hexdigest() in message for _, content in files)
        and str(root / "MNIST" / "raw") in message
        and "dataset.root" in message
        and message.endswith("ganlab data check mnist")
    )


def below(root):
    """The files below a directory, hidden ones too."""
    return sorted(path.name for path in root.rglob("*") if path.is_file())


@pytest.fixture
def root(tmp_path, own_cache):
    return tmp_path / "data"


def test_missing_files_are_downloaded_after_saying_what_from_where_and_how_large(
    server, root, told
):
    wanted = dataset(root, server.host)
    assert wanted.spec.count == COUNT
    assert wanted.arrays("test")["label"].tolist() == list(range(COUNT))
    assert below(root) == sorted(published())
    for name, content in published().items():
        assert (root / "MNIST" / "raw" / name).read_bytes() == content
    (said,) = told.messages
    for fact in ("mnist", TRAIN, "0.0 MB", server.host, str(root / "MNIST" / "raw")):
        assert fact in said


def test_only_what_is_missing_is_downloaded(server, root):
    place = root / "MNIST" / "raw"
    place.mkdir(parents=True)
    (place / TRAIN).write_bytes(published()[TRAIN])
    dataset(root, server.host).prepare()
    assert sorted(server.asked) == sorted(set(published()) - {TRAIN})


def test_prepared_data_download_nothing(server, root, tmp_path):
    dataset(root, server.host).prepare()
    server.asked.clear()
    assert dataset(tmp_path / "elsewhere", server.host).spec.count == COUNT
    assert server.asked == []
    assert not (tmp_path / "elsewhere").exists()


def test_the_second_address_serves_where_the_first_does_not(server, root):
    dataset(root, server.host.replace("mnist", "gone") + "nothing/x", server.host).prepare()
    assert below(root) == sorted(published())


def test_a_wrong_checksum_leaves_nothing_and_gives_both(server, root):
    other = bytearray(published()[TRAIN])
    other[-1] ^= 1
    server.files[TRAIN] = bytes(other)
    message = refused(dataset(root, server.host))
    assert f"expected md5 {hashlib.md5(published()[TRAIN]).hexdigest()}" in message
    assert f"found {hashlib.md5(other).hexdigest()}" in message
    assert f"{server.host}{TRAIN}" in message
    assert lists_all(message, root)
    assert below(root) == []


def test_a_half_download_leaves_nothing_and_says_how_much_came(server, root):
    server.cut.add(TRAIN)
    message = refused(dataset(root, server.host))
    size = len(published()[TRAIN])
    assert f"{size // 2:,} of {size:,} bytes" in message
    assert lists_all(message, root)
    assert below(root) == []
    assert not root.exists()


def test_a_server_without_end_is_left_in_time(server, root):
    server.endless.add(TRAIN)
    message = refused(dataset(root, server.host))
    assert f"more than the expected {len(published()[TRAIN]):,} bytes" in message
    assert below(root) == []


def test_a_failure_keeps_what_came_before_and_the_next_try_goes_on(server, root):
    last = "t10k-labels-idx1-ubyte.gz"
    content = server.files.pop(last)
    assert "404" in refused(dataset(root, server.host))
    assert below(root) == sorted(set(published()) - {last})
    server.files[last] = content
    server.asked.clear()
    dataset(root, server.host).prepare()
    assert server.asked == [last]


def test_a_refused_connection_is_told_with_everything_one_needs(root):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        host = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        message = refused(dataset(root, host))
    assert "refused" in message
    assert lists_all(message, root)
    assert not root.exists()


def test_a_name_that_is_nowhere_is_told(root):
    message = refused(dataset(root, "http://nowhere.invalid/"))
    assert "http://nowhere.invalid/" in message
    assert lists_all(message, root)


def test_a_silent_server_is_left_in_time(root, monkeypatch):
    monkeypatch.setattr(download, "TIMEOUT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        start = time.monotonic()
        message = refused(dataset(root, f"http://127.0.0.1:{silent.getsockname()[1]}/"))
    assert "timed out" in message
    assert time.monotonic() - start < 5


def test_offline_nothing_is_asked_for(server, root):
    message = refused(dataset(root, server.host, offline=True))
    assert "offline=true" in message
    assert f"published at {server.host}" in message
    assert lists_all(message, root)
    assert server.asked == []
    assert not root.exists()


def test_a_wrong_file_is_neither_replaced_nor_deleted(server, root):
    place = root / "MNIST" / "raw"
    place.mkdir(parents=True)
    (place / TRAIN).write_bytes(b"half")
    message = refused(dataset(root, server.host))
    assert f"wrong: found 4 bytes, md5 {hashlib.md5(b'half').hexdigest()}" in message
    assert lists_all(message, root)
    assert (place / TRAIN).read_bytes() == b"half"
    assert below(root) == [TRAIN]
    assert server.asked == []


def test_a_root_that_cannot_be_written_names_the_key(server, tmp_path, own_cache):
    (tmp_path / "data").touch()
    message = refused(dataset(tmp_path / "data", server.host))
    assert "cannot be written" in message
    assert "choose another place with dataset.root=DIR" in message


def test_more_than_the_disk_holds_is_not_begun(server, root):
    wanted = dataset(root, server.host)
    huge = RawFile(f"MNIST/raw/{TRAIN}", 10**18, ("0",), (f"{server.host}{TRAIN}",))
    wanted.forms = ((huge, *wanted.forms[0][1:]),)
    assert "bytes needed" in refused(wanted)
    assert server.asked == []


def test_what_a_killed_download_left_goes_and_what_another_writes_stays(server, root):
    place = root / "MNIST" / "raw"
    place.mkdir(parents=True)
    old, fresh = place / f".{TRAIN}.1.tmp", place / f".{TRAIN}.2.tmp"
    old.touch()
    fresh.touch()
    os.utime(old, (0, 0))
    dataset(root, server.host).prepare()
    assert not old.exists()
    assert fresh.exists()


def test_two_at_once_download_each_file_once(server, root):
    fork = multiprocessing.get_context("fork")
    both = [fork.Process(target=dataset(root, server.host).prepare) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(30)
    assert [process.exitcode for process in both] == [0, 0]
    assert sorted(server.asked) == sorted(published())


def test_a_killed_download_leaves_no_file_under_its_name(server, root):
    server.slow.add(TRAIN)
    process = multiprocessing.get_context("fork").Process(target=dataset(root, server.host).prepare)
    process.start()
    end = time.monotonic() + 20
    while not below(root) and time.monotonic() < end:
        time.sleep(0.01)
    process.kill()
    process.join()
    (left,) = below(root)
    assert left.startswith(f".{TRAIN}.")
    server.slow.clear()
    assert dataset(root, server.host).spec.count == COUNT


def test_progress_is_told_now_and_then(monkeypatch, told):
    report = download.progress("mnist", 2_000_000)
    report(1_000_000)
    assert told.messages == []
    monkeypatch.setattr(download, "QUIET_S", 0.0)
    report(1_000_000)
    assert told.messages == ["downloading mnist: 2 of 2 MB"]


def test_our_addresses_are_torchvisions():
    theirs = torchvision.datasets
    for ours, reference in ((MNIST, theirs.MNIST), (FashionMNIST, theirs.FashionMNIST)):
        for file in ours.forms[0]:
            assert file.urls == tuple(f"{mirror}{file.name}" for mirror in reference.mirrors)
    listed = {name: url for url, name, _ in theirs.USPS.split_list.values()}
    assert {file.name: file.urls[0] for file in USPS.forms[0]} == listed
    stl = STL10("", source_split="train", resolution=64, flip=False, offline=True)
    assert CIFAR10.forms[1][0].urls == (theirs.CIFAR10.url,)
    assert stl.files.offered[0].urls == (theirs.STL10.url,)


@pytest.mark.parametrize("kind", [MNIST, FashionMNIST, USPS, CIFAR10])
def test_each_published_dataset_can_be_downloaded_in_one_form(kind):
    assert kind("", resolution=32, flip=False, offline=False).files.offered
