"""Which keys of a search moved the score: the share of its variation that each explains."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from podium.searches.ask import START
from podium.searches.journal import require_optuna

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

__all__ = ["LEAST_TRIALS", "measure_importance"]

LEAST_TRIALS = 10
"""With fewer trials of one start nothing can be said."""


def measure_importance(trials: Sequence[FrozenTrial], *, greater_is_better: bool) -> tuple[str, dict[str, float]]:
    """The start that was tried most, and the importance of each key among its trials, the largest first; they sum to 1.

    Nothing where fewer than ten of its trials have a score. Keys that few of them chose, or that had one value, are
    left out.

    Args:
        trials: Trials with a score.
        greater_is_better: Whether a higher score is better.

    Source:
        Hutter et al. 2014, "An Efficient Approach for Assessing Hyperparameter Importance" (fANOVA).
    """
    counts = Counter(trial.user_attrs[START] for trial in trials)
    if not counts or counts.most_common(1)[0][1] < LEAST_TRIALS:
        return "", {}
    start = counts.most_common(1)[0][0]
    own = [trial for trial in trials if trial.user_attrs[START] == start]
    keys = [key for key in dict.fromkeys(key for one in own for key in one.params) if _is_varied(own, key)]
    used = [trial for trial in own if all(key in trial.params for key in keys)]
    if len(used) < LEAST_TRIALS or not keys:
        return start, {}
    return start, _evaluate(used, keys, greater_is_better=greater_is_better)


def _is_varied(trials: Sequence[FrozenTrial], key: str) -> bool:
    values = [repr(trial.params[key]) for trial in trials if key in trial.params]
    return 10 * len(values) >= 9 * len(trials) and len(set(values)) > 1


def _evaluate(trials: Sequence[FrozenTrial], keys: Sequence[str], *, greater_is_better: bool) -> dict[str, float]:
    optuna = require_optuna()
    study = optuna.create_study(direction="maximize" if greater_is_better else "minimize")
    for trial in trials:
        params = {key: trial.params[key] for key in keys}
        spread = {key: trial.distributions[key] for key in keys}
        study.add_trial(optuna.trial.create_trial(value=trial.value, params=params, distributions=spread))
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
    found = optuna.importance.get_param_importances(study, evaluator=evaluator)
    return {key: float(share) for key, share in found.items()}
