"""The bag of every image: the patient, product or video that one answer is for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from podium.advice import option, options
from podium.curate.classes import looks_missing
from podium.curate.options import ScanOptions
from podium.curate.rows import Rows, count_values
from podium.curate.spellings import merge_spellings
from podium.curate.unit_cells import find_unit_cells
from podium.errors import LabelError, SourceError
from podium.listing import count_of, list_some
from podium.tables import Samples, find_disagreement, number_bags

__all__ = ["check_bag_labels", "choose_bags", "group_bags"]


def choose_bags(rows: Rows, options: ScanOptions) -> tuple[list[str] | None, list[str]]:
    """The bag of each image as the options name it, "" where it has none, and notes; None where none was named.

    Spellings that differ in letter case, spaces or number format are one bag.

    Raises:
        UnknownNameError: If there is no such column or pattern field.
        SourceError: If no bag has two images.
    """
    name = options.answer_per
    if name is None:
        return None, []
    gone = {value.strip() for value in options.missing_values}
    cells = [cell.strip() for cell in find_unit_cells(rows, name, "answer_per")]
    bags, merged = merge_spellings(["" if cell in gone or looks_missing(cell) else cell for cell in cells])
    if max(count_values(bags).values(), default=0) < 2:
        raise SourceError(
            f"{name!r} names no bag of two images, so an answer for each is an answer for each image.",
            where=rows.origin,
            field="answer_per",
            fix=f"Name another column, or leave out {option('answer_per')}.",
        )
    pairs = list_some([" and ".join(map(repr, names)) for names in merged], most=3)
    return bags, [f"Taken for one bag: {pairs}."] if merged else []


def group_bags(bags: Sequence[str], group: Sequence[str] | None, *, is_guessed: bool) -> list[str]:
    """The group of each image, where bags are whole: the named one, else the bag.

    A guessed group that divides bags is left out, and a bag some of whose images name no group is in that of the
    others.
    """
    if group is None:
        return list(bags)
    found: dict[str, set[str]] = {}
    for bag, name in zip(bags, group, strict=True):
        found.setdefault(bag, set()).update({name} - {""})
    if is_guessed and any(len(names) > 1 for bag, names in found.items() if bag):
        return list(bags)
    return [
        name or (next(iter(found[bag]), bag) if len(found[bag]) < 2 else name) if bag else name
        for bag, name in zip(bags, group, strict=True)
    ]


def check_bag_labels(samples: Samples, how: str) -> None:
    """Refuse multi-label bags whose images differ, unless a bag has the labels of any of its images.

    Raises:
        LabelError: If they differ; names the bags.
    """
    if samples.bag is None or how == "any":
        return
    numbers = number_bags(samples.ids, samples.bag)
    for head in samples.task.heads if samples.task else ():
        if head.is_multi and (wrong := find_disagreement(samples.labels[head.name], numbers)).any():
            firsts = np.unique(numbers, return_index=True)[1][wrong]
            names = [str(name) for name in samples.bag[firsts]]
            raise LabelError(
                f"the labels of {head.name!r} differ inside {count_of(len(names), 'bag')}: {list_some(names, most=5)}.",
                field="answer_per",
                fix=f"If a bag has every label that one of its images has, set {options(bag_labels='any')}; else"
                " correct the labels.",
                details=names,
            )
