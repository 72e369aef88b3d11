"""The range of a submission's score in words."""

from __future__ import annotations

from podium.listing import count_of
from podium.metrics import ExpectedScore
from podium.report.numbers import plain_score

__all__ = ["expected_words", "why_expected"]


def expected_words(found: ExpectedScore, *, n_images: str = "") -> str:
    """The range in a line.

    Args:
        found: The range.
        n_images: What to say instead of the number of images.
    """
    size = n_images or count_of(found.n_images, "image")
    if found.is_assumed:
        size += ", as many as here"
    bounds = f" [{plain_score(found.low, 4)}, {plain_score(found.high, 4)}] ({found.level:.0%})"
    return f"{plain_score(found.value, 4)}{bounds if found.has_bounds else ''} on a test set of {size}"


def why_expected(found: ExpectedScore) -> str:
    """What is in the range, in a sentence."""
    moved = abs(found.share * found.gain.value)
    groups = f" of {count_of(found.n_groups, 'group')}" if found.n_groups != found.n_images else ""
    luck = f"the range has the luck of a test set{groups} in it" if found.has_bounds else ""
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
