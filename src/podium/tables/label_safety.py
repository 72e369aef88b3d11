"""Augmentations that may turn an image into one of another class, judged by the names of the classes.

A name proves nothing: digits may be written or counted on fingers. So these are cautions, and nothing is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from podium.listing import list_some

__all__ = ["unsafe_for_labels"]

_NEUTRAL = ("black", "white", "grey", "gray", "brown", "beige")
_VIVID = ("red", "green", "blue", "yellow", "orange", "purple", "violet", "pink", "cyan", "magenta", "turquoise")
_COLOURS = frozenset((*_NEUTRAL, *_VIVID))
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz")
_DIGITS = frozenset("0123456789")
_MANY = 8
"""So many single letters or digits are an alphabet; a few are grades, codes or numbers of classes."""
_MIRRORS = ("horizontal_flip",)
_TURNS = ("vertical_flip", "rotate90")
_POLICIES = ("rand_augment", "trivial_augment_wide", "auto_augment", "aug_mix")
_RECOLOURS = ("grayscale", "invert", "solarize", *_POLICIES)


def unsafe_for_labels(
    augmentations: Iterable[Mapping[str, Any]], classes: Sequence[str], *, views: Sequence[str] = ()
) -> list[str]:
    """What to look at before training, in sentences; empty where nothing is suspicious.

    Args:
        augmentations: Augmentations as plain data: a `kind`, and numbers by name.
        classes: Names of the classes of one target.
        views: Fixed views that a model is trained on or predicts from, such as "hflip".

    Example:
        >>> unsafe_for_labels([{"kind": "horizontal_flip", "probability": 0.5}], ["turn left", "turn right"])
        ['horizontal_flip swaps left and right, and class names say left and right.']
    """
    items = list(augmentations)
    kinds = {str(item["kind"]) for item in items if item.get("probability", 1) != 0}
    words = {word for name in classes for word in re.findall(r"[^\W\d_]+|\d+", name.lower())}
    whole = {name.strip().lower() for name in classes}
    return [
        *_about_sides(kinds, words, views),
        *_about_signs(kinds, whole),
        *_about_colours(items, kinds, words),
    ]


def _about_sides(kinds: set[str], words: set[str], views: Sequence[str]) -> Iterator[str]:
    mirrored = [f"the view {view}" for view in views if "hflip" in view.split("+")]
    mirrors = [kind for kind in _MIRRORS if kind in kinds] + mirrored
    if mirrors and {"left", "right"} <= words:
        yield f"{list_some(mirrors, most=3)} swaps left and right, and class names say left and right."


def _about_signs(kinds: set[str], whole: set[str]) -> Iterator[str]:
    is_alphabet = len(whole & _LETTERS) >= _MANY or len(whole & _DIGITS) >= _MANY
    moved = [kind for kind in (*_MIRRORS, *_TURNS) if kind in kinds]
    if is_alphabet and moved:
        yield (
            f"{list_some(moved, most=3)} makes other signs of letters and digits (b and d, 6 and 9), and the classes"
            " are named like these. If the images show such signs, use augmentations=letters."
        )
    elif {"6", "9"} <= whole and kinds & set(_TURNS):
        yield f"{list_some(sorted(kinds & set(_TURNS)), most=2)} turns a 6 into a 9, and both are classes."


def _about_colours(items: Sequence[Mapping[str, Any]], kinds: set[str], words: set[str]) -> Iterator[str]:
    named = sorted(words & _COLOURS)
    changed = [kind for kind in _RECOLOURS if kind in kinds]
    changed += ["color_jitter.hue" for item in items if item.get("hue") not in (None, 0, 0.0, [0, 0], (0, 0))]
    if len(named) >= 2 and changed:
        yield f"{list_some(changed, most=4)} changes colours, and class names are colours ({list_some(named, most=3)})."
