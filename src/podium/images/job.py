"""What to do with each image of a batch, the same in a thread and in a worker process."""

from __future__ import annotations

import os
import zlib
from dataclasses import dataclass, field, replace

import numpy as np

from podium.durable import RowFile
from podium.images.crop import Box, crop
from podium.images.decode import Limits, decode_bytes, decode_file
from podium.images.facts import ImageFacts
from podium.images.form import Form, pack_forms
from podium.images.outcome import Decoded, Outcome
from podium.images.preprocess import Preprocessing, cuts, store_as
from podium.images.resize import Fit

__all__ = ["Item", "Job", "Stored", "do_item", "do_job", "store"]


Item = tuple[int, str | os.PathLike[str] | bytes] | tuple[int, str | os.PathLike[str], Box]
"""Number of an image, its path or the content of its file and, where only a part is wanted, the box of that part."""


@dataclass(frozen=True, slots=True)
class Job:
    """Decode, perhaps resize, perhaps write or drop the pixels.

    Attributes:
        limits: Refuse files beyond these.
        target_px: See `decode_bytes`; the longer side of `size` where None.
        with_facts: Whether to compute facts.
        with_pixels: Whether to hand the pixels back. An audit wants facts only.
        size: (height, width) to resize to; None keeps the image's own size.
        fit: How to resize.
        preprocessing: What is done beside resizing; needs `size`.
        also: More forms that the image is wanted in, each decoded for itself; the pixels are then those of
            `pack_forms`, the first form being that of this job. Needs `size`.
        rows: File with a row of pixels for each image, which then takes them; needs `size`.
        n_rows: Rows of that file.
    """

    limits: Limits = field(default_factory=Limits)
    target_px: int | None = None
    with_facts: bool = True
    with_pixels: bool = True
    size: tuple[int, int] | None = None
    fit: Fit = "stretch"
    preprocessing: tuple[Preprocessing, ...] = ()
    also: tuple[Form, ...] = ()
    rows: str | None = None
    n_rows: int = 0

    def open_rows(self) -> RowFile | None:
        """The file that takes the pixels, if there is one."""
        if self.rows is None or self.size is None:
            return None
        return RowFile(self.rows, self.n_rows, self.size[0] * self.size[1] * 3)


@dataclass(frozen=True, slots=True)
class Stored:
    """What is reported about an image whose pixels went into a row of a file.

    Attributes:
        row: Number of the row. It holds zeros unless the outcome is OK.
        outcome: How the decode ended.
        reason: Why it failed, "" where it did not.
        facts: What was learnt about the file; None unless the outcome is OK.
        crc32: CRC-32 of the row.
    """

    row: int
    outcome: Outcome
    reason: str
    facts: ImageFacts | None
    crc32: int


def do_job(file: str | os.PathLike[str] | bytes, job: Job, box: Box | None = None) -> Decoded:
    """The result for one file, named or given as bytes, or of a part of it. No content of a file raises anything."""
    if job.also:
        return _in_forms(file, job, box)
    target_px = job.target_px
    if target_px is None and job.size is not None and box is None and not cuts(job.preprocessing):
        target_px = max(job.size)
    if isinstance(file, bytes):
        result = decode_bytes(file, limits=job.limits, target_px=target_px, with_facts=job.with_facts)
    else:
        result = decode_file(file, limits=job.limits, target_px=target_px, with_facts=job.with_facts)
    if result.pixels is None:
        return result
    if not job.with_pixels:
        return replace(result, pixels=None)
    if job.size is None:
        return result
    try:
        pixels = result.pixels if box is None else crop(result.pixels, box)
        return replace(result, pixels=store_as(pixels, job.size, job.fit, job.preprocessing))
    except MemoryError:
        return Decoded(None, Outcome.OUT_OF_MEMORY, "out of memory while resizing")


def _in_forms(file: str | os.PathLike[str] | bytes, job: Job, box: Box | None) -> Decoded:
    """The image in each form, packed; the first failure is the whole one's."""
    found = [do_job(file, replace(job, also=()), box)]
    for form in job.also:
        limits = replace(job.limits, value_range=form.value_range)
        changed = replace(
            job, limits=limits, target_px=None, size=form.size, fit=form.fit, preprocessing=form.preprocessing, also=()
        )
        found.append(do_job(file, changed, box))
    if failed := [result for result in found if result.pixels is None]:
        return failed[0]
    return replace(found[0], pixels=pack_forms([result.pixels for result in found if result.pixels is not None]))


def do_item(item: Item, job: Job, rows: RowFile | None) -> Decoded | Stored:
    """The result for one numbered file, its pixels written into the row of that number where there are rows."""
    result = do_job(item[1], job, item[2] if len(item) == 3 else None)
    return result if rows is None else store(result, item[0], rows)


def store(result: Decoded, row: int, rows: RowFile) -> Stored:
    """Writes the pixels of a result, or zeros: the row may hold what a worker left that died."""
    pixels = np.zeros(rows.row_bytes, np.uint8) if result.pixels is None else result.pixels
    data = np.ascontiguousarray(pixels).data.cast("B")
    rows.write(row, data)
    return Stored(row, result.outcome, result.reason, result.facts, zlib.crc32(data))
