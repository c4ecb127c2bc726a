"""Archives of pictures are read in place, and never write anywhere."""

import io
import tarfile
import zipfile

import numpy as np
import pytest
from PIL import Image

from ganlab.datasets.folder import Folder
from ganlab.errors import DataError


def png(seed):
    pixels = np.random.default_rng(seed).integers(0, 256, (9, 9, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def opened(path):
    return Folder(
        path=str(path), resolution=8, channels=None, on_bad="error", held_out=0.0, flip=False
    )


def write_zip(path, members, link=None):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        if link:
            name, target = link
            member = zipfile.ZipInfo(name)
            member.create_system, member.external_attr = 3, 0o120777 << 16
            archive.writestr(member, target)


def write_tar(path, members, link=None, kind=tarfile.SYMTYPE):
    with tarfile.open(path, "w:gz" if path.name.endswith("gz") else "w") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        if link:
            member = tarfile.TarInfo(link[0])
            member.type, member.linkname = kind, link[1]
            archive.addfile(member)


WRITERS = {"zip": write_zip, "tar": write_tar, "tar.gz": write_tar}
KINDS = sorted(WRITERS)


@pytest.fixture(autouse=True)
def cache(own_cache):
    return own_cache


@pytest.fixture
def place(tmp_path):
    """A folder two levels down, so that escapes would be seen above it."""
    path = tmp_path / "a" / "b"
    path.mkdir(parents=True)
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_an_archive_equals_its_folder(place, kind):
    members = {f"photos/{name}": png(k) for k, name in enumerate(["x/1.png", "x/2.png", "y/3.png"])}
    for name, content in members.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(content)
    WRITERS[kind](place / f"all.{kind}", {**members, "photos/notes.txt": b"-"})
    archive, plain = opened(place / f"all.{kind}"), opened(place / "photos")
    assert archive.spec == plain.spec
    for name, column in plain.arrays("train").items():
        assert np.array_equal(archive.arrays("train")[name], column)
    assert archive.describe()["other files"] == "1"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["../../x.png", "/tmp/x.png", "a/../../x.png", "..\\x.png"])
def test_members_that_lead_out_are_refused(place, tmp_path, kind, name):
    WRITERS[kind](place / f"bad.{kind}", {"good.png": png(0), name: png(1)})
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(DataError, match="1 of its members lead out"):
        opened(place / f"bad.{kind}").prepare()
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("target", ["../outside.png", "/etc/hostname"])
def test_links_that_lead_out_are_refused(place, kind, target):
    WRITERS[kind](place / f"bad.{kind}", {"good.png": png(0)}, link=("link.png", target))
    with pytest.raises(DataError, match=f"link.png -> {target}"):
        opened(place / f"bad.{kind}").prepare()


def test_hard_links_start_at_the_top(place):
    members = {"good.png": png(0)}
    write_tar(place / "in.tar", members, ("folder/same.png", "good.png"), tarfile.LNKTYPE)
    assert opened(place / "in.tar").spec.count == 1
    write_tar(place / "out.tar", members, ("folder/other.png", "../x.png"), tarfile.LNKTYPE)
    with pytest.raises(DataError, match="lead out"):
        opened(place / "out.tar").prepare()


@pytest.mark.parametrize("kind", KINDS)
def test_links_that_stay_inside_are_left_out(place, kind):
    WRITERS[kind](place / f"all.{kind}", {"x/1.png": png(0)}, link=("x/2.png", "1.png"))
    assert opened(place / f"all.{kind}").spec.count == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_truncated_archive_is_an_error_that_names_it(place, kind):
    path = place / f"half.{kind}"
    WRITERS[kind](path, {f"{k}.png": png(k) for k in range(50)})
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(DataError, match=rf"half\.{kind}"):
        opened(path).prepare()


def test_a_file_of_another_kind_is_refused(place):
    (place / "photo.png").write_bytes(png(0))
    with pytest.raises(DataError, match="neither a folder of pictures nor"):
        opened(place / "photo.png").prepare()
