"""Samples that other tools made: a folder or archive of pictures, or arrays."""

import io
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from ganlab.datasets.picture import flattened
from ganlab.datasets.spec import Spec
from ganlab.datasets.tree import Picture, is_picture, open_tree
from ganlab.errors import ConfigError, DataError
from ganlab.judge import Fakes
from ganlab.reference import chosen

CHUNK = 64
LEAST = 2
MOST_TOLD = 5
ARRAYS = (".npz", ".npy")


def given(path: Path, spec: Spec, wish: int | None, facts: dict[str, Any]) -> Fakes:
    """`wish` random samples of those at a path, or all of them.

    Raises DataError for what cannot be read or is not of the data's shape, ConfigError where there
    are fewer than `wish`.
    """
    if path.suffix in ARRAYS:
        array = fitting(array_in(path), spec, path)
        rows = some(len(array), wish, path)
        chunks: Iterable[Tensor] = torch.from_numpy(array[rows]).split(CHUNK)
        return Fakes(len(rows), lambda: chunks, None, facts)
    if not spec.is_image:
        raise DataError(f"{path}: points are given as an .npz with `points`, float32 (N, 2)")
    tree = open_tree(path)
    rows = some(sum(map(is_picture, tree.names)), wish, path)
    wanted = set(rows.tolist())
    pictures = (picture for k, picture in enumerate(tree.pictures()) if k in wanted)
    return Fakes(len(rows), lambda: decoded(pictures, len(rows), spec), None, facts)


def some(there: int, wish: int | None, path: Path) -> np.ndarray:
    """The rows that are judged: all, or `wish` random ones. Raises ConfigError for too few."""
    if there < LEAST:
        raise ConfigError(f"{path}: {there} samples are too few to judge")
    if wish and there < wish:
        raise ConfigError(f"samples={wish}: {path} holds {there}; use samples={there} or less")
    return chosen(there, wish)


def array_in(path: Path) -> np.ndarray:
    """The array of a file: `images`, `points`, or the only one. Raises DataError."""
    try:
        found = np.load(path, allow_pickle=False)
        if isinstance(found, np.ndarray):
            return found
        names = [name for name in ("images", "points") if name in found] or found.files
        if len(names) != 1:
            raise ValueError(f"it holds {', '.join(names)}, and must hold `images` or `points`")
        return found[names[0]]
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} cannot be read: {error}") from error


def fitting(array: np.ndarray, spec: Spec, path: Path) -> np.ndarray:
    """The samples as they are kept, (N, *shape). Raises DataError for others than the data's."""
    if not spec.is_image:
        if array.shape[1:] != spec.shape or array.dtype.kind != "f":
            raise DataError(f"{path}: {described(array)}; {spec.name} has float (N, 2)")
        return array.astype(np.float32)
    channels, *sides = spec.shape
    if array.ndim == 3:
        array = array[..., None]
    if array.shape[1:] == (*sides, channels):
        array = array.transpose(0, 3, 1, 2)
    if array.dtype != np.uint8 or array.shape[1:] != spec.shape:
        raise DataError(
            f"{path}: {described(array)}; {spec.name} is judged as uint8 of 0 to 255, "
            f"{'x'.join(map(str, sides))} pixels, {channels} channels (dataset.resolution= "
            "says the size)"
        )
    return array


def described(array: np.ndarray) -> str:
    return f"{array.dtype} of shape {array.shape}"


def decoded(pictures: Iterator[Picture], count: int, spec: Spec) -> Iterator[Tensor]:
    """The pictures, uint8 (n, C, H, W). Raises DataError, with the bad ones."""
    good: list[Tensor] = []
    bad: list[str] = []
    for name, read in pictures:
        try:
            good.append(pixels(read(), spec))
        except UnidentifiedImageError:
            bad.append(f"{name}: no picture that Pillow knows")
        except Exception as error:  # decoders raise nearly anything on damaged files
            bad.append(f"{name}: {error}")
        if len(good) == CHUNK and not bad:
            yield torch.stack(good)
            good = []
    if bad:
        shown = "\n  ".join(bad[:MOST_TOLD])
        raise DataError(
            f"{len(bad)} of {count} pictures cannot be judged; the first are\n  {shown}"
        )
    if good:
        yield torch.stack(good)


def pixels(content: bytes, spec: Spec) -> Tensor:
    """One picture, uint8 (C, H, W). Raises ValueError where it is not of the data's shape."""
    channels, height, width = spec.shape
    with Image.open(io.BytesIO(content)) as image:
        image.load()
        if image.size != (width, height):
            raise ValueError(
                f"{image.width}x{image.height}, and {spec.name} is judged at {width}x{height}; "
                f"dataset.resolution= says the size"
            )
        colours = np.asarray(flattened(image).convert("RGB"))
    if channels == 1 and (colours != colours[..., :1]).any():
        raise ValueError(f"in colours, and {spec.name} is grey")
    return torch.from_numpy(colours[..., :channels].transpose(2, 0, 1).copy())
