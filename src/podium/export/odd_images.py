"""Files as cameras and programs write them: turned by EXIF, with alpha, grey, 16 bits, CMYK, a palette, one pixel."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["odd_images"]

_ORIENTATION = 0x0112


def odd_images(photo: NDArray[np.uint8]) -> dict[str, bytes]:
    """Odd files made of a photo, uint8 (H, W, 3), by a name that says what is odd.

    Example:
        >>> list(odd_images(np.zeros((4, 6, 3), np.uint8)))[:3]
        ['an EXIF turn', 'alpha', 'a grey image']
    """
    image = Image.fromarray(photo)
    turned = image.getexif()
    turned[_ORIENTATION] = 6
    alpha = np.linspace(0, 255, photo.shape[1]).astype(np.uint8)[None, :].repeat(photo.shape[0], axis=0)
    clear = image.copy()
    clear.putalpha(Image.fromarray(alpha))
    deep = Image.fromarray(photo[..., 0].astype(np.uint16) * 257)
    return {
        "an EXIF turn": _write(image, "JPEG", exif=turned.tobytes(), quality=92),
        "alpha": _write(clear, "PNG"),
        "a grey image": _write(image.convert("L"), "PNG"),
        "16 bits": _write(deep, "PNG"),
        "CMYK": _write(image.convert("CMYK"), "JPEG", quality=92),
        "a palette": _write(image.quantize(64), "PNG"),
        "one pixel": _write(image.crop((0, 0, 1, 1)), "PNG"),
        "a narrow strip": _write(image.crop((0, 0, image.width, 1)), "PNG"),
        "a large image": _write(image.resize((1201, 1603)), "PNG"),
    }


def _write(image: Image.Image, kind: str, **how: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **how)
    return file.getvalue()
