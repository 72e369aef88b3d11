"""What is done to the pixels of a finished image beyond one linear map of its colours: OpenCV on uint8, in place.

Each operation takes an image (h, w, 3) and the numbers that were drawn for it. `Step` holds both for a batch, so a
list of augmentations, or a policy that chooses among them, is a list of steps. `device_operations.py` holds the same
operations for a batch of tensors.

Source:
    Brightness to equalize are those of Pillow's ImageEnhance and ImageOps, which AutoAugment and its successors were
    tuned with; torchvision's are the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from podium.data.noise import noise_of

__all__ = ["CODES", "KEEP", "LUMA", "OPERATIONS", "Step", "blur_radius", "operate"]

_Image = NDArray[np.uint8]
_Numbers = list[float]

KEEP = 0
"""The code of no operation."""
LUMA = (0.299, 0.587, 0.114)
"""Of ITU-R BT.601, as Pillow and torchvision use it."""
_LEVELS = np.arange(256, dtype=np.float64)
_SOFTEN = np.array([[1, 1, 1], [1, 5, 1], [1, 1, 1]], dtype=np.float32) / 13


@dataclass(frozen=True, eq=False)
class Step:
    """One operation on each of B images.

    Attributes:
        codes: Which operation, a value of `CODES`, or KEEP; shape (B,).
        numbers: What it is done with, shape (B, P).
    """

    codes: NDArray[np.int64]
    numbers: NDArray[np.float64]

    @classmethod
    def of(cls, name: str, happens: NDArray[np.bool_], *numbers: NDArray[np.float64]) -> Step:
        """One operation where it happens, with one array (B,) for each of its numbers."""
        columns = numbers or (np.zeros(len(happens)),)
        return cls(np.where(happens, CODES[name], KEEP), np.column_stack(columns))

    def part(self, where: slice) -> Step:
        """The step of some of the images."""
        return Step(self.codes[where], self.numbers[where])


def operate(image: _Image, code: int, numbers: _Numbers) -> None:
    """Do one operation to `image` (h, w, 3), in place."""
    if code != KEEP:
        _IN_ORDER[code - 1](image, numbers)


def _brightness(image: _Image, numbers: _Numbers) -> None:
    """Levels times a factor."""
    _look_up(image, numbers[0] * _LEVELS)


def _contrast(image: _Image, numbers: _Numbers) -> None:
    """Distance from the mean grey times a factor."""
    mean = math.floor(float(np.dot(LUMA, cv2.mean(image)[:3])) + 0.5)
    _look_up(image, mean + numbers[0] * (_LEVELS - mean))


def _saturation(image: _Image, numbers: _Numbers) -> None:
    """Distance of each pixel from its own grey times a factor."""
    blend = numbers[0] * np.eye(3) + (1 - numbers[0]) * np.tile(LUMA, (3, 1))
    cv2.transform(image, blend, dst=image)


def _sharpness(image: _Image, numbers: _Numbers) -> None:
    """Distance from the softened image times a factor; the outermost pixels stay."""
    soft = cv2.filter2D(image, -1, _SOFTEN)
    inner = np.s_[1:-1, 1:-1]
    image[inner] = cv2.addWeighted(image, numbers[0], soft, 1 - numbers[0], 0.0)[inner]


def _posterize(image: _Image, numbers: _Numbers) -> None:
    """Only the highest bits of each level stay."""
    np.bitwise_and(image, 256 - (1 << (8 - int(numbers[0]))), out=image)


def _solarize(image: _Image, numbers: _Numbers) -> None:
    """Levels from a threshold on are inverted."""
    _look_up(image, np.where(numbers[0] <= _LEVELS, 255 - _LEVELS, _LEVELS))


def _invert(image: _Image, numbers: _Numbers) -> None:
    """The negative."""
    cv2.bitwise_not(image, dst=image)


def _auto_contrast(image: _Image, numbers: _Numbers) -> None:
    """The lowest level of each channel becomes 0 and the highest 255."""
    ends = [cv2.minMaxLoc(channel)[:2] for channel in cv2.split(image)]
    low, high = np.array(ends, dtype=np.float64).T
    span = np.where(high > low, high - low, 255.0)
    tables = (_LEVELS[:, None] - np.where(high > low, low, 0.0)) * (255.0 / span)
    cv2.LUT(image, _whole_levels(np.floor(tables + 1e-9)), dst=image)


def _equalize(image: _Image, numbers: _Numbers) -> None:
    """Levels of each channel that are about as frequent as one another."""
    tables = np.stack(
        [_equalizing(cv2.calcHist([image], [c], None, [256], [0, 256]).ravel()) for c in range(3)], axis=1
    )
    cv2.LUT(image, _whole_levels(tables), dst=image)


def _equalizing(counts: NDArray[np.float32]) -> NDArray[np.float64]:
    """Pillow's table for one histogram: each level becomes the share of pixels below it."""
    whole = counts.astype(np.int64)
    step = int(whole.sum() - whole[np.flatnonzero(whole)[-1]]) // 255
    return _LEVELS if step == 0 else np.asarray((np.cumsum(whole) - whole + step // 2) // step, dtype=np.float64)


def _hue(image: _Image, numbers: _Numbers) -> None:
    """Hue turned by a share of the circle; value and saturation (HSV) stay."""
    # In whole numbers a hue would have 180 or 256 steps, and a colour be off by several levels.
    hsv = cv2.cvtColor(image.astype(np.float32), cv2.COLOR_RGB2HSV)
    hsv[..., 0] += np.float32(360 * (numbers[0] % 1))
    hsv[..., 0] %= 360
    image[:] = np.rint(np.clip(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), 0, 255))


def _blur(image: _Image, numbers: _Numbers) -> None:
    """A Gaussian of so many pixels, cut at three deviations; borders are mirrored."""
    side = 2 * blur_radius(numbers[0]) + 1
    cv2.GaussianBlur(image, (side, side), numbers[0], dst=image, borderType=cv2.BORDER_REFLECT_101)


def blur_radius(sigma: float) -> int:
    """Pixels on each side that a Gaussian of deviation `sigma` looks at."""
    return math.ceil(3 * sigma)


def _noise(image: _Image, numbers: _Numbers) -> None:
    """Nearly Gaussian noise of a deviation in levels, other for every pixel and channel."""
    noise = noise_of(int(numbers[1]), image.size).reshape(image.shape)
    image[:] = np.rint(np.clip(image + np.float32(numbers[0]) * noise, 0, 255))


def _clahe(image: _Image, numbers: _Numbers) -> None:
    """Contrast-limited adaptive histogram equalization of the luma; colours keep their distance from grey."""
    luma = cv2.cvtColor(image, cv2.COLOR_RGB2YCrCb)
    tiles = int(numbers[1])
    luma[..., 0] = cv2.createCLAHE(numbers[0], (tiles, tiles)).apply(np.ascontiguousarray(luma[..., 0]))
    cv2.cvtColor(luma, cv2.COLOR_YCrCb2RGB, dst=image)


def _jpeg(image: _Image, numbers: _Numbers) -> None:
    """Written as a JPEG of a quality from 1 to 100, and read again."""
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(numbers[0])]
    data = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), quality)[1]
    cv2.cvtColor(cv2.imdecode(data, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB, dst=image)


def _shear_x(image: _Image, numbers: _Numbers) -> None:
    """Read so many pixels further right for each row down."""
    _warp(image, [[1, numbers[0], 0], [0, 1, 0]])


def _shear_y(image: _Image, numbers: _Numbers) -> None:
    """Read so many pixels further down for each column."""
    _warp(image, [[1, 0, 0], [numbers[0], 1, 0]])


def _translate_x(image: _Image, numbers: _Numbers) -> None:
    """Moved to the right by a share of the width, in whole pixels."""
    _warp(image, [[1, 0, -float(round(numbers[0] * image.shape[1]))], [0, 1, 0]])


def _translate_y(image: _Image, numbers: _Numbers) -> None:
    """Moved down by a share of the height, in whole pixels."""
    _warp(image, [[1, 0, 0], [0, 1, -float(round(numbers[0] * image.shape[0]))]])


def _rotate(image: _Image, numbers: _Numbers) -> None:
    """Turned counter-clockwise about the centre, in degrees."""
    centre = ((image.shape[1] - 1) / 2, (image.shape[0] - 1) / 2)
    _warp(image, np.asarray(cv2.getRotationMatrix2D(centre, -numbers[0], 1.0)))


def _warp(image: _Image, to_source: list[list[float]] | NDArray[np.float64]) -> None:
    """Read bilinearly where an affine map of pixel centres says, shape (2, 3); borders are mirrored."""
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size, matrix = (image.shape[1], image.shape[0]), np.asarray(to_source, dtype=np.float64)
    image[:] = cv2.warpAffine(image, matrix, size, flags=flags, borderMode=cv2.BORDER_REFLECT_101)


def _mix_chains(image: _Image, numbers: _Numbers) -> None:
    """The weighted mean of the image and of what chains of operations make of it.

    The numbers are the chains' length, the image's weight, then for each chain its weight and a code and a number for
    each operation.
    """
    length, total = int(numbers[0]), image * np.float32(numbers[1])
    chains = np.reshape(numbers[2:], (-1, 1 + 2 * length)).tolist()
    for weight, *operations in chains:
        changed = image.copy()
        for code, number in zip(operations[::2], operations[1::2], strict=True):
            operate(changed, int(code), [number])
        total += np.float32(weight) * changed
    image[:] = np.rint(np.clip(total, 0, 255))


def _look_up(image: _Image, levels: NDArray[np.float64]) -> None:
    cv2.LUT(image, _whole_levels(levels), dst=image)


def _whole_levels(levels: NDArray[np.float64]) -> _Image:
    """A table, (256,) or one a channel (256, 3), as OpenCV wants it."""
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8).reshape(1, 256, *levels.shape[1:])


OPERATIONS: dict[str, Callable[[_Image, _Numbers], None]] = {
    "brightness": _brightness,
    "contrast": _contrast,
    "saturation": _saturation,
    "sharpness": _sharpness,
    "posterize": _posterize,
    "solarize": _solarize,
    "invert": _invert,
    "auto_contrast": _auto_contrast,
    "equalize": _equalize,
    "hue": _hue,
    "blur": _blur,
    "noise": _noise,
    "clahe": _clahe,
    "jpeg": _jpeg,
    "shear_x": _shear_x,
    "shear_y": _shear_y,
    "translate_x": _translate_x,
    "translate_y": _translate_y,
    "rotate": _rotate,
    "mix_chains": _mix_chains,
}
"""Every operation by name."""
_IN_ORDER = tuple(OPERATIONS.values())
CODES = {name: code for code, name in enumerate(OPERATIONS, start=KEEP + 1)}
"""The code of each operation."""
