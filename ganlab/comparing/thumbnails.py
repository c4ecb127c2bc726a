"""A run's newest grid of samples, small enough to be carried inside a page."""

import base64
import io
import logging
import math
from dataclasses import dataclass
from pathlib import Path

from ganlab.runs import Run

PIXELS = 200_000
"""Pictures of more are shrunk."""
BYTES = 60_000
"""Pictures of more are written anew."""
log = logging.getLogger("ganlab")


@dataclass(frozen=True)
class Thumbnail:
    """A picture as a `data:` address, its size in pixels, and the round that it was drawn after."""

    address: str
    width: int
    height: int
    round: int


def newest(run: Run) -> Path | None:
    """The last grid that a run drew."""
    drawn = (f for f in run.samples.glob("*.png") if f.stem.isdecimal())
    return max(drawn, key=lambda file: int(file.stem), default=None)


def thumbnail(file: Path) -> Thumbnail | None:
    """A picture to carry along; None, with a warning, for one that cannot be read."""
    from PIL import Image

    try:
        with Image.open(file) as picture:
            factor = max(1, math.ceil(math.sqrt(picture.width * picture.height / PIXELS)))
            if factor == 1 and file.stat().st_size <= BYTES:
                kind, content, (width, height) = "png", file.read_bytes(), picture.size
                picture.load()
            else:
                small = picture.convert("RGB").reduce(factor)
                out = io.BytesIO()
                small.save(out, "JPEG", quality=85)
                kind, content, (width, height) = "jpeg", out.getvalue(), small.size
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        log.warning(f"{file} cannot be shown ({error})")
        return None
    address = f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
    return Thumbnail(address, width, height, int(file.stem))
