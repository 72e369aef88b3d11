"""From predictions to decisions: functions of probabilities, class names and arrays; they know no model."""

from podium.decisions.complete_probs import complete_probs

__all__ = ["complete_probs"]
