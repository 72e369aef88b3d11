"""The words that options choose from, for `--help` to show and the parser to check.

They are repeated here because the modules that own them import numpy or torch, for which `--help` need not wait; a test
compares each with its owner.
"""

from __future__ import annotations

from typing import Literal

__all__ = [
    "BagLabels",
    "Blend",
    "Calibrator",
    "Decoding",
    "DemoTask",
    "Duplicates",
    "Engine",
    "LabelKind",
    "Layout",
    "LeakKind",
    "MapMethod",
    "Metric",
    "Models",
    "Policy",
    "Pool",
    "PoolOrAuto",
    "Precision",
    "Preset",
    "Prune",
    "Question",
    "RecipeAction",
    "RunOrder",
    "Shell",
    "SplitMethod",
    "ValueKind",
    "WhenNone",
]

Blend = Literal["mean", "logits", "ranks", "vote"]
Calibrator = Literal["temperature", "vector"]
Engine = Literal["auto", "onnxruntime", "openvino"]
DemoTask = Literal["sign_digits", "letters", "glyphs"]
Decoding = Literal["independent", "class_first", "attributes_first"]
Precision = Literal["fp32", "bf16", "int8"]
Preset = Literal["baseline", "quick", "finetune", "strong", "contest-f", "contest-l"]
Policy = Literal["none", "light", "medium", "strong", "faces", "letters", "aerial"]
Layout = Literal["auto", "folders", "table", "pattern"]
LabelKind = Literal["auto", "single", "multi", "votes", "annotators"]
BagLabels = Literal["agree", "any"]
Pool = Literal["mean", "median", "max", "noisy_or", "logit_mean"]
PoolOrAuto = Literal["auto", "mean", "median", "max", "noisy_or", "logit_mean"]
Duplicates = Literal["error", "first", "drop"]
SplitMethod = Literal[
    "auto", "stratified", "group", "stratified_group", "multilabel", "multilabel_group", "random", "predefined"
]
Question = Literal[
    "crop",
    "border",
    "mixing",
    "loss",
    "optimizer",
    "schedule",
    "resolution",
    "batch_size",
    "arrangement",
    "backbone",
    "head",
]
Prune = Literal["median", "wilcoxon", "none"]
LeakKind = Literal["same_group", "same_bytes", "near_duplicate"]
LeaderboardAction = Literal["list", "add"]
RecipeAction = Literal["show", "diff", "check"]
RunOrder = Literal["created", "score"]
Shell = Literal["bash", "zsh", "fish"]
Models = Literal["folds", "refit"]
MapMethod = Literal["gradcam", "gradcam++", "hirescam", "rollout"]
ValueKind = Literal["auto", "class_number", "class_name", "decision", "probability"]
WhenNone = Literal["refuse", "empty", "top"]
Metric = Literal[
    "accuracy",
    "balanced_accuracy",
    "f1_macro",
    "f1_micro",
    "f1_weighted",
    "precision_macro",
    "recall_macro",
    "matthews_corrcoef",
    "cohen_kappa",
    "quadratic_kappa",
    "mean_absolute_error",
    "top_2_accuracy",
    "top_3_accuracy",
    "top_5_accuracy",
    "top_10_accuracy",
    "log_loss",
    "brier",
    "expected_calibration_error",
    "roc_auc_macro",
    "average_precision_macro",
    "label_accuracy",
    "subset_accuracy",
    "f1_samples",
    "fbeta_0.5_macro",
    "fbeta_2_macro",
    "fbeta_0.5_micro",
    "fbeta_2_micro",
    "fbeta_0.5_samples",
    "fbeta_2_samples",
    "map_at_3",
    "map_at_5",
    "map_at_10",
    "roc_auc_weighted",
    "partial_roc_auc_0.1",
    "roc_auc_above_tpr_0.8",
    "log_loss_clip_0.001",
    "log_loss_clip_0.01",
]
