"""Images and their weights as scikit-learn's users give them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.errors import ImageError, LabelError
from podium.tables.soft_labels import check_weights

__all__ = ["list_given_images", "read_given_weights"]


def list_given_images(images: Any) -> Sequence[Any]:
    """The images one by one, whatever holds them: a list, a column of paths (N,) or (N, 1), or an array (N, H, W, 3).

    Raises:
        ImageError: If they are numbers that are no pictures.
    """
    values = images.to_numpy() if hasattr(images, "to_numpy") else images
    if isinstance(values, np.ndarray):
        if values.dtype.kind not in "OUS" and values.ndim < 3:
            raise ImageError(f"expected images or their paths, got {values.dtype} numbers of shape {values.shape}.")
        if values.dtype.kind in "OUS" and values.ndim == 2 and values.shape[1] == 1:
            values = values[:, 0]
        return list(values)
    return list(values)


def read_given_weights(sample_weight: Any, n: int) -> NDArray[np.float64] | None:
    """A weight of each image, shape (n,); None where there are none.

    Raises:
        LabelError: If there is not one for each image, or one is no number of at least 0.
    """
    if sample_weight is None:
        return None
    try:
        weight = np.array(sample_weight, dtype=np.float64)
    except (TypeError, ValueError):
        raise LabelError("sample_weight holds something that is no number.") from None
    if weight.shape != (n,):
        raise LabelError(f"sample_weight has shape {weight.shape}, expected ({n},), one for each image.")
    check_weights(weight)
    return weight
