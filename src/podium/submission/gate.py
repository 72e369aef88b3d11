"""What to know before a submission is spent: its score, what changed, what looks wrong; and advice in one line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from podium.listing import part_of
from podium.metric_words import metric_words
from podium.metrics import METRICS, AnswerDrift, ExpectedScore, Interval, PairedDifference
from podium.submission.histogram import Histogram

__all__ = ["AnswerChange", "SubmissionGate", "advise"]

WORTH_SAYING = 0.05
"""Distance of answers from those out of fold that is worth a look, if luck does not explain it."""


@dataclass(frozen=True)
class AnswerChange:
    """What changed since the last submission of the same test set.

    Args:
        at: When that was, in UTC as ISO 8601.
        run: The run, or runs, that it was of.
        sha256: Its digest.
        n_rows: Images that both answer; 0 where the answers of the last one were not kept.
        n_changed: Of these, images with another answer.
        before: Rows per class of the last one.
        difference: This one's score out of fold minus the last one's, on the same images; None where it is not known.
        is_same_kind: Whether equal answers make equal cells: both files hold answers of one kind, and no probabilities.
    """

    at: str
    run: str
    sha256: str
    n_rows: int
    n_changed: int
    before: Histogram
    difference: PairedDifference | None = None
    is_same_kind: bool = True

    @property
    def agreement(self) -> float:
        """Share of the images with the same answer; nan where it is not known."""
        return 1 - self.n_changed / self.n_rows if self.n_rows else float("nan")

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        difference = None if self.difference is None else self.difference.to_dict()
        return vars(self) | {"difference": difference, "agreement": self.agreement if self.n_rows else None}


@dataclass(frozen=True)
class SubmissionGate:
    """What is known of a submission before it is handed in.

    Args:
        made_by: What answers: the mean of how many folds, an ensemble, the refit.
        metric: Name of the metric; "" where the run is not scored.
        target: Its target.
        score: Score out of fold of what is submitted, as it is decided; None where that was not measured.
        chance: What the best answer that is the same for every image scores; None where that is not known.
        remedy: The command that tunes the decisions of the run, where folds that did not choose score better by it.
        holds: Kinds of the cells of the submission's columns.
        unmeasured: Why there is no score, or in what the submission differs from what was measured; "" for nothing.
        expected: Range of the score on the whole test set.
        public: Range on the part that a public leaderboard scores; None where its share is not known.
        change: From the last submission; None where this is the first.
        drifts: Per target, how far the answers are from those out of fold.
        shift: How well an audit could tell the test set from the data; "" where none looked.
        partial: How many of how many folds made the predictions; "" for all of them.
        constant: Targets with one answer everywhere.
        advice: What to do, in a line.
    """

    made_by: str
    metric: str = ""
    target: str = ""
    score: Interval | None = None
    chance: float | None = None
    remedy: str = ""
    holds: tuple[str, ...] = ()
    unmeasured: str = ""
    expected: ExpectedScore | None = None
    public: ExpectedScore | None = None
    change: AnswerChange | None = None
    drifts: tuple[AnswerDrift, ...] = ()
    shift: str = ""
    partial: str = ""
    constant: tuple[str, ...] = ()
    advice: str = ""

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        parts: dict[str, Any] = {name: getattr(self, name) for name in ("score", "expected", "public", "change")}
        record: Mapping[str, Any] = {name: None if item is None else item.to_dict() for name, item in parts.items()}
        lists = {
            "drifts": [drift.to_dict() for drift in self.drifts],
            "constant": list(self.constant),
            "holds": list(self.holds),
        }
        return {**vars(self), **record, **lists}


def advise(gate: SubmissionGate) -> str:
    """What to do, the gravest reason first.

    Example:
        >>> advise(SubmissionGate("the mean of 3 folds", partial="3 of 5 folds"))
        'wait: predictions are of 3 of 5 folds'
    """
    if gate.constant:
        return f"do not submit: all rows of {gate.constant[0]!r} get the same answer"
    if gate.partial:
        return f"wait: predictions are of {gate.partial}"
    if gate.change is not None and gate.change.n_rows and not gate.change.n_changed and gate.change.is_same_kind:
        return f"do not submit: every answer is that of your last submission ({gate.change.run}, {gate.change.at[:16]})"
    if (useless := _beside_chance(gate)) is not None:
        return useless
    found = [drift for drift in gate.drifts if drift.is_beyond_luck and drift.distance > WORTH_SAYING]
    if found:
        most = max(found, key=lambda drift: drift.distance)
        return (
            f"look first: {most.name!r} of {most.target!r} is answered in {most.answered:.0%} of the rows, out of fold"
            f" in {most.out_of_fold:.0%}, more than luck makes of it"
        )
    if gate.change is not None:
        return _against_last(gate.change)
    if gate.score is None:
        return f"submit only to learn: its score is not measured ({gate.unmeasured})"
    return "submit"


def _beside_chance(gate: SubmissionGate) -> str | None:
    """What to say of a score that one answer everywhere beats, or may beat; None where there is nothing to say."""
    score, chance = gate.score, gate.chance
    if score is None or chance is None:
        return None
    is_greater = METRICS[gate.metric].greater_is_better if gate.metric in METRICS else True
    remedy = f". Tuned decisions may be better: {gate.remedy}" if gate.remedy else ""
    words = f"{metric_words(gate.metric)} {score.value:.4f}"
    if (score.value <= chance) if is_greater else (score.value >= chance):
        return f"do not submit: one answer everywhere scores {chance:.4f}, and the run {words}{remedy}"
    if score.has_bounds and (score.low <= chance if is_greater else score.high >= chance):
        return f"look first: {words} is not beyond chance, where one answer everywhere scores {chance:.4f}{remedy}"
    return None


def _against_last(change: AnswerChange) -> str:
    if change.difference is None:
        changed = f"{part_of(change.n_changed, change.n_rows, 'answer')} changed" if change.n_rows else "see above"
        return f"cannot be told from your last submission: the difference is not measured; {changed}"
    item = change.difference.difference
    size = f"{metric_words(change.difference.metric)} {item.value:+.4f}"
    size += f" [{item.low:+.4f}, {item.high:+.4f}]" if item.has_bounds else ""
    match change.difference.verdict:
        case "helps":
            return f"submit: better out of fold than your last submission, {size}"
        case "hurts":
            return f"do not submit: worse out of fold than your last submission, {size}"
    return f"cannot be told from your last submission: {size} out of fold"
