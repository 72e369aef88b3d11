"""When look-alikes speak, and that files keep them."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from podium.metrics import Interval, LookAlikes, Scores, TargetScore
from podium.report.look_alike_words import judge_leaks, warn_of_look_alikes
from podium.splits import LeakCount, LeakReport

LOW = Interval(0.6, 0.5, 0.7, 60, 2000, 0.95)
FOUND = LookAlikes(500, 60, 480, 0.5, 0.1, 0.3, 0.2, 0.9, 0.98, math.nan, {"label": 0.95}, {"label": LOW})

CLEAN = LeakReport({"near_duplicate": LeakCount(0, 0, 0)}, (), 0, 100, 0.0)


def scores_with(found: LookAlikes, *, metric: str = "accuracy", value: float = 0.95) -> Scores:
    main = Interval(value, value - 0.02, value + 0.02, 100, 2000, 0.95)
    target = TargetScore("label", "single", 100, 100, {metric: main}, (), np.eye(2, dtype=np.int64))
    return Scores("label", metric, {"label": target}, look_alikes=found)


def test_they_speak_where_clear_clusters_are_divided_and_the_score_falls() -> None:
    assert scores_with(FOUND).pessimistic == LOW
    assert scores_with(replace(FOUND, by_chance=0.45)).pessimistic is None
    assert scores_with(replace(FOUND, known_fraction=0.0)).pessimistic is None
    assert scores_with(replace(FOUND, gap=0.02)).pessimistic is None
    assert scores_with(replace(FOUND, rest=-0.2, cluster_size=90.0)).pessimistic is None  # kinds that every class has
    assert scores_with(replace(FOUND, rest=-0.2, cluster_size=8.0)).pessimistic == LOW
    assert scores_with(replace(FOUND, rest=0.02)).pessimistic == LOW
    assert scores_with(replace(FOUND, gap=math.nan)).pessimistic == LOW
    assert scores_with(replace(FOUND, pessimistic={})).pessimistic is None
    assert scores_with(FOUND, value=0.61).pessimistic is None


def test_named_groups_speak_against_clusters_unless_they_are_too_fine() -> None:
    assert scores_with(replace(FOUND, crossing=0.2)).pessimistic is None
    assert scores_with(replace(FOUND, crossing=0.6)).pessimistic == LOW
    assert "too fine: 60% of the images" in str(warn_of_look_alikes(scores_with(replace(FOUND, crossing=0.6))))
    _, words = judge_leaks(CLEAN, scores_with(replace(FOUND, crossing=0.2, pessimistic={})))
    assert words.startswith("No leak found")
    assert "nearer to others of their named group" in words


def test_no_leak_is_only_found_where_it_was_looked_for() -> None:
    assert "No leak found" not in judge_leaks(CLEAN, None)[1]
    unmeasured = scores_with(replace(FOUND, pessimistic={}))
    assert "No leak found" not in judge_leaks(CLEAN, unmeasured)[1]
    silent = replace(FOUND, separation=0.1, n_all=2000)
    assert "Look-alikes by features (500 of 2,000 images): no clusters" in judge_leaks(CLEAN, scores_with(silent))[1]
    held = scores_with(replace(FOUND, known_fraction=0.0, holdout_fraction=0.3))
    state, words = judge_leaks(CLEAN, held)
    assert state == "leaks"
    assert "30% of the held-out images" in words
    assert "30% of the held-out images" in str(warn_of_look_alikes(held))


def test_of_an_error_more_is_worse() -> None:
    assert scores_with(FOUND, metric="log_loss", value=0.95).pessimistic is None
    assert scores_with(FOUND, metric="log_loss", value=0.3).pessimistic == LOW


@pytest.mark.parametrize("found", [FOUND, replace(FOUND, pessimistic={}, gap=math.nan)])
def test_json_keeps_them(found: LookAlikes) -> None:
    again = Scores.from_dict(json.loads(json.dumps(scores_with(found).to_dict(), allow_nan=False))).look_alikes
    assert again is not None
    assert again.to_dict() == found.to_dict()
    assert math.isnan(again.score_new)
