"""What tuned decisions would win, kept with the scores of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from podium import durable
from podium.metric_words import metric_words
from podium.store.run_folder import RunFolder

__all__ = ["offer_words", "read_offers"]


def read_offers(run: RunFolder) -> Sequence[Mapping[str, Any]]:
    """The offers in scores.json; none where there are no scores, or the run decides by rules of its own already."""
    if not run.scores_file.is_file() or run.decisions_file.is_file():
        return []
    scores = durable.read_json(run.scores_file)
    found = scores.get("tuning") if isinstance(scores, Mapping) else None
    return [offer for offer in found if isinstance(offer, Mapping)] if isinstance(found, list) else []


def offer_words(offer: Mapping[str, Any]) -> str:
    """An offer in a line.

    Example:
        >>> offer = {"target": "tags", "metric": "f1_macro", "kind": "thresholds", "without": 0.3886, "with": 0.5213}
        >>> offer_words(offer)
        'tags: macro F1 0.3886 now, 0.5213 with thresholds chosen on other folds'
    """
    now, then, metric = offer["without"], offer["with"], metric_words(offer["metric"])
    return f"{offer['target']}: {metric} {now:.4f} now, {then:.4f} with {offer['kind']} chosen on other folds"
