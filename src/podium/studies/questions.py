"""What contest teams ask most, ready to be tried: each question is a list of ways, each way the keys it changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["QUESTIONS"]

QUESTIONS: Mapping[str, tuple[Mapping[str, Any], ...]] = {
    "crop": (
        {"image.region": "middle", "image.detect": ["centre:0.8"]},
        {"image.region": "middle", "image.detect": ["centre:0.6"]},
        {"image.fit": "crop"},
        {"image.fit": "pad"},
    ),
    "border": tuple({"borders.*": {"kind": "soft", "width": width}} for width in (1, 2, 4)),
    "mixing": (
        {"mixing": "mixup"},
        *({"mixing": [{"kind": "cutmix", "shape": shape}]} for shape in ("box", "strip", "left_right")),
        {"mixing": "patch_swap"},
    ),
    "loss": (
        {"loss.single.kind": "focal"},
        {"loss.single.kind": "soft_macro_f1"},
        {"loss.single.label_smoothing": 0.0},
        {"loss.single.label_smoothing": 0.1},
        {"loss.single.class_weights": "balanced"},
        {"loss.multi.kind": "binary_focal"},
        {"loss.multi.kind": "asymmetric"},
        {"loss.multi.kind": "soft_macro_f1"},
        {"loss.multi.positive_weights": "balanced"},
    ),
    "optimizer": tuple({"optimizer.name": name} for name in ("sgd", "adam", "radam", "madgrad", "lion")),
    "schedule": tuple(
        {"schedule.kind": kind}
        for kind in ("constant", "step_decay", "cosine", "cosine_restarts", "one_cycle", "cyclic", "plateau")
    ),
    "resolution": tuple({"image.size_px": side} for side in (96, 128, 160, 224)),
    "batch_size": tuple({"training.batch_size": size} for size in (16, 32, 64, 128)),
    "arrangement": tuple({"model.arrangement": kind} for kind in ("joint", "shared", "separate")),
    "backbone": tuple(
        {"model.name": name}
        for name in (
            "mobilenetv2_100",
            "tf_efficientnet_lite1",
            "tf_efficientnet_lite2",
            "resnet50",
            "convnext_tiny",
            "vit_small_patch16_224",
        )
    ),
    "head": tuple({"head.kind": kind} for kind in ("auto", "logistic", "lda", "ridge")),
}
"""`borders.*` stands for every head that was made from numbers. A way that a recipe or a task does not allow is left
out, with a note."""
