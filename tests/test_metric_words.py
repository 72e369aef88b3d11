from __future__ import annotations

from podium.metric_words import METRIC_WORDS, metric_words
from podium.metrics import METRICS


def test_every_metric_has_words() -> None:
    assert set(METRIC_WORDS) == {name for name in METRICS if not name.startswith("top_")}
    assert metric_words("top_5_accuracy") == "top 5 accuracy"
