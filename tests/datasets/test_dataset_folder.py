"""Own pictures of every kind, good and bad."""

import io
import os
import random

import numpy as np
import pytest
from PIL import Image

from ganlab.datasets.classes import classes_of
from ganlab.datasets.folder import Folder
from ganlab.errors import ConfigError, DataError

PICTURES = 12


def folder(path, **changes):
    chosen = {"resolution": 16, "channels": None, "on_bad": "error", "held_out": 0.0, "flip": False}
    return Folder(path=str(path), **(chosen | changes))


def noise(seed, mode="RGB", size=(20, 24)):
    generator = np.random.default_rng(seed)
    return Image.fromarray(generator.integers(0, 256, (*size[::-1], 3), dtype=np.uint8)).convert(
        mode
    )


def fill(path, count=PICTURES, mode="RGB", start=0):
    path.mkdir(parents=True, exist_ok=True)
    for k in range(start, start + count):
        noise(k, mode).save(path / f"{k:03d}.png")
    return path


def only(path, **changes):
    """The one picture of a folder, (C, H, W)."""
    (picture,) = folder(path, **changes).arrays("train")["data"]
    return picture


@pytest.fixture(autouse=True)
def cache(own_cache):
    return own_cache


@pytest.fixture
def top(tmp_path):
    path = tmp_path / "photos"
    path.mkdir()
    return path


def test_a_flat_folder_has_no_labels(top):
    dataset = folder(fill(top))
    assert dataset.spec.columns == ("data", "index")
    assert dataset.spec.classes is None
    assert dataset.spec.shape == (3, 16, 16)
    assert dataset.spec.count == PICTURES


def test_folders_are_classes(top):
    fill(top / "dogs", 3)
    fill(top / "cats", 4, start=3)
    dataset = folder(top)
    assert dataset.spec.classes == ("cats", "dogs")
    assert dataset.arrays("train")["label"].tolist() == [0] * 4 + [1] * 3
    assert next(dataset.batches(7, 0, "cpu", True))["label"].sum() == 3


@pytest.mark.parametrize(
    ("names", "classes"),
    [
        (["a.png", "b.png"], None),
        (["x/a.png", "x/b.png"], None),
        (["x/a.png", "b.png"], None),
        (["x/a.png", "y/b.png"], ["x", "y"]),
        (["top/x/a.png", "top/y/b.png"], ["x", "y"]),
        (["x/1/a.png", "x/2/b.png", "y/c.png"], ["x", "x", "y"]),
        (["x/a.png", "xy/b.png"], ["x", "xy"]),
    ],
)
def test_a_class_is_the_first_folder_that_not_all_share(names, classes):
    found = classes_of(names)
    assert (found and [found[name] for name in names]) == classes


def test_the_short_side_is_resized_and_the_middle_cut_out(top):
    pixels = np.zeros((20, 60, 3), np.uint8)
    pixels[:, 20:40] = 200
    Image.fromarray(pixels).save(top / "wide.png")
    assert np.abs(only(top, resolution=10).astype(int) - 200).max() < 40  # no black beside it
    assert (only(top, resolution=10)[:, :, 2:-2] == 200).all()


def test_mixed_sizes_become_one(top):
    for k, size in enumerate([(20, 24), (64, 16), (17, 90), (16, 16)]):
        noise(k, size=size).save(top / f"{k}.png")
    dataset = folder(top)
    assert dataset.arrays("train")["data"].shape == (4, 3, 16, 16)
    assert folder(top, on_bad="skip").check().facts["sizes"] == "16x16 to 17x90"


def test_grey_pictures_for_three_channels_have_three_equal_ones(top):
    pictures = folder(fill(top, mode="L"), channels=3).arrays("train")["data"]
    assert pictures.shape == (PICTURES, 3, 16, 16)
    assert (pictures == pictures[:, :1]).all()


def test_channels_follow_the_colours(top, tmp_path):
    assert folder(fill(top, mode="L")).spec.shape[0] == 1
    assert folder(fill(tmp_path / "grey as RGB", mode="L")).spec.shape[0] == 1
    fill(top, 1, "RGB", start=50)
    assert folder(top).spec.shape[0] == 3
    assert folder(top, channels=1).spec.shape[0] == 1
    noise(0, "L").convert("RGB").save(tmp_path / "grey as RGB" / "more.png")
    assert folder(tmp_path / "grey as RGB").spec.shape[0] == 1
    assert folder(tmp_path / "grey as RGB", channels=3).spec.shape[0] == 3


def test_transparency_lies_over_white(top):
    pixels = np.zeros((16, 16, 4), np.uint8)
    pixels[:8, :, 0], pixels[:8, :, 3] = 255, 255
    pixels[8:, :, 3] = 51
    Image.fromarray(pixels).save(top / "glass.png")
    picture = only(top)
    assert picture[:, 0, 0].tolist() == [255, 0, 0]
    assert picture[:, 15, 0].tolist() == [204, 204, 204]


def test_a_palette_becomes_its_colours(top):
    image = Image.new("P", (16, 16), 1)
    image.putpalette([0, 0, 0, 10, 200, 30])
    image.save(top / "palette.png")
    assert only(top)[:, 4, 4].tolist() == [10, 200, 30]


def test_a_transparent_palette_lies_over_white(top):
    image = Image.new("P", (16, 16), 0)
    image.putpalette([10, 200, 30])
    image.save(top / "palette.png", transparency=0)
    assert (only(top) == 255).all()


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_sixteen_bits_are_scaled(top, suffix):
    ramp = np.repeat(np.linspace(0, 65535, 16).round().astype(np.uint16)[None], 16, axis=0)
    Image.fromarray(ramp).save(top / f"deep.{suffix}")
    picture = only(top)
    assert picture.shape == (1, 16, 16)
    assert picture[0, 0].tolist() == list(range(0, 256, 17))


def test_the_orientation_of_the_camera_is_applied(top):
    pixels = np.zeros((16, 16, 3), np.uint8)
    pixels[:8] = 255
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    Image.fromarray(pixels).save(top / "turned.png", exif=exif)
    picture = only(top)
    assert picture[:, :7].max() == 0
    assert picture[:, 9:].min() == 255


def spoil(path):
    """The three unreadable files that a real folder holds sooner or later."""
    whole = io.BytesIO()
    noise(99, size=(64, 64)).save(whole, "PNG")
    (path / "truncated.png").write_bytes(whole.getvalue()[:5000])
    (path / "text.png").write_text("not a picture")
    (path / "empty.jpg").touch()


def test_unreadable_pictures_are_found_before_training(top, cache):
    spoil(fill(top))
    with pytest.raises(DataError) as caught:
        folder(top).prepare()
    message = str(caught.value)
    assert "3 of 15 pictures" in message
    assert all(
        name in message for name in ("truncated.png", "text.png", "empty.jpg", "on_bad=skip")
    )
    assert caught.value.exit_code == 3
    assert not list(cache.glob("[!.]*"))


def test_unreadable_pictures_are_skipped_on_request(top, caplog):
    spoil(fill(top))
    (top / "notes.txt").touch()
    (top / ".hidden.png").touch()
    dataset = folder(top, on_bad="skip")
    with caplog.at_level("WARNING", "ganlab"):
        assert dataset.spec.count == PICTURES
    assert "3 of 15 pictures" in caplog.text
    assert "truncated.png: " in caplog.text
    described = dataset.describe()
    assert described["unreadable"] == "3"
    assert described["other files"] == "2"
    assert described["sizes"] == "20x24 to 20x24"
    with pytest.raises(DataError, match="3 of 15"):
        folder(top).prepare()  # what was skipped before is no excuse


def test_only_ten_of_many_are_named(top):
    fill(top, 1)
    for k in range(30):
        (top / f"bad{k:02d}.png").touch()
    with pytest.raises(DataError, match=r"30 of 31[^$]*bad09[^$]*and 20 more") as caught:
        folder(top).prepare()
    assert "bad10" not in str(caught.value)


def test_nothing_but_bad_pictures_is_an_error_even_when_skipping(top):
    spoil(top)
    with pytest.raises(DataError, match="3 of 3"):
        folder(top, on_bad="skip").prepare()


def test_an_empty_folder_says_what_to_do(top):
    (top / "readme.txt").touch()
    with pytest.raises(DataError, match=r"(?s)no pictures \(other files: 1\).*dataset.path"):
        folder(top).prepare()


@pytest.mark.parametrize(("path", "error"), [(None, ConfigError), ("/no/such/folder", DataError)])
def test_a_path_that_is_not_there_names_the_key(path, error):
    with pytest.raises(error, match=r"dataset\.path="):
        Folder(path=path, resolution=8, channels=3, on_bad="skip", held_out=0.0, flip=False)


@pytest.mark.parametrize("wrong", [{"channels": 2}, {"on_bad": "ignore"}, {"held_out": 1.5}])
def test_wrong_values_are_refused(top, wrong):
    (key,) = wrong
    with pytest.raises(ConfigError, match=rf"dataset\.{key}"):
        folder(top, **wrong)


def test_the_same_files_are_the_same_data_and_changed_ones_are_not(top):
    fill(top)
    first = folder(top).directory
    assert folder(top).directory == first
    os.utime(top / "003.png", ns=(0, 0))
    assert folder(top).directory != first
    assert folder(top, resolution=8).directory != first


def test_links_are_followed_once(top, tmp_path):
    fill(tmp_path / "elsewhere", 3)
    (top / "linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "loop").symlink_to(top)
    assert folder(top).spec.count == 3


def test_held_out_keeps_equal_pictures_together(top):
    fill(top, 40)
    fill(top / "copies", 40)
    dataset = folder(top, held_out=0.5)
    train, test = (set(map(bytes, dataset.arrays(split)["data"])) for split in dataset.splits)
    assert not train & test
    assert len(train) + len(test) == 40


def test_random_bytes_never_crash_the_check(top):
    whole = io.BytesIO()
    noise(1, size=(32, 32)).save(whole, "JPEG")
    dice = random.Random(0)
    for k in range(40):
        content = bytearray(whole.getvalue())
        for _ in range(20):
            content[dice.randrange(len(content))] = dice.randrange(256)
        (top / f"{k}.jpg").write_bytes(content)
    fill(top, 1)
    assert 1 <= folder(top, on_bad="skip").spec.count <= 41
