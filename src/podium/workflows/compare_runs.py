"""Two runs on the same samples, compared pair by pair out of fold."""

from __future__ import annotations

import numpy as np

from podium import durable
from podium.metrics import PairedDifference, Scores, paired_difference
from podium.store import RunFolder, check_scores, load_tables
from podium.tables import load_predictions

__all__ = ["are_comparable", "compare_runs"]


def are_comparable(before: RunFolder, after: RunFolder) -> bool:
    """Whether both runs are scored, have the same main target and classes, and were judged on images of the same id."""
    if not (before.is_finished and after.is_finished):
        return False
    check_scores(before)
    check_scores(after)
    a, b = load_predictions(before.oof_file), load_predictions(after.oof_file)
    target = Scores.from_dict(durable.read_json(before.scores_file)).main_target
    heads = [{head.name: head for head in made.task.targets}.get(target) for made in (a, b)]
    return heads[0] == heads[1] and bool(set(a.ids.tolist()) & set(b.ids.tolist()))


def compare_runs(before: RunFolder, after: RunFolder) -> PairedDifference:
    """What changing from one run to another does to the main score, on the samples that both validated.

    Args:
        before: A scored run, whose labels and main metric count.
        after: Another one with the same task.

    Raises:
        UsageError: If a run is not finished, or its scores are not of its predictions.
    """
    check_scores(before)
    check_scores(after)
    scores = Scores.from_dict(durable.read_json(before.scores_file))
    a, b = load_predictions(before.oof_file), load_predictions(after.oof_file)
    _, rows_a, rows_b = np.intersect1d(a.ids, b.ids, assume_unique=True, return_indices=True)
    order = np.argsort(rows_a)  # resamples of groups go by the first run's order
    rows_a, rows_b = rows_a[order], rows_b[order]
    samples, target = load_tables(before)[0], scores.main_target
    rows = samples.rows_of(a.ids[rows_a])
    head = next(head for head in a.task.targets if head.name == target)
    return paired_difference(
        a.probs[target][rows_a],
        b.probs[target][rows_b],
        samples.target_labels(target)[rows],
        samples.group_keys[rows],
        scores.main_metric,
        head,
    )
