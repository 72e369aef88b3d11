"""Cautions about labels: given where class names and augmentations do not go together, and nowhere else."""

from __future__ import annotations

import re
import string

import pytest

from podium.tables.label_safety import unsafe_for_labels

DIGITS = list(string.digits)
LETTERS = list(string.ascii_uppercase)
FLIP = {"kind": "horizontal_flip", "probability": 0.5}


@pytest.mark.parametrize(
    ("augmentations", "classes", "words"),
    [
        ([FLIP], LETTERS, "makes other signs of letters"),
        ([FLIP], DIGITS, "makes other signs of letters"),
        ([{"kind": "rotate90"}], DIGITS, "rotate90 makes other signs"),
        ([{"kind": "vertical_flip"}], ["6", "9"], "turns a 6 into a 9"),
        ([FLIP], ["left_eye", "right_eye"], "swaps left and right"),
        ([{"kind": "color_jitter", "hue": 0.1}], ["red_car", "blue car"], r"color_jitter\.hue changes colours"),
        ([{"kind": "grayscale", "probability": 0.1}], ["Red", "Green"], "grayscale changes colours"),
        ([{"kind": "rand_augment"}], ["red", "green"], "rand_augment changes colours"),
    ],
)
def test_what_does_not_go_together_is_said(
    augmentations: list[dict[str, object]], classes: list[str], words: str
) -> None:
    (said,) = unsafe_for_labels(augmentations, classes)
    assert re.search(words, said)


@pytest.mark.parametrize(
    ("augmentations", "classes"),
    [
        ([FLIP], ["cat", "dog"]),
        ([FLIP], ["0", "1", "2"]),  # numbers of classes
        ([FLIP], ["A", "B", "C"]),  # grades
        ([FLIP], [str(number) for number in range(10, 28)]),
        ([{"kind": "horizontal_flip", "probability": 0}], LETTERS),
        ([{"kind": "rotate", "degrees": 10}], LETTERS),
        ([{"kind": "vertical_flip"}], ["6", "7"]),
        ([{"kind": "color_jitter", "hue": 0.0}], ["red", "blue"]),
        ([{"kind": "grayscale"}], ["black bear", "grizzly"]),
        ([FLIP], ["bright", "leftover"]),
    ],
)
def test_nothing_is_said_without_a_reason(augmentations: list[dict[str, object]], classes: list[str]) -> None:
    assert unsafe_for_labels(augmentations, classes) == []


def test_views_mirror_too() -> None:
    assert "the view hflip swaps" in unsafe_for_labels([], ["left", "right"], views=["plain", "hflip"])[0]
    assert "the view center-0.9+hflip swaps" in unsafe_for_labels([], ["left", "right"], views=["center-0.9+hflip"])[0]
