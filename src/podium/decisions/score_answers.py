"""Scores of what a run answers: of bags where one answer is for several images, else of images."""

from __future__ import annotations

from dataclasses import replace

from podium.decisions.pooling import Pool, judged_answers
from podium.metrics import ImageScore, Scores, score_domains, score_folds, score_predictions
from podium.tables import Predictions, Samples

__all__ = ["score_answers"]


def score_answers(
    predictions: Predictions, samples: Samples, pool: Pool, *, metric: str | None = None, by_fold: bool = False
) -> Scores:
    """Scores of every target with intervals, and of every domain; what single images score stands beside those of bags.

    Args:
        predictions: Predictions of images.
        samples: Their labels, groups and bags, and perhaps others.
        pool: How the probabilities of a bag's images become one.
        metric: Metric of the main target; None takes the default.
        by_fold: Also score each fold, of out-of-fold predictions.
    """
    images = score_predictions(predictions, samples, metric=metric)
    answers, units, scores = predictions, samples, images
    if samples.bag is not None:
        answers, units = judged_answers(predictions, samples, pool)
        of_images = ImageScore(pool, len(predictions), len(answers), images.main)
        scores = replace(score_predictions(answers, units, metric=metric), of_images=of_images)
    folds = score_folds(answers, units, scores.main_metric) if by_fold else ()
    return replace(scores, folds=folds, domains=score_domains(answers, units, scores.main_metric))
