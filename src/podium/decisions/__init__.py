"""From predictions to decisions: functions of probabilities, class names and arrays; they know no model."""

from podium.decisions.complete_probs import complete_probs
from podium.decisions.consensus import check_consensus, pool_groups, without_groups
from podium.decisions.decided_scores import decided_scores, differing_scores
from podium.decisions.hierarchy import (
    Parents,
    find_parents,
    known_parents,
    mistake_height,
    read_parent_table,
    read_parents,
    within_best_parent,
)
from podium.decisions.rules import DecisionRules

__all__ = [
    "DecisionRules",
    "Parents",
    "check_consensus",
    "complete_probs",
    "decided_scores",
    "differing_scores",
    "find_parents",
    "known_parents",
    "mistake_height",
    "pool_groups",
    "read_parent_table",
    "read_parents",
    "within_best_parent",
    "without_groups",
]
