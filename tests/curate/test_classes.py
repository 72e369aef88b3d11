"""Class names in order, and cells to their indices."""

from __future__ import annotations

import random

import pytest

from podium.curate.classes import encode_cells, is_number, looks_missing, order_classes, refuse_unknown
from podium.errors import LabelError


@pytest.mark.parametrize(
    ("cells", "wanted"),
    [
        (["10", "9", "", "9"], ("9", "10")),
        (["2", "-1", "0.5"], ("-1", "0.5", "2")),
        (["10", "9", "x"], ("10", "9", "x")),
        (["1", "01"], ("01", "1")),  # equal numbers, then as text
        (["1_0", "9"], ("1_0", "9")),  # Python's own spelling is no number
        (["nan", "1"], ("1", "nan")),
        ([], ()),
    ],
)
def test_classes_are_ordered_by_value_or_as_text(cells: list[str], wanted: tuple[str, ...]) -> None:
    assert order_classes(cells) == wanted


def test_the_order_of_the_rows_does_not_matter() -> None:
    cells = [str(number) for number in range(-5, 15)]
    shuffled = cells * 2
    random.Random(0).shuffle(shuffled)
    assert order_classes(shuffled) == tuple(cells)


@pytest.mark.parametrize(("name", "wanted"), [("1e3", True), ("-0.5", True), ("inf", False), ("1_0", False)])
def test_numbers_are_finite(name: str, wanted: bool) -> None:
    assert is_number(name) is wanted


@pytest.mark.parametrize(("name", "wanted"), [(" N/A ", True), ("None", True), ("?", True), ("nano", False)])
def test_words_for_missing(name: str, wanted: bool) -> None:
    assert looks_missing(name) is wanted


def test_cells_become_the_places_of_their_classes() -> None:
    assert encode_cells(["b", "", "a", "b"], ["a", "b"]).tolist() == [1, -1, 0, 1]
    with pytest.raises(KeyError):
        encode_cells(["c"], ["a", "b"])


def test_unknown_cells_are_counted_and_the_nearest_class_is_named() -> None:
    refuse_unknown("pet", ["cat", "", "dog"], ["cat", "dog"], ["row 2", "row 3", "row 4"])
    with pytest.raises(LabelError) as caught:
        refuse_unknown("pet", ["cat", "dgo", "dgo", "cow"], ["cat", "dog"], [f"row {i}" for i in range(2, 6)])
    assert "3 rows of 'pet' hold 2 values" in caught.value.what
    assert "Did you mean 'dog'?" in str(caught.value.fix)
    assert caught.value.details == ("row 3: dgo", "row 4: dgo", "row 5: cow")
