"""Calibration of a target, learnt from out-of-fold predictions and judged on folds that did not choose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.decisions.calibration import Calibration, Calibrator, fit_calibration
from podium.errors import UsageError
from podium.metrics import PairedDifference, paired_difference, score
from podium.tables import Head

__all__ = ["Calibrated", "calibrate_head"]

_ERROR = "expected_calibration_error"


@dataclass(frozen=True)
class Calibrated:
    """A calibration of one target.

    Args:
        kind: "temperature" or "vector".
        final: From all rows, for new images.
        by_fold: For each fold that of all other folds, which judges it.
        loss: Log loss with the calibration of the other folds minus that without.
        error: The same of the expected calibration error.
        losses: Log loss without and with.
        errors: Expected calibration error without and with.
    """

    kind: Calibrator
    final: Calibration
    by_fold: Mapping[int, Calibration]
    loss: PairedDifference
    error: PairedDifference
    losses: tuple[float, float]
    errors: tuple[float, float]

    @property
    def helps(self) -> bool:
        """Whether the log loss of folds that did not choose is lower at all."""
        return self.loss.difference.value < 0

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        return {
            "kind": self.kind,
            "temperature": self.final.temperature,
            "log_loss": {"without": self.losses[0], "with": self.losses[1], **self.loss.to_dict()},
            "calibration_error": {"without": self.errors[0], "with": self.errors[1], **self.error.to_dict()},
            "is_kept": self.helps,
        }

    def lines(self, name: str) -> list[str]:
        """The same for a terminal."""
        kept = "not kept" if not self.helps else "kept"
        if self.helps and self.loss.verdict != "helps":
            kept = "kept, though these images cannot tell it from luck"
        what = f"temperature {self.final.temperature:.2f}" if self.kind == "temperature" else "vector scaling"
        return [
            f"{name}: {what}; log loss {self.losses[0]:.4f} without, {self.losses[1]:.4f} with that of the other folds",
            f"  {self.loss.difference}: {self.loss.verdict}; {kept}",
            f"  calibration error {self.errors[0]:.4f} -> {self.errors[1]:.4f}, {self.error.difference}:"
            f" {self.error.verdict}",
        ]


def calibrate_head(
    probs: NDArray[np.floating[Any]],
    labels: NDArray[np.integer[Any]],
    fold: NDArray[np.int64],
    groups: NDArray[np.object_],
    head: Head,
    kind: Calibrator,
) -> Calibrated:
    """Scale the probabilities of a target for the least log loss, and judge each fold by what the others learnt.

    Args:
        probs: Out-of-fold probabilities, shape (N, C).
        labels: Labels of these rows; -1 is missing.
        fold: Fold of every row, shape (N,), which divides no group.
        groups: Group of every row, for the intervals.
        head: The target.
        kind: "temperature" or "vector".

    Raises:
        UsageError: If there are fewer than two folds.
    """
    numbers = sorted(set(fold.tolist()))
    if len(numbers) < 2:
        what = "a calibration is judged on folds that did not choose it, and this run has one fold."
        raise UsageError(what, field="calibrate", fix="Train at least two folds.")
    by_fold = {number: fit_calibration(probs[fold != number], labels[fold != number], head, kind) for number in numbers}
    nested = np.asarray(probs, dtype=np.float64).copy()
    for number, learnt in by_fold.items():
        nested[fold == number] = learnt.apply(probs[fold == number], head)
    loss, error = (paired_difference(probs, nested, labels, groups, name, head) for name in ("log_loss", _ERROR))
    losses, errors = (
        (score(name, probs, labels, head), score(name, nested, labels, head)) for name in ("log_loss", _ERROR)
    )
    return Calibrated(kind, fit_calibration(probs, labels, head, kind), by_fold, loss, error, losses, errors)
