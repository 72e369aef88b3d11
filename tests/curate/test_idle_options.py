"""Options that had no effect are said."""

from __future__ import annotations

import pytest

from podium.curate import ScanOptions, scan


@pytest.mark.parametrize(
    "option",
    [
        {"image_column": "x"},
        {"delimiter": ";"},
        {"encoding": "cp949"},
        {"duplicates": "first"},
        {"allow_missing_files": True},
        {"allow_unmatched": True},
        {"missing_values": ("NA",)},
    ],
)
def test_options_of_tables_without_a_table_are_said_to_be_idle(make_tree, option):
    root = make_tree("a/1.jpg", "b/2.jpg")
    (name,) = option
    assert any(f"`{name}`" in note for note in scan(root, ScanOptions(**option)).notes)
    assert not any("effect" in note for note in scan(root).notes)


def test_options_that_have_an_effect_are_not(make_tree):
    root = make_tree(*(f"{i}.jpg" for i in range(4)), t="image;label\n0.jpg;a\n1.jpg;b\n2.jpg;NA\n3.jpg;a\n")
    notes = scan(root, ScanOptions(delimiter=";", missing_values=("NA",), image_column="image")).notes
    assert not any("effect" in note or "No cell" in note for note in notes)
