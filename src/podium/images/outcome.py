"""What became of an image file: one of a closed list of outcomes, never an exception."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from podium.images.facts import ImageFacts

__all__ = ["Decoded", "Outcome"]


class Outcome(StrEnum):
    """How a decode ended. Only `OK` comes with pixels."""

    OK = "ok"
    EMPTY = "empty"
    """The file has no bytes."""
    MISSING = "missing"
    """There is no file at this path."""
    UNREADABLE = "unreadable"
    """The operating system refuses: no permission, a folder, a pipe, a disk error."""
    NOT_AN_IMAGE = "not_an_image"
    """The first bytes belong to no image format."""
    UNSUPPORTED_FORMAT = "unsupported_format"
    """An image, but of a format or variant that is not decoded here (HEIC, PSD, 12-bit JPEG, ...)."""
    TRUNCATED = "truncated"
    """The file ends before its image does."""
    BROKEN = "broken"
    """The bytes contradict their format: wrong checksum, impossible field, bad stream."""
    TOO_LARGE = "too_large"
    """The header declares more pixels than the limit. Nothing was decoded."""
    TOO_MANY_BYTES = "too_many_bytes"
    """The file is larger than the limit. Nothing was read."""
    OUT_OF_MEMORY = "out_of_memory"
    """The image did not fit into the memory allowed."""
    TIMEOUT = "timeout"
    """The decode ran past its deadline and was stopped."""
    CRASHED = "crashed"
    """The worker process died while it held this image."""


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """The result of one decode.

    Attributes:
        pixels: Upright RGB, shape (H, W, 3), uint8, C-contiguous; None unless `outcome` is `Outcome.OK`.
        outcome: What happened.
        reason: Why, in one line for a person to read; empty when all is well.
        facts: What was learnt about the file; None unless `outcome` is `Outcome.OK`
            and facts were asked for.
    """

    pixels: NDArray[np.uint8] | None
    outcome: Outcome
    reason: str = ""
    facts: ImageFacts | None = None

    @property
    def is_ok(self) -> bool:
        """Whether there are pixels."""
        return self.outcome is Outcome.OK
