"""Cells that name a group, read with the care of labels: what is not known is no group, one name has one spelling."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence

from podium.advice import options
from podium.curate.classes import looks_missing
from podium.curate.rows import count_values
from podium.curate.spellings import merge_spellings
from podium.listing import agree, count_of, list_some, part_of

__all__ = ["clean_groups", "merge_groups"]

_GIANT_SHARE = 0.25
_GIANT_TIMES = 5
"""A group is suspicious if it holds a quarter of all images, and five times as many as any other."""


def clean_groups(name: str, cells: Sequence[str], missing_values: Sequence[str]) -> tuple[list[str], list[str]]:
    """The group of each image, "" where it has none, and what the user should know.

    Spellings that differ in letter case, spaces or number format are one group: what is kept together without need
    costs nothing, and what is divided by mistake leaks.

    Args:
        name: The column.
        cells: Its cells.
        missing_values: Cells that mean "not known" by the user's word.
    """
    gone = {value.strip() for value in missing_values}
    spelt = [unicodedata.normalize("NFC", cell.strip()) for cell in cells]
    unknown = count_values([cell for cell in spelt if cell in gone or looks_missing(cell)])
    notes = []
    if unknown:
        listed = list_some([f"{cell!r} {n}" for cell, n in unknown.items()], most=4)
        n_unknown = sum(unknown.values())
        notes.append(
            f"{count_of(n_unknown, 'cell')} of group column {name!r} {agree(n_unknown, 'says', 'say')}"
            f' "not known" ({listed}): each of these images'
            " counts as a group of its own."
        )
    known, merged = merge_groups(["" if cell in unknown else cell for cell in spelt], name)
    return known, [*notes, *merged, *_note_giant(name, known)]


def _note_giant(name: str, groups: Sequence[str]) -> list[str]:
    """A note where one group holds so much that its name may mean "not known"."""
    (giant, n), *others = [*Counter(filter(None, groups)).most_common(2), ("", 0)][:2]
    if n < _GIANT_SHARE * len(groups) or n < _GIANT_TIMES * max(1, *(count for _, count in others)):
        return []
    return [
        f"Group {giant!r} of column {name!r} holds {part_of(n, len(groups), 'image')} and stays in one fold. If"
        f" it means"
        f' "not known", set {options(missing_values=[giant])}.'
    ]


def merge_groups(cells: Sequence[str], name: str | None = None) -> tuple[list[str], list[str]]:
    """The groups with one spelling each, and a note if there were several.

    Args:
        cells: The group of each image.
        name: The column, None where groups of several sources were joined.
    """
    known, merged = merge_spellings(cells)
    if not merged:
        return known, []
    pairs = list_some([" and ".join(map(repr, names)) for names in merged], most=3)
    where = f" of {name!r}" if name is not None else ""
    return known, [
        f"{count_of(len(merged), 'group')}{where} {agree(len(merged), 'is', 'are')} spelt in several ways"
        f" (letter case, spaces, numbers), each taken for one"
        f" group: {pairs}."
    ]
