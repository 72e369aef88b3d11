"""Bursts cut out of drawn pictures: the frames of an object differ in zoom, place and light, so no hash finds them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

__all__ = ["draw_bursts", "draw_picture"]


def draw_picture(rng: np.random.Generator, side: int = 96) -> Image.Image:
    """Soft coloured noise; no two pictures are alike."""
    noise = Image.fromarray(rng.integers(0, 256, (6, 6, 3), dtype=np.uint8))
    fine = Image.fromarray(rng.integers(0, 256, (24, 24, 3), dtype=np.uint8)).resize((side, side))
    return Image.blend(noise.resize((side, side), Image.Resampling.BICUBIC), fine, 0.3).filter(
        ImageFilter.GaussianBlur(1)
    )


def draw_bursts(folder: Path, *, n_objects: int, n_frames: int, n_classes: int = 2, seed: int = 0) -> Path:
    """Write `<class>/<track>_<frame>.jpg`; the class of an object is drawn by lot. Gives the folder."""
    rng = np.random.default_rng(seed)
    for track in range(n_objects):
        place = folder / f"c{track % n_classes}"
        place.mkdir(parents=True, exist_ok=True)
        picture = draw_picture(rng)
        for frame in range(n_frames):
            part = picture.width * (0.6 + 0.3 * frame / max(1, n_frames - 1))
            x, y = rng.uniform(0, picture.width - part, 2)
            shot = picture.resize((48, 48), Image.Resampling.BILINEAR, box=(x, y, x + part, y + part))
            shot = ImageEnhance.Brightness(shot).enhance(rng.uniform(0.75, 1.25))
            shot.save(place / f"{track:05d}_{frame:05d}.jpg", quality=90)
    return folder
