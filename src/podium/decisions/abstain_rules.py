"""When a run says "unknown", or answers with a set of classes, learnt from its out-of-fold predictions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.advice import option
from podium.decisions import Abstained, DecisionRules, abstain_head
from podium.decisions.abstain import Sure, Wish
from podium.errors import UsageError
from podium.tables import Predictions, Samples

__all__ = ["abstain_rules", "read_wishes"]


def read_wishes(abstain: float | None, coverage: float | None, conformal: float | None) -> list[tuple[Wish, float]]:
    """What was asked for.

    Raises:
        UsageError: If both a risk and a coverage are.
    """
    if abstain is not None and coverage is not None:
        what = f"{option('abstain')} and {option('coverage')} both choose the lowest confidence."
        raise UsageError(what, field="abstain", fix="Give one of them.")
    wishes: list[tuple[Wish, float | None]] = [("risk", abstain), ("coverage", coverage), ("sets", conformal)]
    return [(wish, wanted) for wish, wanted in wishes if wanted is not None]


def abstain_rules(
    predictions: Predictions, samples: Samples, rules: DecisionRules, wish: Wish, wanted: float
) -> tuple[DecisionRules, dict[str, Abstained]]:
    """The rules with a lowest confidence of every target that has one class per image.

    Args:
        predictions: Out-of-fold predictions, a row for each answer, with groups where there are any.
        samples: Their labels and groups.
        rules: What else was decided comes before.
        wish: "risk", "coverage", or "sets".
        wanted: Share of wrong answers among those given, of images answered, or of sets that hold the truth.

    Raises:
        UsageError: If no target has one class per image; see also `abstain_head`.
    """
    heads = [head for head in predictions.task.targets if not head.is_multi]
    if not heads:
        field = {"risk": "abstain", "coverage": "coverage", "sets": "conformal"}[wish]
        what = "unknown and sets are for one class per image; with several labels each label is decided by itself."
        raise UsageError(what, field=field, fix=f"Choose {option('thresholds')} or {option('tune')}.")
    rows = samples.rows_of(predictions.ids)
    whole = _Answers(rules.decide_out_of_fold(predictions), rules.join_out_of_fold(predictions).probs)
    by_learner = {}  # what a fold's rules say of all rows: they have not seen that fold
    for number, learnt in rules.by_fold.items():
        own = rules.of_fold(learnt)
        by_learner[number] = _Answers(own.decide(predictions), own.join(predictions).probs)
    found = {}
    for head in heads:
        labels = samples.target_labels(head.name)[rows]
        known = labels >= 0
        found[head.name] = abstain_head(
            whole.sure(head.name, labels, known, wish),
            {number: answers.sure(head.name, labels, known, wish) for number, answers in by_learner.items()},
            predictions.fold[known],
            samples.group_keys[rows][known],
            wish,
            wanted,
        )
    numbers = sorted({number for item in found.values() for number in item.by_fold})
    by_fold = {
        number: _with_lowest(
            rules.by_fold.get(number, DecisionRules()),
            wish,
            {name: item.by_fold[number] for name, item in found.items() if number in item.by_fold},
        )
        for number in numbers
    }
    final = _with_lowest(rules, wish, {name: item.lowest for name, item in found.items()})
    return replace(final, by_fold={**rules.by_fold, **by_fold}), found


@dataclass(frozen=True, eq=False)
class _Answers:
    """Decisions and probabilities of every target."""

    decided: Mapping[str, NDArray[np.int64]]
    probs: Mapping[str, NDArray[np.floating[Any]]]

    def sure(self, name: str, labels: NDArray[np.integer[Any]], known: NDArray[np.bool_], wish: Wish) -> Sure:
        """How sure the answers to rows with a label are."""
        own, answer = self.probs[name][known], self.decided[name][known]
        column = labels[known] if wish == "sets" else answer
        confidence = np.asarray(own[np.arange(len(own)), column], dtype=np.float64)
        return Sure(confidence, answer == labels[known], own if wish == "sets" else None)


def _with_lowest(rules: DecisionRules, wish: Wish, lowest: dict[str, float]) -> DecisionRules:
    return replace(rules, sets=lowest) if wish == "sets" else replace(rules, unknown=lowest)
