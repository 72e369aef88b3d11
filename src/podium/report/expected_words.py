"""The range of a submission's score in words."""

from __future__ import annotations

from podium.listing import count_of
from podium.metrics import ExpectedScore
from podium.report.numbers import plain_score

__all__ = ["expected_words", "why_expected"]


def expected_words(found: ExpectedScore) -> str:
    """The range in a line."""
    size = count_of(found.n_images, found.unit)
    if found.n_groups != found.n_images:
        size += f" of {count_of(found.n_groups, 'group')}"
    where = f"a test set of {size}, as many as here" if found.is_assumed else size
    bounds = f" [{plain_score(found.low, 4)}, {plain_score(found.high, 4)}] ({found.level:.0%})"
    return f"{plain_score(found.value, 4)}{bounds if found.has_bounds else ''} on {where}"


def why_expected(found: ExpectedScore) -> str:
    """What is in the range, in a sentence."""
    moved = abs(found.share * found.gain.value)
    luck = "the luck of a test set is in the range" if found.has_bounds else ""
    if found.gain.is_measured and found.share:
        gain = (
            f"{plain_score(moved, 4)} better than out of fold, as the answer has learnt from all images and each fold's"
            " model from a part of them: measured with heads on half of that part"
        )
    elif found.share:
        gain = "what the mean of the models gains is not measured, and widens the range"
    else:
        gain = "one model answers, so nothing is gained"
    words = "; ".join(part for part in (gain, luck) if part)
    return words[:1].upper() + words[1:]
