"""From probabilities and labels to numbers, equal to scikit-learn's, with intervals by group."""

from podium.metrics.answer_drift import AnswerDrift, measure_drift
from podium.metrics.bootstrap import number_groups
from podium.metrics.chance import chance_score, is_computable, perfect_score
from podium.metrics.comparison import Arm, ArmDifference, ClassDifference, TargetComparison, compare_arms
from podium.metrics.computable import check_metric_computable
from podium.metrics.correlation import CorrelationKind, correlate, correlation_with_interval
from podium.metrics.counts import (
    ClassCounts,
    confusion_counts,
    count_classes,
)
from podium.metrics.definition import Metric
from podium.metrics.domain_scores import DomainScore, score_domains, worst_domain
from podium.metrics.fold_scores import score_folds
from podium.metrics.image_score import ImageScore
from podium.metrics.interval import Interval
from podium.metrics.look_alikes import CROSSING, LookAlikes
from podium.metrics.own import register_metric
from podium.metrics.paired import PairedDifference, Verdict, paired_difference, paired_differences
from podium.metrics.prediction_interval import ExpectedScore, expect_score
from podium.metrics.ranked_class import RankedClass, rank_classes
from podium.metrics.registry import METRICS, default_metric, fitting_metrics, metric, score, usual_metrics
from podium.metrics.scores import ClassScore, FoldScore, Scores, TargetScore
from podium.metrics.scoring import score_predictions, score_targets_fast
from podium.metrics.training_gain import TrainingGain, measure_training_gain, share_of_gain, unmeasured_gain
from podium.metrics.worst_group import number_parts, score_parts, score_worst_group, worst_group

__all__ = [
    "CROSSING",
    "METRICS",
    "AnswerDrift",
    "Arm",
    "ArmDifference",
    "ClassCounts",
    "ClassDifference",
    "ClassScore",
    "CorrelationKind",
    "DomainScore",
    "ExpectedScore",
    "FoldScore",
    "ImageScore",
    "Interval",
    "LookAlikes",
    "Metric",
    "PairedDifference",
    "RankedClass",
    "Scores",
    "TargetComparison",
    "TargetScore",
    "TrainingGain",
    "Verdict",
    "chance_score",
    "check_metric_computable",
    "compare_arms",
    "confusion_counts",
    "correlate",
    "correlation_with_interval",
    "count_classes",
    "default_metric",
    "expect_score",
    "fitting_metrics",
    "is_computable",
    "measure_drift",
    "measure_training_gain",
    "metric",
    "number_groups",
    "number_parts",
    "paired_difference",
    "paired_differences",
    "perfect_score",
    "rank_classes",
    "register_metric",
    "score",
    "score_domains",
    "score_folds",
    "score_parts",
    "score_predictions",
    "score_targets_fast",
    "score_worst_group",
    "share_of_gain",
    "unmeasured_gain",
    "usual_metrics",
    "worst_domain",
    "worst_group",
]
