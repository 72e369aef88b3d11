"""Names of metrics as a person says them."""

from __future__ import annotations

__all__ = ["METRIC_WORDS", "metric_words"]

METRIC_WORDS = {
    "f1_macro": "macro F1",
    "f1_micro": "micro F1",
    "f1_weighted": "weighted F1",
    "f1_samples": "F1 per image",
    "precision_macro": "macro precision",
    "recall_macro": "macro recall",
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "label_accuracy": "label accuracy",
    "subset_accuracy": "images with every label right",
    "roc_auc_macro": "macro ROC AUC",
    "average_precision_macro": "macro average precision",
    "matthews_corrcoef": "Matthews correlation",
    "cohen_kappa": "Cohen's kappa",
    "quadratic_kappa": "quadratic kappa",
    "mean_absolute_error": "mean absolute error",
    "expected_calibration_error": "calibration error",
    "log_loss": "log loss",
    "brier": "Brier score",
    "fbeta_0.5_macro": "macro F0.5",
    "fbeta_2_macro": "macro F2",
    "fbeta_0.5_micro": "micro F0.5",
    "fbeta_2_micro": "micro F2",
    "fbeta_0.5_samples": "F0.5 per image",
    "fbeta_2_samples": "F2 per image",
    "map_at_3": "mAP@3",
    "map_at_5": "mAP@5",
    "map_at_10": "mAP@10",
    "roc_auc_weighted": "weighted ROC AUC",
    "partial_roc_auc_0.1": "ROC AUC up to 10 % false positives",
    "roc_auc_above_tpr_0.8": "ROC AUC above 80 % true positives",
    "log_loss_clip_0.001": "log loss clipped at 0.001",
    "log_loss_clip_0.01": "log loss clipped at 0.01",
}
"""Names of metrics in words; a metric that is not here goes by its own name."""


def metric_words(name: str) -> str:
    """A metric's name as a person says it.

    Example:
        >>> metric_words("f1_macro"), metric_words("top_3_accuracy")
        ('macro F1', 'top 3 accuracy')
    """
    return METRIC_WORDS.get(name, name.replace("_", " "))
