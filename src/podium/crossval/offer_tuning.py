"""What `podium decide --tune` would win, looked at when a run is scored, so that nobody has to think of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from podium.decisions import DecisionRules, can_tune, judged_answers
from podium.decisions.tune_rules import tune_rules
from podium.metrics import Scores
from podium.metrics import metric as find_metric
from podium.store import RunFolder, read_pool
from podium.tables import Predictions, Samples

__all__ = ["offer_tuning"]

_MOST_VALUES = 2_000_000
"""Probabilities above which nobody waits for an offer: some seconds on one core."""


def offer_tuning(run: RunFolder, oof: Predictions, whole: Samples, scores: Scores) -> Sequence[Mapping[str, Any]]:
    """Per target that thresholds, class weights or cut points clearly help on folds that did not choose them, the gain.

    The metric is the main one where it judges decisions, else macro F1 of targets with several labels. Nothing is
    decided: the run answers as before until `podium decide` says otherwise.

    Args:
        run: A run all of whose folds are done.
        oof: Its out-of-fold predictions.
        whole: Its samples.
        scores: Their scores.

    Returns:
        Per target: its name, `Tuned.to_dict()`, without the rule itself. Empty where nothing helps beyond chance.
    """
    pool = read_pool(run)
    predictions, samples = judged_answers(oof, whole, pool)
    heads = predictions.task.targets
    main = find_metric(scores.main_metric)
    metric = main if any(can_tune(main, head) for head in heads) else find_metric("f1_macro")
    fitting = [head for head in heads if can_tune(metric, head) and (metric is main or head.is_multi)]
    many = sum(len(head.classes) for head in heads) * len(predictions.ids) > _MOST_VALUES
    if many or not fitting or len(set(predictions.fold.tolist())) < 2:
        return []
    _, found = tune_rules(predictions, samples, replace(DecisionRules(), recipe_pool=pool), metric.name)
    names = {head.name for head in fitting}
    return [
        {"target": name, **{key: value for key, value in tuned.to_dict().items() if key not in ("values", "is_kept")}}
        for name, tuned in found.items()
        if name in names and tuned.gain.verdict == "helps"
    ]
