"""Why an answer column cannot follow what the run decides."""

from __future__ import annotations

from collections.abc import Sequence

from podium.listing import list_some
from podium.submission.answer import Answer
from podium.submission.options import SubmissionOptions
from podium.tables import DECISION_THRESHOLD

__all__ = ["describe_unused_rules"]


def describe_unused_rules(answers: Sequence[Answer], options: SubmissionOptions) -> list[str]:
    """A sentence per target with thresholds, class weights or cut points whose columns ask for no decision."""
    notes = []
    for name in dict.fromkeys(answer.head.name for answer in answers):
        own = [answer for answer in answers if answer.head.name == name]
        rule = _rule_of(own[0], options)
        columns = [repr(answer.column) for answer in own if answer.kind == "probability" or answer.top_k]
        if rule and columns:
            what = "list classes by probability" if own[0].top_k else "ask for probabilities"
            notes.append(f"The {rule} of {name!r} are not used: {list_some(columns)} {what}, which they do not change.")
    return notes


def _rule_of(answer: Answer, options: SubmissionOptions) -> str | None:
    name = answer.head.name
    if answer.head.is_multi:
        return "thresholds" if set(answer.thresholds) != {DECISION_THRESHOLD} else None
    if name in (options.cuts or {}):
        return "cut points"
    return "class weights" if name in (options.weights or {}) else None
