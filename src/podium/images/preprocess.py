"""What is done to every image before it is stored: the same for training, validation, prediction and reports.

A centre crop is cut out of the decoded image. Everything else works on the resized one, in the order of the list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from podium.errors import UsageError
from podium.images.resize import Fit, resize_to
from podium.images.size import Size, height_and_width

__all__ = ["CutCentre", "Denoise", "EvenLight", "Preprocessing", "ToGrey", "cuts", "make_steps", "store_as"]

_Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class CutCentre:
    """Cuts the centre out of the decoded image, in its own pixels; a side that is shorter stays whole.

    Args:
        size_px: Side of the part, or [height, width].
    """

    size_px: int | tuple[int, int] = 224
    kind: Literal["centre_crop"] = "centre_crop"

    def __post_init__(self) -> None:
        if not all(1 <= side <= 10**5 for side in height_and_width(self.size_px)):
            raise UsageError("preprocessing: centre_crop: size_px: expected a side or [height, width] of 1 to 100000.")

    def change(self, pixels: _Pixels) -> _Pixels:
        """The centre of an image (H, W, 3)."""
        height, width = (min(pair) for pair in zip(height_and_width(self.size_px), pixels.shape[:2], strict=True))
        top, left = (pixels.shape[0] - height) // 2, (pixels.shape[1] - width) // 2
        return pixels[top : top + height, left : left + width]


@dataclass(frozen=True)
class ToGrey:
    """Removes the colour (luma of ITU-R BT.601); three equal channels stay."""

    kind: Literal["grayscale"] = "grayscale"

    def change(self, pixels: _Pixels) -> _Pixels:
        """The grey image, (H, W, 3)."""
        import cv2

        return np.asarray(cv2.cvtColor(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB), dtype=np.uint8)


@dataclass(frozen=True)
class EvenLight:
    """Equalizes the brightness tile by tile with limited contrast (CLAHE): for uneven light, X-rays, microscopes.

    Args:
        clip_limit: Highest count of a histogram's bin, as a multiple of the mean.
        tiles: Tiles along each side.

    Source:
        Zuiderveld 1994, "Contrast Limited Adaptive Histogram Equalization".
    """

    clip_limit: float = 2.0
    tiles: int = 8
    kind: Literal["clahe"] = "clahe"

    def __post_init__(self) -> None:
        if not (0 < self.clip_limit <= 256 and 1 <= self.tiles <= 64):
            raise UsageError("preprocessing: clahe: expected clip_limit above 0 and up to 256, and 1 to 64 tiles.")

    def change(self, pixels: _Pixels) -> _Pixels:
        """The image with even light, (H, W, 3)."""
        import cv2

        luma = cv2.cvtColor(pixels, cv2.COLOR_RGB2YCrCb)
        clahe = cv2.createCLAHE(self.clip_limit, (self.tiles, self.tiles))
        luma[..., 0] = clahe.apply(np.ascontiguousarray(luma[..., 0]))
        return np.asarray(cv2.cvtColor(luma, cv2.COLOR_YCrCb2RGB), dtype=np.uint8)


@dataclass(frozen=True)
class Denoise:
    """Removes noise by non-local means: each pixel becomes the mean of those with similar surroundings.

    Args:
        strength: How different surroundings may be, in levels; 3 is gentle, 10 smooths fine structure away.

    Source:
        Buades et al. 2005, "A non-local algorithm for image denoising".
    """

    strength: float = 3.0
    kind: Literal["denoise"] = "denoise"

    def __post_init__(self) -> None:
        if not 0 < self.strength <= 100:
            raise UsageError("preprocessing: denoise: expected a strength above 0 and up to 100.")

    def change(self, pixels: _Pixels) -> _Pixels:
        """The denoised image, (H, W, 3)."""
        import cv2

        return np.asarray(
            cv2.fastNlMeansDenoisingColored(pixels, None, self.strength, self.strength, 7, 15), dtype=np.uint8
        )


Preprocessing = CutCentre | ToGrey | EvenLight | Denoise
"""Every step there is; `kind` tells them apart."""
_STEPS: tuple[Callable[..., Preprocessing], ...] = (CutCentre, ToGrey, EvenLight, Denoise)
_KINDS = {step().kind: step for step in _STEPS}


def make_steps(records: Iterable[Mapping[str, Any]]) -> tuple[Preprocessing, ...]:
    """Steps from plain data, as `dataclasses.asdict` writes them.

    Example:
        >>> make_steps([{"kind": "centre_crop", "size_px": [350, 300]}])
        (CutCentre(size_px=(350, 300), kind='centre_crop'),)
    """
    steps = []
    for record in records:
        values = {name: tuple(value) if isinstance(value, list) else value for name, value in record.items()}
        steps.append(_KINDS[record["kind"]](**values))
    return tuple(steps)


def cuts(steps: Sequence[Preprocessing]) -> bool:
    """Whether a step counts the pixels of the decoded image, which then must not be decoded smaller."""
    return any(isinstance(step, CutCentre) for step in steps)


def store_as(pixels: _Pixels, size: Size, fit: Fit, steps: Sequence[Preprocessing] = ()) -> _Pixels:
    """A decoded image (H, W, 3) as it is stored: cut, resized to `size`, and changed.

    Example:
        >>> store_as(np.full((40, 80, 3), [200, 0, 0], np.uint8), (2, 2), "stretch", [ToGrey()])[0, 0].tolist()
        [60, 60, 60]
    """
    for step in steps:
        pixels = step.change(pixels) if isinstance(step, CutCentre) else pixels
    pixels = resize_to(pixels, *height_and_width(size), fit)
    for step in steps:
        pixels = pixels if isinstance(step, CutCentre) else step.change(pixels)
    return pixels
