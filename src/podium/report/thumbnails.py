"""Thumbnails that travel inside the page."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

from podium.images import Limits, decode_file, encode_jpeg_thumbnail
from podium.tables import Samples

__all__ = ["Thumbnail", "ThumbnailBook"]

SIDE_PX = 144
"""Longer side of a thumbnail."""


@dataclass(frozen=True)
class Thumbnail:
    """A thumbnail as a data address, or why there is none."""

    address: str
    problem: str = ""


@dataclass
class ThumbnailBook:
    """Thumbnails of samples, each made once.

    Args:
        samples: Where the files are.
        limits: How the files were decoded for the model.
        max_bytes: Bytes that all thumbnails may take inside the page; further ones are left out.
    """

    samples: Samples
    limits: Limits = field(default_factory=Limits)
    max_bytes: int = 1_800_000
    _made: dict[str, Thumbnail] = field(default_factory=dict)
    _n_bytes: int = 0

    def take(self, name: str) -> Thumbnail:
        """The thumbnail of a sample by its id."""
        if name not in self._made:
            self._made[name] = self._make(int(self.samples.rows_of([name])[0]))
        thumbnail = self._made[name]
        # An address stands in the page as often as it is shown.
        self._n_bytes += len(thumbnail.address)
        return thumbnail

    def _make(self, row: int) -> Thumbnail:
        if self._n_bytes >= self.max_bytes:
            return Thumbnail("", "left out to keep the page small")
        decoded = decode_file(self.samples.file(row), limits=self.limits, target_px=SIDE_PX, with_facts=False)
        if decoded.pixels is None:
            return Thumbnail("", decoded.outcome.value.replace("_", " "))
        data = encode_jpeg_thumbnail(decoded.pixels, SIDE_PX)
        return Thumbnail("data:image/jpeg;base64," + base64.b64encode(data).decode("ascii"))
