"""Which images are explained: of every class some that are answered right and some that are not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.tables import Head

__all__ = ["MOST_SHEETS", "Choice", "choose_shown"]

MOST_SHEETS = 12
"""Classes that get a sheet where nobody names any: those with the most mistakes."""
_WRONG_SHARE = 0.4
"""Part of a sheet that mistakes may take while there are enough right answers for the rest."""


@dataclass(frozen=True, eq=False)
class Choice:
    """M images on sheets; an image may be on several.

    Attributes:
        rows: Place of each in the arrays that were given, (M,).
        sheet: Class of its sheet, (M,).
        explained: Class whose score is explained, (M,).
        is_right: Whether it is answered right, (M,).
    """

    rows: NDArray[np.int64]
    sheet: NDArray[np.int64]
    explained: NDArray[np.int64]
    is_right: NDArray[np.bool_]


def choose_shown(
    head: Head,
    labels: NDArray[np.integer[Any]],
    decisions: NDArray[np.int64],
    keys: NDArray[np.uint64],
    n: int,
    wanted: Sequence[int] | None = None,
) -> Choice:
    """Up to `n` images a class, drawn by their keys alone, so that they stay the same: right ones first, then mistakes.

    Without classes a sheet has the images of one label, and each image's own answer is explained. With classes a sheet
    also has the images that were taken for its class, and the score of that class is explained. For several labels the
    sheet's label is explained either way.

    Args:
        head: The head.
        labels: Shape (N,), or (N, C) for several labels; negative where missing.
        decisions: As labels.
        keys: A number an image that decides the draw, (N,).
        n: Images a sheet.
        wanted: Classes; None takes all, or the `MOST_SHEETS` with the most mistakes.
    """
    order = np.argsort(keys, kind="stable")
    sheets = []
    for number in range(head.n_classes) if wanted is None else wanted:
        is_of, is_right = _of_class(head, labels, decisions, number, with_taken=wanted is not None)
        right, wrong = order[(is_of & is_right)[order]], order[(is_of & ~is_right)[order]]
        n_wrong = min(len(wrong), max(int(_WRONG_SHARE * n), n - len(right)))
        rows = np.concatenate([right[: n - n_wrong], wrong[:n_wrong]]).astype(np.int64)
        explained = decisions[rows] if wanted is None and not head.is_multi else np.full(len(rows), number)
        part = Choice(rows, np.full(len(rows), number), explained.astype(np.int64), is_right[rows])
        if len(rows):
            sheets.append((len(wrong), number, part))
    if wanted is None:
        worst = sorted(sheets, key=lambda item: (-item[0], item[1]))[:MOST_SHEETS]
        sheets = sorted(worst, key=lambda item: item[1])
    parts = [part for *_, part in sheets]
    if not parts:
        none = np.zeros(0, dtype=np.int64)
        return Choice(none, none, none, none.astype(np.bool_))
    return Choice(
        np.concatenate([part.rows for part in parts]),
        np.concatenate([part.sheet for part in parts]),
        np.concatenate([part.explained for part in parts]),
        np.concatenate([part.is_right for part in parts]),
    )


def _of_class(
    head: Head, labels: NDArray[np.integer[Any]], decisions: NDArray[np.int64], number: int, *, with_taken: bool
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which images belong on the sheet of a class, and which are answered right there."""
    if head.is_multi:
        label, decision = labels[:, number], decisions[:, number]
        return (label >= 0) & ((label == 1) | (decision == 1)), label == decision
    is_of = labels == number
    if with_taken:
        is_of = is_of | ((decisions == number) & (labels >= 0))
    return is_of, labels == decisions
