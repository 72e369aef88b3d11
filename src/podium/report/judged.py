"""The rows of one target that are both labelled and predicted out of fold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.report.contents import RunContents
from podium.tables import Head, decide

__all__ = ["JudgedRows", "judge_rows"]


@dataclass(frozen=True, eq=False)
class JudgedRows:
    """Labels, probabilities and decisions of one target, row by row.

    Args:
        head: The target.
        rows: Rows of the table of samples in `RunContents.judged`, shape (N,).
        labels: Shape (N,), or (N, C) with -1 for a missing label of a multi-label head.
        probs: Shape (N, C).
        decisions: As labels.
    """

    head: Head
    rows: NDArray[np.int64]
    labels: NDArray[np.integer[Any]]
    probs: NDArray[np.floating[Any]]
    decisions: NDArray[np.int64]

    @property
    def is_wrong(self) -> NDArray[np.bool_]:
        """Where a known label was missed, shape (N,); (N, C) for a multi-label head."""
        return np.asarray((self.decisions != self.labels) & (self.labels >= 0))


def judge_rows(contents: RunContents, head: Head) -> JudgedRows | None:
    """The judged rows of a target; None where samples or out-of-fold predictions are missing or do not belong together.

    Rows without any label of this target are left out.
    """
    if contents.judged is None:
        return None
    oof, samples = contents.judged
    if samples.task is None or oof.task != samples.task:
        return None
    place = {name: row for row, name in enumerate(samples.ids)}
    if any(name not in place for name in oof.ids):
        return None
    rows = np.fromiter((place[name] for name in oof.ids), dtype=np.int64, count=len(oof))
    labels = samples.target_labels(head.name)[rows]
    known = (labels >= 0).any(axis=1) if head.is_multi else labels >= 0
    probs = oof.probs[head.name][known]
    return JudgedRows(head, rows[known], labels[known], probs, decide(probs, head))
