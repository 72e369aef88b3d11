"""What `podium split` does: decode, divide, check for leaks, freeze."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from podium import durable
from podium.curate import Scan
from podium.dataset import FoldOptions
from podium.dataset.frozen_folds import check_folds, freeze_folds
from podium.dataset.ready_images import median_side
from podium.machine import Progress, Settings
from podium.recipe import baseline, resolve_sizes
from podium.splits import FoldSummary, LeakReport, summarise_folds
from podium.tables import Folds, save_folds, save_samples

__all__ = ["SplitResult", "split_samples"]


@dataclass(frozen=True)
class SplitResult:
    """Frozen folds and what is known of them."""

    folds: Folds
    summary: FoldSummary
    leaks: LeakReport

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        return {
            "method": self.folds.method,
            "digest": self.folds.digest,
            "summary": self.summary.to_dict(),
            "leaks": self.leaks.to_dict(),
        }

    def lines(self) -> list[str]:
        """The same for a terminal."""
        folds = self.folds
        head = f"{folds.n_folds} folds by {folds.method}, seed {folds.seed}, digest {folds.digest[:12]}"
        rows = self.summary.rows()
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        table = ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)) for row in rows]
        return [head, "", *table, "", *self.summary.notes, f"leak check: {self.leaks.verdict}"]


def split_samples(found: Scan, options: FoldOptions, settings: Settings, out: Path, progress: Progress) -> SplitResult:
    """Folds of a scan, checked and frozen in a folder with their samples.

    The images are decoded into the cache of the baseline preset, so a training that follows finds them there.

    Raises:
        SplitError: If the folds cannot be made.
        LeakError: If they leak and the leak was not accepted.
        ImageError: If too many images cannot be decoded.
    """
    check_folds(found.samples, options)
    durable.check_writable(out)
    recipe = resolve_sizes(baseline(), median_side_px=median_side(found.samples))
    frozen = freeze_folds(found.samples, recipe, options, settings, progress)
    summary = summarise_folds(frozen.samples, frozen.folds)
    save_samples(frozen.samples, out)
    save_folds(frozen.folds, out, extra={"summary": summary.to_dict(), "leaks": frozen.leaks.to_dict()})
    return SplitResult(frozen.folds, summary, frozen.leaks)
