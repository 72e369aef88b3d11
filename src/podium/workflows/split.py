"""Prepared data for a terminal: the folds in numbers and the leak check's result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from podium.dataset.prepared import Prepared
from podium.listing import count_of

__all__ = ["SplitSummary"]


@dataclass(frozen=True)
class SplitSummary:
    """What `podium split` shows of prepared data."""

    prepared: Prepared

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        return {
            "method": self.prepared.folds.method,
            "digest": self.prepared.folds.digest,
            "summary": self.prepared.summary.to_dict(),
            "leaks": self.prepared.leaks.to_dict(),
        }

    def lines(self) -> list[str]:
        """The same for a terminal."""
        folds, summary = self.prepared.folds, self.prepared.summary
        head = f"{count_of(folds.n_folds, 'fold')} by {folds.method}, seed {folds.seed}, digest {folds.digest[:12]}"
        rows = summary.rows()
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        table = ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)) for row in rows]
        return [head, "", *table, "", *summary.notes, f"leak check: {self.prepared.leaks.verdict}"]
