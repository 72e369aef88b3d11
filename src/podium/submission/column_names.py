"""What a column's name asks for: a target, or one class of a target."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from podium.advice import options
from podium.errors import SubmissionError, UnknownNameError
from podium.tables import Head, Task

__all__ = ["Reading", "fold_name", "parse_reading", "read_name", "read_numbered"]

_WORDS = (
    "label", "labels", "prob", "probability", "proba", "p", "pred", "prediction", "class", "target", "score", "is",
    "has",
)  # fmt: skip
_SEPARATORS = ("__", "_", "-", ".", " ", ":", "=", "/")
_NUMBERED = re.compile(r"(.*?)([0-9]{1,9})")


@dataclass(frozen=True)
class Reading:
    """A target, or with an index one of its classes."""

    head: Head
    class_index: int | None = None

    @property
    def text(self) -> str:
        """The reading as it is given in `answer_columns`: "target" or "target=class"."""
        if self.class_index is None:
            return self.head.name
        return f"{self.head.name}={self.head.classes[self.class_index]}"


def fold_name(name: str) -> str:
    """A name for loose comparison: NFC, no blanks around it, case aside."""
    return unicodedata.normalize("NFC", name.strip()).casefold()


def parse_reading(text: str, task: Task) -> Reading:
    """The reading that `answer_columns` gives as "target" or "target=class".

    Raises:
        UnknownNameError: If the task has no such target or class.
    """
    known = {reading.text: reading for reading in _all_readings(task)}
    if text not in known:
        raise UnknownNameError("target", text, known, field="answer_columns")
    return known[text]


def _all_readings(task: Task) -> Iterator[Reading]:
    for head in task.targets:
        yield Reading(head)
        for index in range(head.n_classes):
            yield Reading(head, index)


def _targets_called(name: str, task: Task, *, exact: bool) -> list[Reading]:
    same = (lambda text: text.strip() == name.strip()) if exact else (lambda text: fold_name(text) == fold_name(name))
    whole = [Reading(head) for head in task.targets if same(head.name)]
    classes = [Reading(head, index) for head in task.targets for index, known in enumerate(head.classes) if same(known)]
    # A multi-label head of one class, "defect" of "defect", is one question under two names.
    alone = {reading.head.name for reading in classes if reading.head.n_classes == 1}
    return [reading for reading in whole if reading.head.name not in alone] + classes


def read_name(name: str, task: Task) -> list[Reading]:
    """The readings of a column's name: exactly a target's or class's, else up to case, else with an affix.

    Affixes are "target=class", "target_class" and common words: "label_a", "a_prob". More than one reading is an
    ambiguity that the caller must resolve.

    Example:
        >>> task = Task((Head("letters", "multi", ("a", "b")),))
        >>> [reading.text for reading in read_name("prob_b", task)]
        ['letters=b']
    """
    for exact in (True, False):
        found = _targets_called(name, task, exact=exact)
        if found:
            return found
    return _affixed(fold_name(name), task)


def _affixed(name: str, task: Task) -> list[Reading]:
    found: dict[tuple[str, int], Reading] = {}
    for head in task.targets:
        classes = {fold_name(known): index for index, known in enumerate(head.classes)}
        for rest in _rests(name, (fold_name(head.name), *_WORDS)):
            if rest in classes:
                found[head.name, classes[rest]] = Reading(head, classes[rest])
    named = [reading for reading in found.values() if name.startswith(fold_name(reading.head.name))]
    return named or list(found.values())


def _rests(name: str, words: Sequence[str]) -> Iterator[str]:
    for word in words:
        for separator in _SEPARATORS:
            if name.startswith(word + separator):
                yield name[len(word + separator) :]
            if name.endswith(separator + word):
                yield name[: -len(separator + word)]


def read_numbered(names: Sequence[str], task: Task, *, where: Path | None = None) -> dict[str, Reading]:
    """Readings of columns that count the classes of a target: 0, 1, 2 or class_0, class_1 or c1, c2.

    The part before the number must be the same in all, and the numbers must run from 0 or 1 without a gap. The
    target is the one of that many classes.

    Raises:
        SubmissionError: If several targets have that many classes.
    """
    split = [_NUMBERED.fullmatch(name) for name in names]
    parts = [(found[1], int(found[2])) for found in split if found is not None]
    if len(parts) < len(names) or len({start for start, _ in parts}) != 1:
        return {}
    start, numbers = parts[0][0], [number for _, number in parts]
    first = min(numbers)
    if first > 1 or sorted(numbers) != list(range(first, first + len(numbers))):
        return {}
    heads = [head for head in task.targets if head.n_classes == len(names)]
    called = [head for head in heads if fold_name(start).strip("_-. :=/") == fold_name(head.name)] or heads
    if len(called) > 1:
        choices = " or ".join(repr(head.name) for head in called)
        raise SubmissionError(
            f"columns {names[0]!r} to {names[-1]!r} could count the classes of {choices}.",
            where=where,
            fix=f"Set it, such as {options(answer_columns={names[0]: Reading(called[0], 0).text})}.",
        )
    return (
        {name: Reading(called[0], number - first) for name, number in zip(names, numbers, strict=True)}
        if called
        else {}
    )
