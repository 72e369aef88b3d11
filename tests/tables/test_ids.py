"""Ids are comparable text, and every path comes back byte for byte."""

from __future__ import annotations

import os
import unicodedata

import numpy as np
import pytest

from podium.tables.ids import as_text_array, first_duplicate, normalise_id, path_from_text, path_to_text


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a/b.jpg", "a/b.jpg"),
        ("././a.jpg", "a.jpg"),
        ("a\\b.jpg", "a/b.jpg"),
        (".\\a.jpg", "a.jpg"),
        ("caf\\xe9.jpg", "caf\\xe9.jpg"),  # an escaped byte, no folder
        ("../a.jpg", "../a.jpg"),
        (".hidden.jpg", ".hidden.jpg"),
        ("", ""),
    ],
)
def test_ids_have_one_form(text: str, wanted: str) -> None:
    assert normalise_id(text) == wanted
    assert normalise_id(wanted) == wanted


def test_decomposed_names_equal_composed_ones() -> None:
    name = "\ud55c\uae00/caf\u00e9.jpg"
    assert normalise_id(unicodedata.normalize("NFD", name)) == name


def test_any_bytes_of_a_path_come_back() -> None:
    rng = np.random.default_rng(0)
    names = [bytes(rng.integers(1, 256, 12).tolist()).replace(b"/", b"_") for _ in range(200)]
    for name in [*names, b"caf\xe9.jpg", rb"a\xe9.jpg", rb"a\x5cx", rb"\\x41", "\ud55c.jpg".encode()]:
        text = path_to_text(os.fsdecode(b"d/" + name))
        assert text.encode("utf-8").decode("utf-8") == text
        assert os.fsencode(path_from_text(text)) == b"d/" + name


def test_text_arrays_are_read_only_strings() -> None:
    array = as_text_array(["a", "bb"])
    assert array.dtype == object
    assert array.tolist() == ["a", "bb"]
    assert as_text_array([]).shape == (0,)
    with pytest.raises(ValueError, match="read-only"):
        array[0] = "c"


def test_the_first_id_that_comes_again() -> None:
    assert first_duplicate(["a", "b", "c", "b", "a"]) == "b"
    assert first_duplicate(["a", "A"]) is None
    assert first_duplicate([]) is None
