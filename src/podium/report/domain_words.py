"""The worst domain in a sentence, for the top of terminal and report."""

from __future__ import annotations

from podium.listing import count_of
from podium.metric_words import metric_words
from podium.metrics import Scores
from podium.report.numbers import plain_score

__all__ = ["worst_domain_words"]


def worst_domain_words(scores: Scores) -> str:
    """The domain with the worst score, with its interval; "" where samples have no domains."""
    worst = scores.worst_domain
    if worst is None:
        return ""
    found = worst.interval
    bounds = f" [{plain_score(found.low, 4)}, {plain_score(found.high, 4)}]" if found.has_bounds else ""
    return (
        f"Worst domain: {worst.name!r}, {metric_words(scores.main_metric)} {plain_score(found.value, 4)}{bounds},"
        f" {count_of(worst.n, 'image')}."
    )
