"""Whether corrected labels make a better model: two runs on the same folds, judged on the old and the new labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium import durable
from podium.advice import options
from podium.decisions import judged_answers
from podium.errors import UsageError
from podium.listing import count_of
from podium.metrics import PairedDifference, Scores, paired_difference
from podium.metrics import metric as find_metric
from podium.metrics.registry import score
from podium.store import RunFolder, check_scores, load_tables, read_pool
from podium.tables import Head, Predictions, Samples, load_predictions
from podium.tables.bags import number_bags

__all__ = ["LabelVerdict", "VerdictLine", "judge_corrections", "verdict_words"]


@dataclass(frozen=True)
class VerdictLine:
    """Both runs on the same answers and labels.

    Args:
        target: The target.
        labels: "original", "corrected", or "untouched": only the answers that no correction speaks of.
        n: Answers judged: images, or bags where one answer is for several images.
        before: Score of the run on the original labels.
        after: Score of the run on the corrected ones.
        difference: After minus before, with its interval.
    """

    target: str
    labels: str
    n: int
    before: float
    after: float
    difference: PairedDifference

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        return self.__dict__ | {"difference": self.difference.to_dict()}

    def cells(self) -> list[str]:
        """The row of a table."""
        found = self.difference
        scores = (f"{self.before:.4f}", f"{self.after:.4f}", str(found.difference))
        return [self.target, found.metric, self.labels, f"{self.n:,}", *scores, found.verdict]


@dataclass(frozen=True)
class LabelVerdict:
    """What corrections did.

    Args:
        n_corrected: Labels that differ between both runs, of images that both judged.
        n_dropped: Images that only one of them judged.
        lines: Three for each target.
        unit: What is judged, "images" or "bags".
    """

    n_corrected: int
    n_dropped: int
    lines: tuple[VerdictLine, ...]
    unit: str = "images"

    @property
    def header(self) -> tuple[str, ...]:
        """Titles of the columns of `VerdictLine.cells`."""
        return ("target", "metric", "labels", self.unit, "before", "after", "difference", "verdict")

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        lines = [line.to_dict() for line in self.lines]
        return {"n_corrected": self.n_corrected, "n_dropped": self.n_dropped, "unit": self.unit, "lines": lines}


def judge_corrections(before: RunFolder, after: RunFolder) -> LabelVerdict:
    """Two finished runs on the same folds, the second with corrected labels, compared out of fold.

    Corrections that the first run proposed agree with its answers, so the corrected labels favour it; the original
    ones favour whoever learnt the errors. Images that no correction speaks of favour neither.

    Args:
        before: The run on the labels as they were.
        after: The run on the corrected ones.

    Raises:
        UsageError: If a run is not finished, their tasks, folds or labels do not allow it.
    """
    check_scores(before)
    check_scores(after)
    a, b = load_predictions(before.oof_file), load_predictions(after.oof_file)
    old, new = load_tables(before)[0], load_tables(after)[0]
    if a.task != b.task:
        raise UsageError(f"runs {before.name!r} and {after.name!r} answer different tasks.")
    ids = a.ids[np.isin(a.ids, b.ids)]
    a, b = a.align(ids), b.align(ids)
    if not len(ids) or (a.fold != b.fold).any():
        again = options(corrections="FILE", folds_from=str(before.path))
        raise UsageError(
            f"runs {before.name!r} and {after.name!r} do not judge images in the same folds.",
            fix=f"Train the second one on the folds of the first: {again}.",
        )
    old, new = old.take(old.rows_of(ids)), new.take(new.rows_of(ids))
    differs = _differing(old, new)
    if not differs.any() and not new.corrections:
        raise UsageError("both runs have the same labels.", fix="Name a run that was trained with corrections.")
    touched = differs | np.isin(ids, [row.image for row in new.corrections if row.new != row.old])
    scores = Scores.from_dict(durable.read_json(before.scores_file))
    touched = _touched_answers(old, touched)
    (first, originals), (second, corrected) = (
        judged_answers(own, table, read_pool(run)) for own, table, run in ((a, old, before), (b, new, after))
    )
    tables = {"original": originals, "corrected": corrected}
    lines = [
        line
        for head in a.task.targets
        for line in _judge(head, scores.metric_of(head.name), first, second, tables, touched)
    ]
    n_labels = sum(int((old.labels[head.name] != new.labels[head.name]).sum()) for head in a.task.heads)
    n_gone = len(load_predictions(before.oof_file)) - len(ids)
    return LabelVerdict(n_labels, n_gone, tuple(lines), "images" if old.bag is None else "bags")


def _touched_answers(samples: Samples, touched: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether a correction speaks of an image of each answer, in the order of `judged_answers`."""
    if samples.bag is None:
        return touched
    return np.bincount(number_bags(samples.ids, samples.bag), weights=touched) > 0


def _differing(old: Samples, new: Samples) -> NDArray[np.bool_]:
    """Images with a label that differs, shape (N,)."""
    found = np.zeros(len(old), dtype=bool)
    for name, labels in old.labels.items():
        differs = labels != new.labels[name]
        found |= differs.any(axis=1) if differs.ndim > 1 else differs
    return found


def _judge(
    head: Head,
    metric: str,
    a: Predictions,
    b: Predictions,
    samples: dict[str, Samples],
    touched: NDArray[np.bool_],
) -> list[VerdictLine]:
    everything = np.ones(len(touched), dtype=bool)
    asked = [("original", samples["original"], everything), ("corrected", samples["corrected"], everything)]
    asked.append(("untouched", samples["corrected"], ~touched))
    lines = []
    for name, table, rows in asked:
        if not rows.any():
            continue
        labels, groups = table.target_labels(head.name)[rows], table.group_keys[rows]
        first, second = (predictions.probs[head.name][rows] for predictions in (a, b))
        old, new = (score(find_metric(metric), probs, labels, head) for probs in (first, second))
        found = paired_difference(first, second, labels, groups, metric, head)
        lines.append(VerdictLine(head.name, name, int(rows.sum()), old, new, found))
    return lines


def verdict_words(verdict: LabelVerdict) -> str:
    """What the table is of, in a sentence."""
    dropped = f", {count_of(verdict.n_dropped, 'image')} only in the first run" if verdict.n_dropped else ""
    return f"{count_of(verdict.n_corrected, 'label differs', 'labels differ')}{dropped}."
