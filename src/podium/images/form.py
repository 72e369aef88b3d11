"""The form in which a network's images are stored, and one image in several forms as one array."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.images.preprocess import Preprocessing, cuts, make_steps
from podium.images.resize import Fit

__all__ = ["Form", "make_form", "pack_forms", "packed_shape"]


@dataclass(frozen=True, slots=True)
class Form:
    """How a file becomes an image of a network.

    Args:
        size: (height, width) of the stored image.
        fit: How an image of another shape is brought there.
        preprocessing: What is done beside resizing.
        value_range: Values of images of 16 bits and more that become black and white; None takes the whole range.
    """

    size: tuple[int, int]
    fit: Fit = "stretch"
    preprocessing: tuple[Preprocessing, ...] = ()
    value_range: tuple[float, float] | None = None

    @property
    def target_px(self) -> int | None:
        """See `decode_bytes`: how far a JPEG may be shrunk while it is decoded."""
        return None if cuts(self.preprocessing) else max(self.size)


def make_form(record: Mapping[str, Any]) -> Form:
    """A form from plain data, as `dataclasses.asdict` writes it.

    Example:
        >>> make_form({"size": [96, 128], "fit": "pad", "preprocessing": [], "value_range": None})
        Form(size=(96, 128), fit='pad', preprocessing=(), value_range=None)
    """
    size, value_range = record["size"], record["value_range"]
    return Form(
        (int(size[0]), int(size[1])),
        record["fit"],
        make_steps(record["preprocessing"]),
        None if value_range is None else (float(value_range[0]), float(value_range[1])),
    )


def packed_shape(forms: Sequence[Form]) -> tuple[int, int, int]:
    """Shape (height, width, channels) of one image in all of these forms.

    Example:
        >>> packed_shape([Form((96, 128)), Form((224, 64))])
        (224, 128, 6)
    """
    return max(form.size[0] for form in forms), max(form.size[1] for form in forms), 3 * len(forms)


def pack_forms(images: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """One image in several forms as one array: three channels each, in the upper left corner; a single form as it is.

    Args:
        images: uint8 (height, width, 3) each.

    Example:
        >>> pack_forms([np.ones((1, 2, 3), np.uint8), np.full((2, 1, 3), 5, np.uint8)])[:, :, [0, 3]].tolist()
        [[[1, 5], [1, 0]], [[0, 5], [0, 0]]]
    """
    if len(images) == 1:
        return images[0]
    height, width = (max(image.shape[axis] for image in images) for axis in (0, 1))
    packed = np.zeros((height, width, 3 * len(images)), np.uint8)
    for place, image in enumerate(images):
        packed[: image.shape[0], : image.shape[1], 3 * place : 3 * place + 3] = image
    return packed
