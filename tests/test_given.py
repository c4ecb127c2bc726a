import io
import zipfile

import numpy as np
import pytest
import torch
from PIL import Image

from ganlab.datasets.spec import Spec
from ganlab.errors import ConfigError, DataError
from ganlab.given import given

GREY = Spec("mnist", (1, 8, 8), 100, ("0", "1"), ("data", "label"))
COLOURED = Spec("faces", (3, 8, 8), 100, None, ("data",))
POINTS = Spec("ring", (2,), None, ("0",), ("data", "label"))
RANDOM = np.random.default_rng(0)
PICTURES = RANDOM.integers(0, 256, (70, 8, 8), dtype=np.uint8)


def samples(path, spec=GREY, wish=None):
    fakes = given(path, spec, wish, {})
    found = torch.cat(list(fakes.chunks()))
    assert len(found) == fakes.count
    return found


@pytest.fixture
def folder(tmp_path):
    for number, picture in enumerate(PICTURES):
        Image.fromarray(picture).save(tmp_path / f"{number:03d}.png")
    return tmp_path


def expected(n=None):
    return torch.from_numpy(PICTURES[:n, None])


def test_a_folder_is_read_in_the_order_of_its_names(folder):
    assert samples(folder).equal(expected())


def test_some_are_chosen_at_random_and_always_the_same(folder, tmp_path):
    np.savez(tmp_path / "all.npz", images=PICTURES)
    some, again = samples(folder, wish=20), samples(tmp_path / "all.npz", wish=20)
    assert some.equal(again)
    places = [int((expected() == one).flatten(1).all(1).nonzero()) for one in some]
    assert places == sorted(set(places))
    assert places[-1] > 40


def test_grey_pictures_saved_in_colours_are_grey(tmp_path):
    for number, picture in enumerate(PICTURES[:3]):
        Image.fromarray(picture).convert("RGB").save(tmp_path / f"{number}.png")
    assert samples(tmp_path).equal(expected(3))
    assert samples(tmp_path, COLOURED).equal(expected(3).expand(3, 3, 8, 8))


def test_an_archive_is_read_as_a_folder(tmp_path):
    with zipfile.ZipFile(tmp_path / "samples.zip", "w") as archive:
        for number, picture in enumerate(PICTURES[:3]):
            file = io.BytesIO()
            Image.fromarray(picture).save(file, "PNG")
            archive.writestr(f"{number}.png", file.getvalue())
    assert samples(tmp_path / "samples.zip").equal(expected(3))


@pytest.mark.parametrize("array", [PICTURES, PICTURES[..., None], PICTURES[:, None]])
@pytest.mark.parametrize("name", ["images", "anything"])
def test_arrays_are_read_in_whatever_order_their_axes_are(tmp_path, array, name):
    np.savez(tmp_path / "a.npz", **{name: array})
    assert samples(tmp_path / "a.npz").equal(expected())


def test_points_are_read(tmp_path):
    points = RANDOM.normal(size=(10, 2))
    np.savez(tmp_path / "a.npz", points=points)
    np.save(tmp_path / "b.npy", points)
    for name in ("a.npz", "b.npy"):
        assert samples(tmp_path / name, POINTS).equal(torch.from_numpy(points.astype(np.float32)))


def test_pictures_that_cannot_be_read_are_named(folder):
    (folder / "050.png").write_bytes(b"no picture")
    (folder / "060.png").write_bytes((folder / "060.png").read_bytes()[:40])
    with pytest.raises(DataError, match=r"(?s)2 of 70 .*050\.png.*060\.png"):
        samples(folder)


@pytest.mark.parametrize(
    ("picture", "reason"),
    [
        (Image.new("L", (8, 9)), "8x9, and mnist is judged at 8x8; dataset.resolution="),
        (Image.new("RGB", (8, 8), (9, 8, 7)), "in colours, and mnist is grey"),
    ],
)
def test_pictures_of_another_shape_are_refused(folder, picture, reason):
    picture.save(folder / "020.png")
    with pytest.raises(DataError, match=reason):
        samples(folder)


@pytest.mark.parametrize(
    "array",
    [
        PICTURES / 255,
        RANDOM.integers(0, 256, (9, 8, 8, 3), dtype=np.uint8),
        RANDOM.integers(0, 256, (9, 7, 8), dtype=np.uint8),
        np.array(7),
        np.array(["a"]),
    ],
)
def test_arrays_of_another_kind_are_refused(tmp_path, array):
    np.savez(tmp_path / "a.npz", images=array)
    with pytest.raises(DataError, match="mnist is judged as uint8"):
        samples(tmp_path / "a.npz")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x93NUMPY\x01\x00", b"nothing"])
def test_arrays_that_cannot_be_read_are_refused(tmp_path, content):
    for name in ("a.npz", "a.npy"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DataError, match="cannot be read"):
            samples(tmp_path / name)


def test_pickled_arrays_do_not_run(tmp_path):
    np.savez(tmp_path / "a.npz", images=np.array([{"a": 1}], dtype=object))
    with pytest.raises(DataError, match="cannot be read"):
        samples(tmp_path / "a.npz")


def test_two_arrays_are_one_too_many(tmp_path):
    np.savez(tmp_path / "a.npz", a=PICTURES, b=PICTURES)
    with pytest.raises(DataError, match="it holds a, b"):
        samples(tmp_path / "a.npz")


@pytest.mark.parametrize("wish", [71, 10**6])
def test_more_than_there_are_is_refused(folder, wish):
    with pytest.raises(ConfigError, match=f"samples={wish}: .* holds 70; use samples=70 or less"):
        samples(folder, wish=wish)


def test_no_pictures_at_all_is_refused(tmp_path):
    (tmp_path / "readme.txt").write_text("nothing to see")
    with pytest.raises(ConfigError, match="0 samples are too few"):
        samples(tmp_path)
    with pytest.raises(DataError):
        samples(tmp_path / "nowhere")


def test_points_are_not_pictures(folder):
    with pytest.raises(DataError, match="points are given as"):
        samples(folder, POINTS)
