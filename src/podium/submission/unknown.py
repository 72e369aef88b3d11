"""Answers that are not given: below a run's lowest confidence, where the organiser has a word for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.advice import option
from podium.errors import UsageError
from podium.listing import list_some
from podium.submission.answer import Answer, Meaning
from podium.submission.options import SubmissionOptions
from podium.tables import Head

__all__ = ["describe_unknown", "mask_unknown", "name_sets", "with_unknown", "word_for_unknown"]


def word_for_unknown(head: Head) -> str:
    """What a table of answers says where nothing is known; no class of the target."""
    return "unknown" if "unknown" not in head.classes else "(unknown)"


def with_unknown(answers: Sequence[Answer], options: SubmissionOptions) -> tuple[Answer, ...]:
    """The columns with the organiser's word for unknown, where the run says it and one was given.

    Raises:
        UsageError: If a word was given and the run never says it, or it is one of the answers.
    """
    if options.unknown_value is None:
        return tuple(answers)
    word = options.unknown_value.strip()
    if not options.unknown or not word:
        fix = f"Decide first: {option('abstain')} or {option('coverage')} of `podium decide`."
        raise UsageError("this run never says unknown.", field="unknown_value", fix=fix)
    able = [answer for answer in answers if _can_be_unknown(answer, options)]
    for answer in able:
        if word in {answer.write(index) for index in range(answer.head.n_classes)}:
            raise UsageError(f"{word!r} is an answer of {answer.column!r}.", field="unknown_value")
    if not able:
        what = "no column of this sample holds a class number or name of a target that may be unknown."
        raise UsageError(what, field="unknown_value", fix="Leave it out.")
    return tuple(replace(answer, unknown=word) if answer in able else answer for answer in answers)


def describe_unknown(answers: Sequence[Answer], options: SubmissionOptions) -> list[str]:
    """What is written where the run says unknown, or that all images are answered."""
    named = [repr(answer.column) for answer in answers if answer.head.name in (options.unknown or {})]
    if not named:
        return []
    words = {answer.unknown for answer in answers if answer.unknown}
    if words:
        return [f"{list_some(named)}: {next(iter(words))!r} below the lowest confidence that the run answers with."]
    return [
        f"{list_some(named)}: every image is answered, also those that the run calls unknown. Their word for it is"
        f" set by {option('unknown_value')}."
    ]


def mask_unknown(
    answer: Answer, probs: NDArray[np.floating[Any]], decided: NDArray[np.int64], options: SubmissionOptions
) -> list[Meaning]:
    """What to answer for every row, -1 where nothing is said."""
    meanings = answer.meanings(probs, decided)
    if not answer.unknown:
        return meanings
    lowest = (options.unknown or {})[answer.head.name]
    is_sure = probs[np.arange(len(probs)), decided] >= lowest
    return [meaning if sure else -1 for meaning, sure in zip(meanings, is_sure.tolist(), strict=True)]


def name_sets(head: Head, probs: NDArray[np.floating[Any]], lowest: float) -> list[str]:
    """The classes of every row that reach a probability, the most likely first, joined by "|"; never none."""
    order = np.argsort(-probs, axis=1, kind="stable").tolist()
    n_in = np.maximum(1, (probs >= lowest).sum(axis=1)).tolist()
    return ["|".join(head.classes[c] for c in row[:n]) for row, n in zip(order, n_in, strict=True)]


def _can_be_unknown(answer: Answer, options: SubmissionOptions) -> bool:
    return answer.kind in ("class_number", "class_name") and answer.head.name in (options.unknown or {})
