"""The runs of an ensemble: what each scores, weighs and is worth, and how much they err alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from podium.metrics import Interval
from podium.report.contents import RunContents
from podium.report.section import Section
from podium.store import EnsembleRecord

__all__ = ["MemberLine", "MembersSection", "blend_words", "describe_members"]

_KINDS = {
    "mean": "mean of the probabilities",
    "logits": "mean of the logits",
    "ranks": "mean of the ranks",
    "vote": "vote",
    "stack": "logistic regression on the logits",
}
_WEIGHING = {
    "equal": "equal weights",
    "given": "weights that were given",
    "search": "weights with the least log loss",
    "greedy": "greedy selection",
    "subset": "the best of many subsets",
    "stack": "shrunk towards their equal mean",
}


def blend_words(record: EnsembleRecord) -> str:
    """How an ensemble combines its runs, such as "mean of the probabilities, equal weights"."""
    return f"{_KINDS[record.blend['kind']]} ({_WEIGHING[record.weighing]})"


@dataclass(frozen=True)
class MemberLine:
    """One run.

    Args:
        name: The run.
        score: Its main score alone.
        weight: Its weight for the main target.
        lowest: Its lowest weight among those that were chosen without one fold; None where no label chose them.
        highest: Its highest, as `lowest`.
        without: What the ensemble scores without it; None where it is one of two.
        value: The ensemble minus that, with its interval.
        verdict: Whether it helps the ensemble; "not used" where its weight is 0.
    """

    name: str
    score: float
    weight: float
    lowest: float | None
    highest: float | None
    without: float | None
    value: Interval | None
    verdict: str


@dataclass(frozen=True)
class MembersSection(Section):
    """All runs.

    Args:
        how: How they are combined, in words.
        metric: Of all scores.
        lines: A line a run.
        best: Name of the best run alone.
        gain: The ensemble minus that run.
        gain_verdict: Whether it is better.
        over_equal: The ensemble minus the one with equal weights; None where no label chose the weights.
        over_equal_verdict: Whether chosen weights are better.
        correlation: Correlation between the errors of every two runs.
        notes: What was found out about predictions that somebody gave, in sentences.
    """

    how: str
    metric: str
    lines: tuple[MemberLine, ...]
    best: str
    gain: Interval
    gain_verdict: str
    over_equal: Interval | None
    over_equal_verdict: str
    correlation: tuple[tuple[float, ...], ...]
    notes: tuple[str, ...]


def describe_members(contents: RunContents) -> MembersSection | None:
    """The section; None where a run has models of its own."""
    record = contents.ensemble
    if record is None or contents.scores is None:
        return None
    weights = record.blend["weights"][contents.scores.main_target]
    by_fold = list(zip(*record.by_fold.values(), strict=True))
    lines = []
    for place, member in enumerate(record.members):
        own = by_fold[place] if by_fold else ()
        lines.append(
            MemberLine(
                member.name,
                member.score,
                weights[place],
                min(own, default=None),
                max(own, default=None),
                member.without,
                _interval(member.value),
                str(member.value.get("verdict", "")) if weights[place] else "not used",
            )
        )
    best, equal = record.against["best"], record.against.get("equal", {})
    gain = _interval(best)
    assert gain is not None, "an ensemble is compared with its best run"
    return MembersSection(
        blend_words(record),
        best["metric"],
        tuple(lines),
        best["name"],
        gain,
        best["verdict"],
        _interval(equal),
        str(equal.get("verdict", "")),
        record.correlation,
        record.notes,
    )


def _interval(record: Mapping[str, Any]) -> Interval | None:
    return Interval.from_dict(record["difference"]) if record else None
