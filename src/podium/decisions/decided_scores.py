"""Scores of predictions as a run decides: by its thresholds and its decoding, not by 0.5 and the likeliest class."""

from __future__ import annotations

from dataclasses import replace

from podium.decisions.pooling import judged_answers
from podium.decisions.rules import DecisionRules
from podium.metrics import METRICS, Scores, TargetScore, score_domains, score_predictions
from podium.tables import Predictions, Samples, as_certain_probs

__all__ = ["decided_scores", "differing_scores"]


def decided_scores(
    predictions: Predictions, samples: Samples, rules: DecisionRules, plain: Scores, *, metric: str | None = None
) -> Scores:
    """Scores of the answers that the rules give.

    Metrics that judge decisions, the numbers of the classes and the confusion matrices follow the rules. Metrics that
    judge probabilities are those of `plain`, or with a consensus, a pool for bags or a calibration those of the pooled
    and calibrated probabilities: no other rule changes a probability.

    Args:
        predictions: The predictions of images.
        samples: Their labels, groups and bags.
        rules: How the run decides.
        plain: What `score_predictions` gives for the predictions as the recipe pools them, with this metric.
        metric: Metric of the main target; None takes the default.
    """
    if rules.is_default:
        return plain
    predictions, samples = judged_answers(predictions, samples, rules.pool_of_bags)
    answers = rules.decide_out_of_fold(predictions)  # of new images, by the rules from all rows
    if rules.consensus or rules.calibration or rules.prevalence or rules.pool_of_bags != rules.recipe_pool:
        pooled = score_predictions(rules.join_out_of_fold(predictions), samples, metric=metric)
        of_images = plain.of_images and replace(plain.of_images, pool=rules.pool_of_bags)
        domains = score_domains(predictions, samples, plain.main_metric)
        plain = replace(plain, targets=pooled.targets, of_images=of_images, domains=domains)
    certain = {head.name: as_certain_probs(answers[head.name], head) for head in predictions.task.targets}
    by_rules = score_predictions(replace(predictions, probs=certain), samples, metric=metric)
    targets = {name: _join(plain.targets[name], found) for name, found in by_rules.targets.items()}
    return replace(plain, targets=targets)


def _join(plain: TargetScore, decided: TargetScore) -> TargetScore:
    found = {
        name: decided.metrics[name] if METRICS[name].needs == "decisions" else interval
        for name, interval in plain.metrics.items()
    }
    return replace(decided, metrics=found, chance=plain.chance, perfect=plain.perfect)


def differing_scores(decided: Scores, plain: Scores) -> list[str]:
    """A line for every target whose answers score differently by the rules: both numbers.

    They are those of the target's metric, or of the first that differs where rules do not change it.
    """
    lines = []
    for name, target in decided.targets.items():
        for item in (decided.metric_of(name), *target.metrics):
            if (new := target.metrics[item].value) != (old := plain.targets[name].metrics[item].value):
                lines.append(f"{name}: {item} {new:.4f} as the run decides, {old:.4f} without its rules")
                break
    return lines
