"""Scores survive JSON to the last bit."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np

from podium.metrics.interval import Interval
from podium.metrics.scores import ClassScore, Scores, TargetScore


def make_scores() -> Scores:
    perfect = ClassScore("cat", 7, 1.0, 1.0, 1.0, math.nan, math.nan, 3)
    other = ClassScore("dog", 5, 1 / 3, 0.1 + 0.2, 2 / 7, 0.1, 0.7)
    metrics = {
        "f1_macro": Interval(1 / 3, 0.1, 0.9, 6, 2000, 0.95),
        "accuracy": Interval(math.nan, math.nan, math.nan, 0, 0, 0.95),
    }
    confusion = np.array([[7, 0], [2, 3]])
    chance, best = {"f1_macro": 0.1 + 0.2, "accuracy": math.nan}, {"f1_macro": 1.0, "accuracy": math.nan}
    first = TargetScore("pet", "single", 12, 6, metrics, (perfect, other), confusion, chance, best)
    second = TargetScore(
        "tags", "multi", 4, 4, {"f1_macro": Interval(0.5, 0.4, 0.6, 4, 9, 0.9)}, (), np.ones((3, 2, 2), int)
    )
    return Scores("pet", "f1_macro", {"pet": first, "tags": second})


def through_json(data: dict[str, Any]) -> dict[str, Any]:
    return dict(json.loads(json.dumps(data, allow_nan=False)))


def test_scores_come_back_exactly() -> None:
    scores = make_scores()
    again = Scores.from_dict(through_json(scores.to_dict()))
    assert again.to_dict() == scores.to_dict()
    assert list(again.targets) == ["pet", "tags"]
    assert list(again.targets["pet"].metrics) == ["f1_macro", "accuracy"]
    assert again.targets["pet"].per_class[1] == scores.targets["pet"].per_class[1]
    for name, target in again.targets.items():
        assert target.confusion.dtype == np.int64
        assert np.array_equal(target.confusion, scores.targets[name].confusion)


def test_nan_is_written_as_none_and_read_as_nan() -> None:
    record = make_scores().targets["pet"].per_class[0].to_dict()
    assert (record["f1_low"], record["f1_high"], record["f1"]) == (None, None, 1.0)
    again = ClassScore.from_dict(through_json(record))
    assert math.isnan(again.f1_low)
    assert math.isnan(again.f1_high)
    assert (again.name, again.n, again.n_groups) == ("cat", 7, 3)


def test_chance_is_that_of_the_main_metric_and_unknown_for_records_without_it() -> None:
    assert make_scores().chance == 0.1 + 0.2
    assert math.isnan(Scores("tags", "f1_macro", make_scores().targets).chance)
    record = make_scores().to_dict()
    del record["targets"]["pet"]["chance"]
    assert math.isnan(Scores.from_dict(record).chance)


def test_the_main_score_is_the_main_metric_of_the_main_target() -> None:
    assert make_scores().main == Interval(1 / 3, 0.1, 0.9, 6, 2000, 0.95)
    assert Scores("tags", "f1_macro", make_scores().targets).main.value == 0.5
