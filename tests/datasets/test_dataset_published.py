"""Published datasets: read as torchvision reads them, or refused with a list of files."""

import gzip
import hashlib
import pickle
import shutil
import tarfile
from dataclasses import replace

import numpy as np
import pytest
import torchvision

from ganlab.datasets.cifar10 import CIFAR10
from ganlab.datasets.mnist import MNIST, FashionMNIST
from ganlab.datasets.raw_file import RawFile
from ganlab.datasets.stl10 import STL10
from ganlab.datasets.usps import USPS
from ganlab.errors import ConfigError, DataError

PUBLISHED = [MNIST, FashionMNIST, USPS, CIFAR10]


def sums(form):
    return {file.path.split("/")[-1]: file.md5s[0] for file in form}


def middle(array):
    return array[..., 2:-2, 2:-2]


def test_mnist_is_framed_and_equals_torchvisions(data_root, tmp_path):
    dataset = MNIST(str(data_root), resolution=32, flip=False, offline=True)
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for packed in (data_root / "MNIST" / "raw").glob("*.gz"):
        with gzip.open(packed) as source, open(raw / packed.stem, "wb") as target:
            shutil.copyfileobj(source, target)
    for split in dataset.splits:
        reference = torchvision.datasets.MNIST(tmp_path, train=split == "train")
        arrays = dataset.arrays(split)
        assert np.array_equal(middle(arrays["data"])[:, 0], reference.data.numpy())
        assert np.array_equal(arrays["label"], reference.targets.numpy())
        assert arrays["data"].sum(dtype=int) == reference.data.sum()  # the frame is black
    unpacked = MNIST(str(tmp_path), resolution=28, flip=False, offline=True)
    assert np.array_equal(unpacked.arrays("test")["data"], middle(arrays["data"]))
    assert unpacked.spec.shape == (1, 28, 28)


def test_fashion_mnist_has_six_thousand_of_each_class(data_root):
    dataset = FashionMNIST(str(data_root), resolution=32, flip=False, offline=True)
    assert np.bincount(dataset.arrays("train")["label"]).tolist() == [6000] * 10
    assert dataset.spec.classes == tuple(torchvision.datasets.FashionMNIST.classes)


def test_usps_equals_torchvisions(data_root):
    dataset = USPS(str(data_root), resolution=16, flip=False, offline=True)
    reference = torchvision.datasets.USPS(data_root / "USPS", train=False)
    assert np.array_equal(dataset.arrays("test")["data"][:, 0], reference.data)
    assert np.array_equal(dataset.arrays("test")["label"], reference.targets)
    assert dataset.spec.count == 7291


def test_our_checksums_are_torchvisions():
    theirs = torchvision.datasets
    assert sums(MNIST.forms[0]) == dict(theirs.MNIST.resources)
    assert sums(FashionMNIST.forms[0]) == dict(theirs.FashionMNIST.resources)
    assert sums(USPS.forms[0]) == {name: md5 for _, name, md5 in theirs.USPS.split_list.values()}
    cifar, stl = theirs.CIFAR10, theirs.STL10
    assert sums(CIFAR10.forms[0]) == dict(cifar.train_list + cifar.test_list)
    assert sums(CIFAR10.forms[1]) == {cifar.filename: cifar.tgz_md5}
    both = STL10("", source_split="train+unlabeled", resolution=64, flip=False, offline=True)
    assert sums(both.forms[0]) == dict(stl.train_list + stl.test_list)
    assert sums(both.forms[1]) == {stl.filename: stl.tgz_md5}


@pytest.mark.parametrize("kind", PUBLISHED)
def test_missing_data_are_listed_with_everything_one_needs(own_cache, tmp_path, kind):
    root = tmp_path / "nothing"
    with pytest.raises(DataError) as caught:
        kind(str(root), resolution=32, flip=False, offline=True).prepare()
    message = str(caught.value)
    for file in kind.forms[0]:
        assert file.path.split("/")[-1] in message
        assert f"{file.size:,} bytes, md5 {file.md5s[0]}" in message
        assert str((root / file.path).parent) in message
    assert "dataset.root" in message
    assert "GANLAB_DATA" in message
    assert not list(own_cache.glob("[!.]*"))


@pytest.mark.parametrize("kept", [5000, 28_881 - 1])
def test_a_half_file_is_reported_with_both_sums_and_kept(own_cache, data_root, tmp_path, kept):
    raw = tmp_path / "MNIST" / "raw"
    shutil.copytree(data_root / "MNIST" / "raw", raw, copy_function=shutil.copyfile)
    half = raw / "train-labels-idx1-ubyte.gz"
    raw.chmod(0o755)
    half.write_bytes(half.read_bytes()[:kept])
    found = hashlib.md5(half.read_bytes()).hexdigest()
    with pytest.raises(DataError) as caught:
        MNIST(str(tmp_path), resolution=32, flip=False, offline=True).prepare()
    assert f"md5 d53e105ee54ea40749a09fcbcd1e9432  (wrong: found {kept:,} bytes, md5 {found})" in (
        str(caught.value)
    )
    assert half.stat().st_size == kept


def test_prepared_data_suffice_without_the_raw(data_root):
    MNIST(str(data_root), resolution=32, flip=False, offline=True).prepare()
    without = MNIST("/nowhere", resolution=32, flip=False, offline=True)
    assert without.spec.count == 60_000
    assert "missing" in without.describe()["raw"]


def write_cifar(folder, per_file):
    """Pickles as CIFAR-10's author made them: rows of 3072 bytes, a list of labels."""
    generator, folder = np.random.default_rng(0), folder / "cifar-10-batches-py"
    folder.mkdir()
    for name in (*(f"data_batch_{k}" for k in range(1, 6)), "test_batch"):
        data = generator.integers(0, 256, (per_file, 3072), dtype=np.uint8)
        labels = generator.integers(0, 10, per_file).tolist()
        content = {"data": data, "labels": labels, "batch_label": name, "filenames": ["x.png"]}
        (folder / name).write_bytes(pickle.dumps(content, protocol=2))
    meta = {"label_names": list(CIFAR10.classes)}
    (folder / "batches.meta").write_bytes(pickle.dumps(meta, protocol=2))


def summed(root, form):
    """The same files, with the sums of what lies below `root`."""
    digest = {file: hashlib.md5((root / file.path).read_bytes()).hexdigest() for file in form}
    return tuple(replace(file, md5s=(digest[file],)) for file in form)


def small_cifar(root, forms):
    kind = type("Small", (CIFAR10,), {"forms": forms})
    return kind(str(root), resolution=32, flip=False, offline=True)


@pytest.fixture
def cifar_root(tmp_path):
    write_cifar(tmp_path, per_file=7)
    return tmp_path


def test_cifar_is_read_as_torchvision_reads_it(own_cache, cifar_root):
    form = summed(cifar_root, CIFAR10.forms[0])
    pairs = [[file.path.split("/")[-1], file.md5s[0]] for file in form]
    meta = (cifar_root / "cifar-10-batches-py" / "batches.meta").read_bytes()
    theirs = {"train_list": pairs[:5], "test_list": pairs[5:]}
    theirs["meta"] = torchvision.datasets.CIFAR10.meta | {"md5": hashlib.md5(meta).hexdigest()}
    reference = type("Reference", (torchvision.datasets.CIFAR10,), theirs)
    dataset = small_cifar(cifar_root, (form,))
    for split, count in (("train", 35), ("test", 7)):
        expected = reference(cifar_root, train=split == "train")
        arrays = dataset.arrays(split)
        assert arrays["data"].shape == (count, 3, 32, 32)
        assert np.array_equal(arrays["data"].transpose(0, 2, 3, 1), expected.data)
        assert arrays["label"].tolist() == expected.targets
    assert dataset.spec.classes == tuple(expected.classes)


def test_cifar_is_read_from_its_archive_alone(own_cache, cifar_root):
    plain = small_cifar(cifar_root, (summed(cifar_root, CIFAR10.forms[0]),)).arrays("train")
    with tarfile.open(cifar_root / "cifar-10-python.tar.gz", "w:gz") as archive:
        archive.add(cifar_root / "cifar-10-batches-py", "cifar-10-batches-py")
    shutil.rmtree(cifar_root / "cifar-10-batches-py")
    archived = (CIFAR10.forms[0], summed(cifar_root, CIFAR10.forms[1]))
    packed = small_cifar(cifar_root, archived)
    packed.name = "cifar10_packed"
    assert np.array_equal(packed.arrays("train")["data"], plain["data"])
    assert np.array_equal(packed.arrays("train")["label"], plain["label"])


def test_a_published_archive_with_foreign_content_is_refused_before_it_is_unpickled(cifar_root):
    with pytest.raises(DataError, match=r"wrong: found .* bytes, md5"):
        CIFAR10(str(cifar_root), resolution=32, flip=False, offline=True).prepare()


COUNTS = {"train_X.bin": 5, "unlabeled_X.bin": 9, "test_X.bin": 4}


@pytest.fixture
def stl_root(tmp_path):
    generator, folder = np.random.default_rng(0), tmp_path / "stl10_binary"
    folder.mkdir()
    for name, count in COUNTS.items():
        generator.integers(0, 256, (count, 3 * 96 * 96), dtype=np.uint8).tofile(folder / name)
    for name, count in (("train_y.bin", 5), ("test_y.bin", 4)):
        generator.integers(1, 11, count, dtype=np.uint8).tofile(folder / name)
    (folder / "class_names.txt").write_text("airplane\nbird\n")
    return tmp_path


def small_stl(root, source_split):
    dataset = STL10(str(root), source_split=source_split, resolution=96, flip=False, offline=True)
    dataset.forms = (summed(root, dataset.forms[0]),)
    return dataset


@pytest.mark.parametrize("source_split", ["train", "unlabeled", "train+unlabeled"])
def test_stl_is_read_as_torchvision_reads_it(own_cache, stl_root, source_split):
    dataset = small_stl(stl_root, source_split)
    pairs = {f.path.split("/")[-1]: f.md5s[0] for f in small_stl(stl_root, "train").forms[0]}
    unlabelled = small_stl(stl_root, "unlabeled").forms[0][0]
    train = [[name, md5] for name, md5 in pairs.items() if name.startswith("train")]
    lists = {
        "train_list": [*train, ["unlabeled_X.bin", unlabelled.md5s[0]]],
        "test_list": [[name, md5] for name, md5 in pairs.items() if name.startswith("test")],
    }
    reference = type("Reference", (torchvision.datasets.STL10,), lists)
    for split, part in (("train", source_split), ("test", "test")):
        expected = reference(stl_root, split=part)
        arrays = dataset.arrays(split)
        assert np.array_equal(arrays["data"], expected.data)
        if source_split == "train":
            assert np.array_equal(arrays["label"], expected.labels)
        else:
            assert set(arrays) == {"data"}
            assert dataset.spec.classes is None


def test_stl_is_resampled_and_asks_only_for_the_files_it_reads(own_cache, stl_root):
    (stl_root / "stl10_binary" / "unlabeled_X.bin").unlink()
    dataset = small_stl(stl_root, "train")
    dataset.resolution = 48
    assert dataset.spec.shape == (3, 48, 48)


def test_a_wrong_source_split_is_refused_with_the_options():
    with pytest.raises(ConfigError, match="train\\+unlabeled"):
        STL10("", source_split="labelled", resolution=64, flip=False, offline=True)


def test_a_file_that_is_not_there_is_missing(tmp_path):
    assert RawFile("a/b.bin", 1, ("0",)).fault(tmp_path) == "missing"
