"""Which names are images by their ending."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from podium.images import Outcome, decode_bytes
from podium.tables.image_names import IMAGE_EXTENSIONS, IMAGE_FORMATS, is_image_name


@pytest.mark.parametrize("extension", IMAGE_EXTENSIONS)
def test_every_ending_counts_in_any_case(extension: str) -> None:
    assert is_image_name(f"a/b.{extension}")
    assert is_image_name(f" b.{extension.upper()} ")
    assert not is_image_name(f"b{extension}")
    assert not is_image_name(f"b.{extension}.txt")


@pytest.mark.parametrize(("kind", "ending"), [(kind, end) for kind, ends in IMAGE_FORMATS.items() for end in ends])
def test_what_a_scan_offers_can_be_decoded(kind: str, ending: str) -> None:
    if kind not in Image.SAVE:
        pytest.skip(f"this build of Pillow writes no {kind}")
    mode = {"pgm": "L", "pbm": "1"}.get(ending, "RGB")
    file = io.BytesIO()
    Image.new(mode, (4, 4)).save(file, kind)
    result = decode_bytes(file.getvalue())
    assert result.outcome is Outcome.OK
    assert result.facts is not None
    assert result.facts.format == kind


@pytest.mark.parametrize("name", ["", "jpg", "a.jpgx", "a.xjpg", "a.jpg/b", "12"])
def test_other_text_is_no_image(name: str) -> None:
    assert not is_image_name(name)
