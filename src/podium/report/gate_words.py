"""What is known of a submission, as the lines that are read before it is handed in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from podium.listing import count_of
from podium.metric_words import metric_words
from podium.metrics import AnswerDrift
from podium.report.expected_words import expected_words
from podium.submission import AnswerChange, SubmissionGate

__all__ = ["gate_lines"]

_MOST_CLASSES = 6


def gate_lines(gate: SubmissionGate, histogram: Mapping[str, Mapping[str, int]]) -> list[str]:
    """The block of a terminal, advice last.

    Args:
        gate: What is known.
        histogram: Rows per class of every target.
    """
    return [f"{name:8} {words}" for name, words in _lines(gate, histogram)]


def _lines(gate: SubmissionGate, histogram: Mapping[str, Mapping[str, int]]) -> Iterator[tuple[str, str]]:
    yield "score", _score_words(gate)
    for name, item in (("expected", gate.expected), ("public", gate.public)):
        if item is not None:
            yield name, expected_words(item)
    if gate.change is not None:
        yield "change", _change_words(gate.change, histogram)
    for drift in gate.drifts:
        yield "classes", _drift_words(drift)
    if gate.shift:
        yield "shift", gate.shift
    yield "advice", gate.advice


def _score_words(gate: SubmissionGate) -> str:
    if gate.score is None:
        return f"not measured: {gate.made_by}; {gate.unmeasured}"
    found = f"{metric_words(gate.metric)} {gate.score} out of fold, {gate.made_by}"
    return f"{found} ({gate.unmeasured})" if gate.unmeasured else found


def _change_words(change: AnswerChange, histogram: Mapping[str, Mapping[str, int]]) -> str:
    rows = f"{change.n_changed:,} of {count_of(change.n_rows, 'answer')} ({change.agreement:.1%} agree)"
    moved = [
        (abs(n - change.before[target].get(name, 0)), f"{name} {change.before[target].get(name, 0):,} -> {n:,}")
        for target, counts in histogram.items()
        for name, n in counts.items()
        if target in change.before and n != change.before[target].get(name, 0)
    ]
    moved.sort(key=lambda pair: -pair[0])
    named = ", ".join(words for _, words in moved[:_MOST_CLASSES])
    more = f" and {len(moved) - _MOST_CLASSES} more" if len(moved) > _MOST_CLASSES else ""
    return f"{rows} from {change.run}, {change.at[:16]}" + (f": {named}{more}" if named else "")


def _drift_words(drift: AnswerDrift) -> str:
    verdict = "more than luck" if drift.is_beyond_luck else "as luck has it"
    verdict += f" (up to {drift.luck:.1%})"
    where = f"{drift.target}: answers are {drift.distance:.1%} from those out of fold, {verdict}"
    most = f"{drift.name} {drift.answered:.1%}, out of fold {drift.out_of_fold:.1%}, labels {drift.labelled:.1%}"
    return f"{where}; most in {most}"
