"""A signed picture is still that picture, and no other file passes for one."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from podium.report.own_png import is_own_png, sign_png


def png(colour: str = "red") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (5, 4), colour).save(buffer, "PNG")
    return buffer.getvalue()


def test_a_signed_picture_is_the_same_picture() -> None:
    signed = sign_png(png())
    assert is_own_png(signed)
    with Image.open(io.BytesIO(signed)) as image:
        image.load()  # Pillow checks the CRC of every chunk
        assert image.getpixel((0, 0)) == (255, 0, 0)
        assert len(image.info["podium"]) == 64


@pytest.mark.parametrize("data", [b"", b"\0", png(), png() * 2, sign_png(png()) + b"\n", sign_png(png())[:-1]])
def test_other_files_are_not_ours(data: bytes) -> None:
    assert not is_own_png(data)


def test_every_changed_byte_is_noticed() -> None:
    signed = sign_png(png())
    for place in range(len(signed)):
        assert not is_own_png(signed[:place] + bytes([signed[place] ^ 1]) + signed[place + 1 :])
