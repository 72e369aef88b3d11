"""What a mean over the last epochs did to the score, beside the last epoch alone: kept with the scores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from podium import durable
from podium.metric_words import metric_words
from podium.store.run_folder import RunFolder

__all__ = [
    "CHOSEN_APART_NAME",
    "LAST_EPOCH_NAME",
    "PLAIN_HEADS_NAME",
    "SOUP_NAME",
    "nearest_words",
    "read_soup",
    "soup_words",
]

LAST_EPOCH_NAME = "last_epoch.parquet"
"""In the folder of a training that averages epochs: what the last one alone answers to the validation samples."""
CHOSEN_APART_NAME = "chosen_apart.parquet"
"""In the folder of a training with a greedy soup: what the epochs that half of the validation samples chose answer to
the other half."""
PLAIN_HEADS_NAME = "plain_heads.parquet"
"""In the folder of a training that answers by its training images: what its heads answer to the validation samples."""
SOUP_NAME = "soup.json"
"""Beside it: the epochs that are averaged."""


def read_soup(run: RunFolder, key: str = "soup") -> Mapping[str, Any]:
    """The comparison in scores.json, "soup" or "nearest"; empty where there is none, or no scores are there."""
    if not run.scores_file.is_file():
        return {}
    scores = durable.read_json(run.scores_file)
    found = scores.get(key) if isinstance(scores, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def soup_words(soup: Mapping[str, Any]) -> str:
    """The comparison in a line.

    Example:
        >>> difference = {"value": 0.0123, "low": -0.004, "high": 0.02}
        >>> soup_words({"epochs": 3, "metric": "f1_macro", "difference": difference, "verdict": "cannot tell"})
        'mean of the last 3 epochs: macro F1 +0.0123 [-0.0040, +0.0200] against the last alone, cannot tell'
    """
    kind = "greedy " if soup.get("choice") == "greedy" else ""
    what = f"{kind}mean of the last {soup['epochs']} epochs"
    return f"{what}: {_verdict_words(soup)} against the last alone, {soup['verdict']}"


def nearest_words(nearest: Mapping[str, Any]) -> str:
    """The comparison of answers by the nearest training images in a line."""
    kind = nearest["nearest"]
    what = "prototypes" if kind == "prototypes" else f"{kind} nearest"
    return f"{what}: {_verdict_words(nearest)} against the heads alone, {nearest['verdict']}"


def _verdict_words(found: Mapping[str, Any]) -> str:
    difference = found["difference"]
    values = [difference.get(name) for name in ("value", "low", "high")]
    value, low, high = ("–" if number is None else f"{number:+.4f}" for number in values)
    bounds = f" [{low}, {high}]" if values[1] is not None else ""
    return f"{metric_words(found['metric'])} {value}{bounds}"
