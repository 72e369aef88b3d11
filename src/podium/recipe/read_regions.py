"""Chains of detectors and room around boxes as people write them in a recipe."""

from __future__ import annotations

from typing import Any

from podium.errors import UsageError
from podium.regions import Padding, read_chain
from podium.regions.padding import read_padding

__all__ = ["read_links", "read_pad"]


def read_links(value: Any) -> list[str]:
    """The links of a chain, in one spelling.

    Raises:
        ValueError: If one cannot be read.

    Example:
        >>> read_links("retinaface>centre"), read_links([])
        (['retinaface', 'centre:0.8'], [])
    """
    words = [value] if isinstance(value, str) else value
    if not isinstance(words, list | tuple) or not all(isinstance(word, str) for word in words):
        raise ValueError("expected detectors, such as retinaface>mtcnn>centre")
    try:
        return read_chain(value).names() if words else []
    except UsageError as error:
        raise ValueError(f"{error.what} expected detectors: {error.fix}") from None


def read_pad(value: Any) -> Padding:
    """The room around a box.

    Raises:
        ValueError: If it is neither one number nor four.

    Example:
        >>> read_pad([1, 1, 1, 1])
        1.0
    """
    try:
        return read_padding(value)
    except UsageError as error:
        raise ValueError(f"{error.what} expected padding: {error.fix}") from None
