"""A finished cache: opened as written, refused when it is not."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from podium.data.cache_facts import facts_record, write_facts
from podium.data.image_cache import (
    FACTS_NAME,
    MARK_NAME,
    PIXELS_NAME,
    ImageCache,
    is_complete,
    open_cache,
    write_mark,
)
from podium.errors import CorruptFileError, SourceError, StorageError
from podium.images import ImageFacts, Outcome, Stored
from podium.tables import as_text_array

PIXELS = np.random.default_rng(0).integers(0, 256, (5, 4, 6, 3), dtype=np.uint8)
PIXELS[3] = 0
MARK: dict[str, Any] = {"request": "r" * 32, "key": "k" * 32, "n_images": 5, "height": 4, "width": 6}
FACTS = ImageFacts("ab" * 32, 9, 8, 7, "RGB", "PNG", 1, 1, 0.5, False, 1)


def make_cache(folder: Path) -> ImageCache:
    """A cache of five images, of which the one of row 3 could not be decoded."""
    folder.mkdir(exist_ok=True)
    records = [
        Stored(row, Outcome.EMPTY, "no bytes", None, zlib.crc32(image))
        if row == 3
        else Stored(row, Outcome.OK, "", FACTS, zlib.crc32(image))
        for row, image in enumerate(PIXELS)
    ]
    (folder / PIXELS_NAME).write_bytes(PIXELS.tobytes())
    write_facts(folder / FACTS_NAME, as_text_array(list("abcde")), [facts_record(item) for item in records])
    write_mark(folder, MARK)
    return open_cache(folder)


def test_it_is_opened_as_written_and_read_only(tmp_path: Path) -> None:
    cache = make_cache(tmp_path)
    assert np.array_equal(cache.pixels, PIXELS)
    assert (cache.height, cache.width, len(cache), cache.key) == (4, 6, 5, "k" * 32)
    assert cache.is_usable.tolist() == [True, True, True, False, True]
    for array in (cache.pixels, cache.ids, cache.is_usable):
        assert not array.flags.writeable
    assert open_cache(str(tmp_path)).ids.tolist() == list("abcde")


def test_rows_of_ids_in_the_order_asked_for(tmp_path: Path) -> None:
    cache = make_cache(tmp_path)
    rows = cache.rows_of(["e", "b", "e"])
    assert rows.tolist() == [4, 1, 4]
    assert rows.dtype == np.int64
    assert cache.rows_of([]).shape == (0,)


def test_unknown_ids_are_named(tmp_path: Path) -> None:
    cache = make_cache(tmp_path)
    with pytest.raises(SourceError, match=r"no images with these ids: x0, x1, .*, x7 and 4 more\.") as caught:
        cache.rows_of(["a", *(f"x{i}" for i in range(12))])
    assert caught.value.details == tuple(f"x{i}" for i in range(12))


@pytest.mark.parametrize("byte", [0, 2 * 72 + 71, 3 * 72, 5 * 72 - 1])
def test_a_flipped_bit_is_found_in_its_row(tmp_path: Path, byte: int) -> None:
    assert make_cache(tmp_path).find_damage().tolist() == []
    raw = bytearray((tmp_path / PIXELS_NAME).read_bytes())
    raw[byte] ^= 4
    (tmp_path / PIXELS_NAME).write_bytes(raw)
    assert open_cache(tmp_path).find_damage().tolist() == [byte // 72]


def test_without_its_mark_it_is_not_finished(tmp_path: Path) -> None:
    make_cache(tmp_path)
    assert is_complete(tmp_path)
    (tmp_path / MARK_NAME).unlink()
    assert not is_complete(tmp_path)
    with pytest.raises(StorageError):
        open_cache(tmp_path)


@pytest.mark.parametrize("mark", [{}, {**MARK, "height": "4"}, {k: v for k, v in MARK.items() if k != "key"}])
def test_a_strange_mark_is_refused(tmp_path: Path, mark: dict[str, Any]) -> None:
    make_cache(tmp_path)
    write_mark(tmp_path, mark)
    with pytest.raises(CorruptFileError, match=r"cache\.json: this is not"):
        open_cache(tmp_path)


@pytest.mark.parametrize("change", [{"n_images": 4}, {"height": 5}, {"width": 5}])
def test_files_that_do_not_fit_the_mark_are_refused(tmp_path: Path, change: dict[str, int]) -> None:
    make_cache(tmp_path)
    write_mark(tmp_path, MARK | change)
    with pytest.raises(CorruptFileError):
        open_cache(tmp_path)
