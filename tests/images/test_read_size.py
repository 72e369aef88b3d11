"""Sizes from headers alone."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image, features

from podium.images import read_size

FORMATS = ["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", *(["AVIF"] if features.check("avif") else [])]


@pytest.mark.parametrize("kind", FORMATS)
def test_the_size_is_that_of_the_stored_image(tmp_path: Path, kind: str) -> None:
    Image.new("RGB", (31, 20), "red").save(tmp_path / "a", kind)
    assert read_size(tmp_path / "a") == (20, 31)
    assert read_size(str(tmp_path / "a")) == (20, 31)


def test_orientation_is_not_applied(tmp_path: Path) -> None:
    image = Image.new("RGB", (31, 20))
    image.getexif()[0x0112] = 6
    image.save(tmp_path / "a.jpg", exif=image.getexif())
    assert read_size(tmp_path / "a.jpg") == (20, 31)


def test_pixels_are_not_needed_and_not_decoded(tmp_path: Path) -> None:
    """A header of 4 gigapixels is answered at once; so is a file whose pixels are missing."""
    header = struct.pack(">IIBBBBB", 13_000, 12_000, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + b"IHDR" + header + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I", 10**6) + b"IDAT")
    assert read_size(tmp_path / "a.png") == (12_000, 13_000)


def test_what_has_no_readable_header_has_no_size(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "text").write_text("no image at all")
    (tmp_path / "short").write_bytes(b"\x89PNG\r\n\x1a\n")
    (tmp_path / "photoshop").write_bytes(b"8BPS" + bytes(100))
    (tmp_path / "folder").mkdir()
    for name in ("empty", "text", "short", "photoshop", "folder", "missing"):
        assert read_size(tmp_path / name) is None, name
    assert read_size(os.fsdecode(b"\xff/missing")) is None
