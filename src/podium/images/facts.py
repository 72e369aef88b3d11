"""What a decode learns about a file besides its pixels."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ImageFacts"]


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """Small facts about one image file. They depend on its bytes and the limits, not on the size it was decoded to.

    Attributes:
        sha256: SHA-256 of the file's bytes, 64 hex digits.
        n_bytes: Size of the file.
        width: Width of the upright image in pixels.
        height: Height of the upright image in pixels.
        mode: Pillow's name of the stored pixels, such as "RGB", "P" or "I;16".
        format: "JPEG", "MPO" (a JPEG with further images), "PNG", "BMP", "GIF", "TIFF", "WEBP", "AVIF" or "PPM".
        orientation: EXIF orientation, 1 to 8; 1 where there is none. The pixels are already turned.
        phash: 64-bit perceptual hash of the upright image, 0 to 2**64 - 1.
        brightness: Mean luma of the upright image, 0 (black) to 1 (white).
        has_alpha: Whether the file declares transparency, used or not.
        n_frames: Images in the file; only the first is decoded.
        value_low: Smallest value of an image of more than 8 bits; 0 for others, as are the next three.
        value_high: Largest value.
        range_low: Value that became black.
        range_high: Value that became white.
    """

    sha256: str
    n_bytes: int
    width: int
    height: int
    mode: str
    format: str
    orientation: int
    phash: int
    brightness: float
    has_alpha: bool
    n_frames: int
    value_low: float = 0.0
    value_high: float = 0.0
    range_low: float = 0.0
    range_high: float = 0.0
