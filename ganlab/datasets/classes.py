"""Which class a picture belongs to, read off the folder it lies in."""

from collections.abc import Sequence


def classes_of(names: Sequence[str]) -> dict[str, str] | None:
    """The class of every picture: the first folder on its path that not all pictures share.

    None where some picture lies beside those folders, so that there are no classes.
    """
    folders = {name: name.split("/")[:-1] for name in names}
    shared = _shared(min(folders.values()), max(folders.values()))
    if min(map(len, folders.values())) == shared:
        return None
    return {name: path[shared] for name, path in folders.items()}


def _shared(first: list[str], last: list[str]) -> int:
    """How many folders the least and the greatest path, hence all between, begin with."""
    same = [a == b for a, b in zip(first, last, strict=False)]
    return same.index(False) if False in same else len(same)
