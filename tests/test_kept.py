"""What the cache keeps beside prepared data is listed, told of, and pruned; nothing else is."""

import pytest

from ganlab.cli import dispatch
from ganlab.kept import all_kept, kept

KEY = "0123456789ab"


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A cache with a classifier and features of two datasets, and a stranger's files."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GANLAB_CACHE", str(tmp_path))
    for directory in ("extractors", f"references/digits-{KEY}"):
        (tmp_path / directory).mkdir(parents=True)
    for name in ("digits", "usps"):
        (tmp_path / "extractors" / f"{name}-{KEY}.pt").write_bytes(b"x" * 1000)
    (tmp_path / "references" / f"digits-{KEY}" / "features.npy").write_bytes(b"x" * 3000)
    (tmp_path / "references" / f"usps-{KEY}.pt").write_bytes(b"x" * 500)
    (tmp_path / "extractors" / "notes.txt").touch()
    (tmp_path / "extractors" / f"link-{KEY}.pt").symlink_to(tmp_path / "extractors" / "notes.txt")
    return tmp_path


def left(cache):
    return sorted(str(path.relative_to(cache)) for path in cache.glob("*/*"))


def test_only_what_is_ganlabs_is_found(cache):
    assert [(each.name, each.bytes) for each in all_kept()] == [
        ("digits", 1000), ("usps", 1000), ("digits", 3000), ("usps", 500)
    ]  # fmt: skip
    assert [each.content for each in kept("extractors")] == ["classifier"] * 2


def test_prune_takes_what_belongs_to_the_dataset(cache, capsys):
    assert dispatch(["data", "prune", "digits", "--yes"]) == 0
    out = capsys.readouterr().out
    assert f"extractors/digits-{KEY}.pt" in out
    assert f"references/digits-{KEY}" in out
    assert "usps" not in out
    strangers = [f"extractors/link-{KEY}.pt", "extractors/notes.txt"]
    others = [f"extractors/usps-{KEY}.pt", f"references/usps-{KEY}.pt"]
    assert left(cache) == sorted([*strangers, *others])
    assert dispatch(["data", "prune", "--yes"]) == 0
    assert left(cache) == strangers


def test_what_another_removed_first_is_no_failure(cache):
    for each in all_kept():
        each.remove()
        each.remove()
    assert all_kept() == []
