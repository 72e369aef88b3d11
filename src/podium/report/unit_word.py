"""What one answer is for, in words."""

from __future__ import annotations

from podium.listing import count_of
from podium.metrics import Scores
from podium.report.numbers import plain_score

__all__ = ["image_score_words", "unit_word"]


def unit_word(scores: Scores | None) -> str:
    """What scores count, in the singular."""
    return "image" if scores is None or scores.of_images is None else "bag"


def image_score_words(scores: Scores) -> str | None:
    """What single images score, beside the score of bags; None where each image has an answer of its own."""
    found = scores.of_images
    if found is None:
        return None
    bounds = f" [{plain_score(found.interval.low, 4)}, {plain_score(found.interval.high, 4)}]"
    return (
        f"single images: {plain_score(found.interval.value, 4)}{bounds if found.interval.has_bounds else ''} over"
        f" {count_of(found.n_images, 'image')}; the answer for a bag pools its images ({found.pool})"
    )
