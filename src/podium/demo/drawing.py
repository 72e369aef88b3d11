"""Letters as masks, and the paper they are drawn on."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from podium.demo.fonts import load_font

__all__ = ["Stroke", "draw_letter", "encode_png", "smooth_noise"]

_FINER = 2  # masks are drawn this many times larger, then reduced, for smooth edges


@dataclass(frozen=True)
class Stroke:
    """How one letter is drawn.

    Args:
        file: Font file.
        height_px: Height of the letter's box in the image, before it is turned.
        thicken: Added to each side of every stroke, as a fraction of the height.
        shear: Sideways shift per pixel of height; positive leans to the right.
        turn_deg: Rotation against the clock.
        stretch: Width over height, relative to the font's own.
        wave: Amplitude of a wavy distortion, as a fraction of the height.
        phase: Where that wave starts, in radians.
    """

    file: str
    height_px: float
    thicken: float = 0.0
    shear: float = 0.0
    turn_deg: float = 0.0
    stretch: float = 1.0
    wave: float = 0.0
    phase: float = 0.0


def draw_letter(letter: str, stroke: Stroke, *, size_px: int, centre: tuple[float, float]) -> NDArray[np.float32]:
    """Coverage by the ink of one letter, float32 (H, W) in [0, 1].

    Args:
        letter: One character.
        stroke: How it is drawn.
        size_px: Height and width of the image.
        centre: Where the middle of the letter comes to lie, x and y in pixels.
    """
    glyph = _draw_upright(letter, stroke)
    # Only a window around the letter is worked on; its corner lies on a whole pixel of the image.
    half = math.ceil(0.65 * math.hypot(*glyph.size) / _FINER) + 2
    left, top = (math.floor(value) - half for value in centre)
    middle = ((centre[0] - left) * _FINER, (centre[1] - top) * _FINER)
    side = 2 * half * _FINER
    turned = glyph.transform(
        (side, side), Image.Transform.AFFINE, _placement(glyph.size, stroke, middle), Image.Resampling.BILINEAR
    )
    if stroke.wave:
        turned = Image.fromarray(_wave(np.asarray(turned), stroke))
    # A crop may reach beyond the window; what lies there is 0.
    window = turned.reduce(_FINER).crop((-left, -top, size_px - left, size_px - top))
    return np.asarray(window, dtype=np.float32) / np.float32(255)


def _draw_upright(letter: str, stroke: Stroke) -> Image.Image:
    """The letter alone in the smallest box, with a margin, at the finer scale."""
    probe = load_font(stroke.file, 100).getbbox("H")
    font = load_font(stroke.file, round(100 * _FINER * stroke.height_px / (probe[3] - probe[1])))
    width = round(stroke.thicken * stroke.height_px * _FINER)
    left, top, right, bottom = font.getbbox(letter, stroke_width=width)
    image = Image.new("L", (math.ceil(right - left) + 4, math.ceil(bottom - top) + 4))
    ImageDraw.Draw(image).text((2 - left, 2 - top), letter, fill=255, font=font, stroke_width=width)
    return image


def _placement(
    box: tuple[int, int], stroke: Stroke, middle: tuple[float, float]
) -> tuple[float, float, float, float, float, float]:
    """The affine map from a pixel of the image to one of the upright letter, as Pillow wants it."""
    cos, sin = math.cos(math.radians(stroke.turn_deg)), math.sin(math.radians(stroke.turn_deg))
    forward = np.array([[cos, sin], [-sin, cos]]) @ np.array([[stroke.stretch, -stroke.shear], [0.0, 1.0]])
    back = np.linalg.inv(forward)
    shift = np.array(box) / 2 - back @ np.array(middle)
    return tuple(float(x) for x in (*back[0], shift[0], *back[1], shift[1]))  # type: ignore[return-value]


def _wave(mask: NDArray[np.uint8], stroke: Stroke) -> NDArray[np.uint8]:
    """The mask with each row moved sideways and each column up and down, along sines."""
    side = len(mask)
    at = np.arange(side)
    height = stroke.height_px * _FINER
    offset = np.rint(stroke.wave * height * np.sin(stroke.phase + 2 * np.pi * at / (1.3 * height))).astype(np.int64)
    rows = np.clip(at[:, None] + offset[None, :], 0, side - 1)
    columns = np.clip(at[None, :] + offset[:, None], 0, side - 1)
    return np.asarray(mask[rows, columns])


def smooth_noise(rng: np.random.Generator, size_px: int, cells: int) -> NDArray[np.float32]:
    """Clouds: random values on a grid of cells, blended; float32 (H, W), roughly in [-1, 1]."""
    grid = rng.uniform(-1, 1, size=(cells + 1, cells + 1)).astype(np.float32)
    return np.asarray(Image.fromarray(grid).resize((size_px, size_px), Image.Resampling.BICUBIC), dtype=np.float32)


def encode_png(pixels: NDArray[np.floating]) -> bytes:
    """Values in [0, 1], shape (H, W) or (H, W, 3), as the bytes of a PNG."""
    image = Image.fromarray(np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8))
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", compress_level=3)
    return buffer.getvalue()
