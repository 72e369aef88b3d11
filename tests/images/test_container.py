from __future__ import annotations

import io

import pytest
from PIL import Image, features

from podium.images.container import is_cut_short, sniff_foreign_format, sniff_format

FORMATS = ["JPEG", "PNG", "BMP", "GIF", "TIFF", "WEBP", *(["AVIF"] if features.check("avif") else [])]


def encode(kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise((50, 40), 60).convert("RGB").save(buffer, kind)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", FORMATS)
def test_sniffs_what_pillow_writes(kind: str) -> None:
    data = encode(kind)
    assert sniff_format(data) == kind
    assert sniff_foreign_format(data) is None


@pytest.mark.parametrize("kind", FORMATS)
def test_whole_files_are_whole_and_cut_files_are_cut(kind: str) -> None:
    data = encode(kind)
    assert not is_cut_short(data)
    if kind != "AVIF":  # there, further boxes are part of the file
        assert not is_cut_short(data + b"\0trailing bytes are none of our business")
    for length in range(16, len(data) - 4, 97):
        assert is_cut_short(data[:length])


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"8BPS\0\1", "Photoshop"),
        (b"\0\0\0\x0cjP  \r\n", "JPEG 2000"),
        (b"P7\nWIDTH 1\n", "PNM"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
        (b"  <!-- made by hand --><svg width='1'>", "SVG"),
        (b"plain text", None),
        (b"", None),
    ],
)
def test_foreign_formats(data: bytes, name: str | None) -> None:
    assert sniff_foreign_format(data) == name
    assert sniff_format(data) is None
