"""The composite class of a scan, and the check of its numbers against the contest's own."""

from __future__ import annotations

import re

import numpy as np

from podium.advice import option, options
from podium.curate.heads import Labelling
from podium.curate.options import ScanOptions
from podium.curate.rows import Rows
from podium.curate.spellings import spelling_key
from podium.errors import LabelError, SourceError, nearest_name
from podium.listing import part_of
from podium.tables import Composite, Samples

__all__ = ["check_composite_column", "make_composite"]


def make_composite(labelling: Labelling, wanted: ScanOptions) -> Composite | None:
    """The composite class that the options ask for, or None.

    Raises:
        LabelError: If the formula does not fit the heads, or its numbers would hang on a class order that was only
            guessed and cannot be checked against a column.
    """
    if wanted.composite is None or wanted.unlabelled:
        return None
    classes = {head.name: head.classes for head in labelling.heads if not head.is_multi}
    name = "class" if "class" not in labelling.labels else "combined"
    if wanted.composite == "auto":
        return Composite.from_heads(classes, name=name)
    composite = Composite.from_formula(wanted.composite, classes, name=name)
    guessed = [head for head in composite.heads if head not in labelling.ordered]
    if guessed and wanted.composite_column is None:
        orders = options(classes={head: classes[head] for head in guessed})
        raise LabelError(
            f"the class numbers of {composite.formula!r} depend on the class order of {guessed}, which was not given.",
            fix=f"Give it, starting with class 0: {orders} (put the names in the contest's order).",
        )
    return composite


def check_composite_column(samples: Samples, rows: Rows, column: str) -> None:
    """Checks that the class numbers of the formula are those of a column.

    Raises:
        SourceError: If there is no such column.
        LabelError: If there is no composite class or numbers differ; names the first ten rows, and the class order
            that would make them agree if there is one.
    """
    if column not in rows.columns:
        near = nearest_name(column, rows.columns)
        raise SourceError(
            f"there is no column {column!r} to check class numbers against, only {list(rows.columns)}.",
            where=rows.origin,
            fix=f"Did you mean {options(composite_column=near)}?" if near else None,
        )
    composite = None if samples.task is None else samples.task.composite
    if composite is None:
        raise LabelError("there is no composite class to check.", fix=f"Give its formula with {option('composite')}.")
    ours = samples.target_labels(composite.name)
    theirs = [spelling_key(cell) for cell in rows.columns[column]]  # 03 and 3.0 are 3
    wrong = [
        f"{rows.places[i]}: formula gives {ours[i]}, column {column!r} says {rows.columns[column][i].strip()}"
        for i, number in enumerate(theirs)
        if number and ours[i] >= 0 and number != str(ours[i])
    ]
    if wrong:
        raise LabelError(
            f"class numbers of {composite.formula!r} differ from column {column!r} in"
            f" {part_of(len(wrong), len(ours), 'row')}.",
            fix=_agreeing_order(samples, composite, theirs) or "Check the formula and the order of the classes.",
            details=wrong,
        )


def _agreeing_order(samples: Samples, composite: Composite, theirs: list[str]) -> str | None:
    """The class orders that make formula and column agree, as an option to write; None if there are none."""
    known = np.array([bool(re.fullmatch(r"\d+", cell)) and int(cell) < composite.n_classes for cell in theirs])
    known &= np.all([samples.labels[head] >= 0 for head in composite.heads], axis=0)
    if not known.any():
        return None
    numbers = np.array([int(cell) for cell, is_known in zip(theirs, known, strict=True) if is_known])
    orders = {}
    for head, wanted in composite.decode(numbers).items():
        classes = composite.head_classes[composite.heads.index(head)]
        pairs = set(zip(wanted.tolist(), samples.labels[head][known].tolist(), strict=True))
        if len(pairs) != len(classes) or len({index for index, _ in pairs}) != len(classes):
            return None
        orders[head] = [classes[label] for _, label in sorted(pairs)]
    return f"They agree with {options(classes=orders)}."
