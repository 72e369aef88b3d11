"""Advice: the gravest reason decides, in one line."""

from __future__ import annotations

from dataclasses import replace

import pytest

from podium.metrics import AnswerDrift, Interval, PairedDifference
from podium.metrics.paired import Verdict
from podium.submission import AnswerChange, SubmissionGate, advise

GATE = SubmissionGate("the mean of 5 folds", "accuracy", "t", Interval(0.9, 0.85, 0.95, 40, 2000, 0.95))
LAST = AnswerChange("2026-11-30T10:00:00", "base", "ab", 100, 7, {})
DRIFT = AnswerDrift("t", 0.4, 0.1, "cat", 0.6, 0.2, 0.2)


def against(verdict: Verdict, value: float) -> AnswerChange:
    interval = Interval(value, value - 0.01, value + 0.01, 40, 2000, 0.95)
    return replace(LAST, difference=PairedDifference("accuracy", interval, verdict))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "submit"),
        ({"constant": ("t",), "partial": "3 of 5 folds"}, "do not submit: all rows of 't' get the same answer"),
        ({"partial": "3 of 5 folds", "drifts": (DRIFT,)}, "wait: predictions are of 3 of 5 folds"),
        ({"change": replace(LAST, n_changed=0)}, "do not submit: every answer is that of your last submission"),
        ({"change": replace(LAST, n_changed=0, is_same_kind=False)}, "cannot be told from your last submission"),
        ({"chance": 0.9}, "do not submit: one answer everywhere scores 0.9000, and the run accuracy 0.9000"),
        ({"chance": 0.86}, "look first: accuracy 0.9000 is not beyond chance, where one answer everywhere scores 0.86"),
        ({"chance": 0.84}, "submit"),
        ({"metric": "log_loss", "chance": 0.8}, "do not submit: one answer everywhere scores 0.8000"),
        ({"metric": "log_loss", "chance": 0.96}, "submit"),
        ({"drifts": (DRIFT,)}, "look first: 'cat' of 't' is answered in 60% of the rows, out of fold in 20%"),
        ({"drifts": (replace(DRIFT, luck=0.5),)}, "submit"),
        ({"change": against("helps", 0.02)}, "submit: better out of fold than your last submission, accuracy +0.0200"),
        ({"change": against("hurts", -0.02)}, "do not submit: worse out of fold"),
        ({"change": against("cannot tell", 0.001)}, "cannot be told from your last submission: accuracy +0.0010"),
        ({"change": LAST}, "cannot be told from your last submission: the difference is not measured; 7 of 100"),
        ({"score": None, "unmeasured": "a refit"}, "submit only to learn: its score is not measured (a refit)"),
    ],
)
def test_the_gravest_reason_decides(changes: dict[str, object], words: str) -> None:
    assert advise(replace(GATE, **changes)).startswith(words)  # type: ignore[arg-type]


def test_a_score_below_chance_names_what_may_help() -> None:
    found = advise(replace(GATE, chance=0.95, remedy="`podium.load_run('mine').decide(tune='accuracy')`"))
    assert found.endswith("Tuned decisions may be better: `podium.load_run('mine').decide(tune='accuracy')`")
