"""What to do with each image of a batch, the same in a thread and in a worker process."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace

from podium.images.decode import Limits, decode_file
from podium.images.outcome import Decoded, Outcome
from podium.images.resize import Fit, resize_to

__all__ = ["Job", "do_job"]


@dataclass(frozen=True, slots=True)
class Job:
    """Decode, perhaps resize, perhaps drop the pixels.

    Attributes:
        limits: Refuse files beyond these.
        target_px: See `decode_bytes`; the longer side of `size` where None.
        with_facts: Whether to compute facts.
        with_pixels: Whether to hand the pixels back. An audit wants facts only.
        size: (height, width) to resize to; None keeps the picture's own size.
        fit: How to resize.
    """

    limits: Limits = field(default_factory=Limits)
    target_px: int | None = None
    with_facts: bool = True
    with_pixels: bool = True
    size: tuple[int, int] | None = None
    fit: Fit = "squash"


def do_job(path: str | os.PathLike[str], job: Job) -> Decoded:
    """The result for one file. Raises nothing for any file."""
    target_px = max(job.size) if job.target_px is None and job.size is not None else job.target_px
    result = decode_file(path, limits=job.limits, target_px=target_px, with_facts=job.with_facts)
    if result.pixels is None:
        return result
    if not job.with_pixels:
        return replace(result, pixels=None)
    if job.size is None:
        return result
    try:
        return replace(result, pixels=resize_to(result.pixels, *job.size, job.fit))
    except MemoryError:
        return Decoded(None, Outcome.OUT_OF_MEMORY, "no memory left to resize it")
