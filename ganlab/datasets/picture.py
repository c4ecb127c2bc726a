"""Decoding one picture, whatever its mode."""

import contextlib
import io

import numpy as np
from PIL import Image, ImageOps

WHITE = (255, 255, 255, 255)
SIXTEEN_BITS = frozenset(("I", "I;16", "I;16B", "I;16L", "I;16N"))


def decode(content: bytes, channels: int, resolution: int) -> tuple[np.ndarray, tuple[int, int]]:
    """The picture as uint8 (channels, resolution, resolution), and its own (width, height).

    Turned as its EXIF orientation says, transparency over white, 16 bits scaled to 8, the short
    side resized (bicubic, antialiased) and the middle cut out. Raises what Pillow raises.
    """
    with Image.open(io.BytesIO(content)) as image:
        image.load()
        upright: Image.Image = image
        with contextlib.suppress(Exception):  # a broken orientation tag is no reason to refuse
            upright = ImageOps.exif_transpose(image)
    plain = flattened(upright).convert("RGB" if channels == 3 else "L")
    square = ImageOps.fit(plain, (resolution, resolution), Image.Resampling.BICUBIC)
    pixels = np.asarray(square).reshape(resolution, resolution, channels)
    return pixels.transpose(2, 0, 1), upright.size


def flattened(image: Image.Image) -> Image.Image:
    """Eight bits a channel, without transparency."""
    if image.mode in SIXTEEN_BITS:
        wide = np.asarray(image).astype(np.float64)
        return Image.fromarray(np.rint(wide.clip(0, 65535) / 257).astype(np.uint8))
    if image.mode == "F":
        raise ValueError("floating-point pixels have no fixed range")
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layer.size, WHITE), layer).convert("RGB")
    return image
