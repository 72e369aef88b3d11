"""The plan of a submission in sentences, for the user to check before anything is written."""

from __future__ import annotations

from collections.abc import Sequence

from podium.advice import options
from podium.listing import count_of
from podium.submission.answer import Answer
from podium.tables import Task

__all__ = ["describe_answers"]

_NO_AND_YES = {("0", "1"), ("no", "yes"), ("n", "y"), ("false", "true"), ("negative", "positive"), ("neg", "pos")}

_MOST_NUMBERS, _LINE = 30, 100
"""Class numbers that are listed; characters of a line of them."""


def describe_answers(answers: Sequence[Answer], task: Task) -> list[str]:
    """A sentence per answer column, or per group of columns that ask for classes of one target; long lists of class
    numbers go on in lines of their own."""
    whole = [answer for answer in answers if answer.kind not in ("decision", "probability")]
    notes = [line for answer in whole for line in _describe_whole(answer, task)]
    groups: dict[str, list[Answer]] = {}
    for answer in answers:
        if answer.kind in ("decision", "probability"):
            groups.setdefault(answer.head.name, []).append(answer)
    return notes + [_describe_group(group) for group in groups.values()]


def _describe_whole(answer: Answer, task: Task) -> list[str]:
    head, composite = answer.head, task.composite
    formula = f" ({composite.formula})" if composite is not None and composite.name == head.name else ""
    what = {
        "class_number": "the class number",
        "class_name": "the class name",
        "number_list": f"class numbers joined by {answer.delim!r}",
        "name_list": f"class names joined by {answer.delim!r}",
    }[answer.kind]
    what = f"the {answer.top_k} most likely {what}" if answer.top_k else what
    lines = _list_numbers(answer) if "number" in answer.kind else []
    numbers = f": {lines.pop()}" if len(lines) == 1 else ""
    return [f"{answer.column!r} gets {what} of {head.name!r}{formula}{numbers}{_threshold(answer)}.", *lines]


def _list_numbers(answer: Answer) -> list[str]:
    """Numbers with their classes, in lines that a terminal need not break."""
    pairs = [f"{number} = {name}" for number, name in zip(answer.numbers, answer.head.classes, strict=True)]
    pairs = pairs if len(pairs) <= _MOST_NUMBERS else [*pairs[:5], "...", pairs[-1]]
    lines: list[str] = []
    for pair in pairs:
        if lines and len(lines[-1]) + len(pair) < _LINE:
            lines[-1] += f"; {pair}"
        else:
            lines.append(pair)
    return lines


def _describe_group(group: Sequence[Answer]) -> str:
    first, last = group[0], group[-1]
    names = (
        repr(first.column)
        if len(group) == 1
        else f"{first.column!r} to {last.column!r} ({count_of(len(group), 'column')})"
    )
    if len(group) == 1:
        assert first.class_index is not None, "a column of one class knows which"
        of = f"{first.head.classes[first.class_index]!r} of {first.head.name!r}"
    else:
        of = f"each class of {first.head.name!r}"
    if first.kind == "probability":
        return f"{names} get{'s' * (len(group) == 1)} the probability of {of}, with all digits.{_other_class(group)}"
    how = _threshold(first) if first.head.is_multi else ": 1 for the most probable class"
    return f"{names} get{'s' * (len(group) == 1)} 0 or 1 for {of}{how}.{_other_class(group)}"


def _other_class(group: Sequence[Answer]) -> str:
    """How to ask for the other class, where one column stands for two classes."""
    answer = group[0]
    if len(group) > 1 or answer.head.is_multi or answer.head.n_classes != 2 or answer.class_index is None:
        return ""
    if tuple(name.casefold() for name in answer.head.classes) in _NO_AND_YES:
        return ""
    other = answer.head.classes[1 - answer.class_index]
    advice = options(answer_columns={answer.column: f"{answer.head.name}={other}"})
    return f" For {other!r} instead, set {advice}."


def _threshold(answer: Answer) -> str:
    if not answer.head.is_multi:
        return ""
    low, high = min(answer.thresholds), max(answer.thresholds)
    return f"; 1 from probability {low:g}" if low == high else f"; 1 from a threshold of its own ({low:g} to {high:g})"
