"""Thumbnails kept with a cache are those of its pixels, whatever became of their file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from podium.data import cache_thumbnails
from podium.data.cache_thumbnails import cached_thumbnails
from podium.data.image_cache import THUMBNAILS_NAME
from podium.twins import make_thumbnails

from .test_image_cache import make_cache


def test_they_are_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = make_cache(tmp_path)
    expected = make_thumbnails(cache.pixels)
    assert np.array_equal(cached_thumbnails(cache), expected)
    n_made = []
    monkeypatch.setattr(cache_thumbnails, "make_thumbnails", lambda p: n_made.append(len(p)) or make_thumbnails(p))
    assert np.array_equal(cached_thumbnails(cache), expected)
    assert n_made == [1]  # for their size


@pytest.mark.parametrize("damage", ["a bit", "cut", "zeros", "of another cache", "gone"])
def test_damaged_ones_are_made_again(tmp_path: Path, damage: str) -> None:
    cache = make_cache(tmp_path)
    expected = np.array(cached_thumbnails(cache))
    path = tmp_path / THUMBNAILS_NAME
    whole = path.read_bytes()
    changed = {
        "a bit": bytes([whole[0] ^ 1]) + whole[1:],
        "cut": whole[:-1],
        "zeros": bytes(len(whole)),
        "of another cache": bytes(len(whole) - 32) + cache_thumbnails._digest(cache, b"other"),
    }
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(changed[damage])
    assert np.array_equal(cached_thumbnails(cache), expected)
    assert path.read_bytes() == whole
