"""The calibration of a run's probabilities, learnt from its out-of-fold predictions."""

from __future__ import annotations

from dataclasses import replace

from podium.decisions import Calibrated, Calibrator, DecisionRules, calibrate_head
from podium.tables import Predictions, Samples

__all__ = ["calibrate_rules"]


def calibrate_rules(
    predictions: Predictions, samples: Samples, rules: DecisionRules, kind: Calibrator
) -> tuple[DecisionRules, dict[str, Calibrated]]:
    """The rules with a calibration of every target, where it lowers the log loss of folds that did not choose it.

    Args:
        predictions: Out-of-fold predictions, a row for each answer, with groups where there are any.
        samples: Their labels and groups.
        rules: What else was decided: consensus and pool come before.
        kind: "temperature" or "vector".

    Raises:
        UsageError: If there is one fold only.
    """
    rows = samples.rows_of(predictions.ids)
    probs = rules.join(predictions).probs
    groups = samples.group_keys[rows]
    found = {
        head.name: calibrate_head(
            probs[head.name], samples.target_labels(head.name)[rows], predictions.fold, groups, head, kind
        )
        for head in predictions.task.targets
    }
    kept = {name: item for name, item in found.items() if item.helps}
    folds = sorted({number for item in kept.values() for number in item.by_fold})
    by_fold = {
        number: replace(
            rules.by_fold.get(number, DecisionRules()),
            calibration={name: item.by_fold[number] for name, item in kept.items()},
        )
        for number in folds
    }
    final = {name: item.final for name, item in kept.items()}
    return replace(rules, calibration=final, by_fold={**rules.by_fold, **by_fold}), found
