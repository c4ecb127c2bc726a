"""What is said of raw files: all that one needs to put them right by hand."""

from collections.abc import Sequence
from pathlib import Path

from ganlab.datasets.raw_file import MISSING, Faults, Form, RawFile

ELSEWHERE = "dataset.root=DIR or the environment's GANLAB_DATA"


def complaint(name: str, root: Path, forms: Sequence[Form], faults: Faults, what: str) -> str:
    """What is the matter with a dataset, every file with its size, sum and place, and the check.

    The form of which most is there comes first.
    """
    there = [sum(fault != MISSING for fault in form) for form in faults]
    nearest, *others = sorted(range(len(forms)), key=lambda k: -there[k])
    places = sorted({str((root / file.path).parent.absolute()) for file in forms[nearest]})
    lines = [f"The raw data of {name} {what}", f"These files belong into {' and '.join(places)}:"]
    pairs = zip(forms[nearest], faults[nearest], strict=True)
    lines += [line(file.name, file, fault) for file, fault in pairs]
    lines += [f"or instead, below {root.absolute()}:" for _ in others[:1]]
    for k in others:
        pairs = zip(forms[k], faults[k], strict=True)
        lines += [line(file.path, file, fault) for file, fault in pairs]
    if files := offered(forms):
        lines += [f"They are published at {sources(files)}"]
    lines += [f"Say where raw data lie with {ELSEWHERE}.", "To see what is there:"]
    return "\n".join([*lines, f"  ganlab data check {name}"])


def offered(forms: Sequence[Form]) -> Form:
    """The form that can be downloaded; empty if none."""
    return next((form for form in forms if all(file.urls for file in form)), ())


def line(name: str, file: RawFile, fault: str | None) -> str:
    """A file as it should be, and how it is."""
    return f"  {name}  {file.size:,} bytes, md5 {file.md5s[0]}  ({fault or 'right'})"


def state(file: RawFile, fault: str | None) -> str:
    """How a file is, in the words of a check."""
    expected = f"{file.size:,} bytes, md5 {file.md5s[0]}"
    return f"{fault}; expected {expected}" if fault else "present"


def sources(files: Form) -> str:
    """The first addresses of the files, without their names."""
    return " and ".join(dict.fromkeys(file.urls[0].rpartition("/")[0] + "/" for file in files))


def megabytes(files: Form) -> str:
    return f"{sum(file.size for file in files) / 1e6:,.1f} MB"
