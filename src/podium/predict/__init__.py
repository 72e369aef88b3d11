"""A model, images and views to probabilities."""

from podium.predict.compiled import Graph, has_openvino
from podium.predict.features import compute_features, feature_key, state_digest
from podium.predict.probabilities import complete_probs, probs_from_logits
from podium.predict.views import mean_over_views

__all__ = [
    "Graph",
    "complete_probs",
    "compute_features",
    "feature_key",
    "has_openvino",
    "mean_over_views",
    "probs_from_logits",
    "state_digest",
]
