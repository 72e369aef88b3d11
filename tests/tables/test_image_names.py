"""Which names are images by their ending."""

from __future__ import annotations

import pytest

from podium.tables.image_names import IMAGE_EXTENSIONS, is_image_name


@pytest.mark.parametrize("extension", IMAGE_EXTENSIONS)
def test_every_ending_counts_in_any_case(extension: str) -> None:
    assert is_image_name(f"a/b.{extension}")
    assert is_image_name(f" b.{extension.upper()} ")
    assert not is_image_name(f"b{extension}")
    assert not is_image_name(f"b.{extension}.txt")


@pytest.mark.parametrize("name", ["", "jpg", "a.jpgx", "a.xjpg", "a.jpg/b", "12"])
def test_other_text_is_no_image(name: str) -> None:
    assert not is_image_name(name)
