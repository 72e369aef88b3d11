"""Sheets of maps that travel inside the page."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path

from podium.images import decode_file, encode_jpeg_thumbnail
from podium.report.thumbnails import Thumbnail

__all__ = ["SheetBook"]

_WIDTH_PX = 1100


@dataclass
class SheetBook:
    """Sheets by the name of their file, as JPEG, which takes a tenth of the PNG.

    Args:
        folder: Where the files are.
        max_bytes: Bytes that all sheets may take inside the page; further ones are left out.
    """

    folder: Path
    max_bytes: int = 2_000_000
    _n_bytes: int = 0

    def take(self, name: str) -> Thumbnail:
        """A sheet, or why there is none."""
        if self._n_bytes >= self.max_bytes:
            return Thumbnail("", f"left out to keep the page small: {name}")
        decoded = decode_file(self.folder / name, with_facts=False)
        if decoded.pixels is None:
            return Thumbnail("", f"{name}: {decoded.outcome.value.replace('_', ' ')}")
        data = base64.b64encode(encode_jpeg_thumbnail(decoded.pixels, _WIDTH_PX, 70)).decode("ascii")
        self._n_bytes += len(data)
        return Thumbnail(f"data:image/jpeg;base64,{data}")
