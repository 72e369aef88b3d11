"""Losses: functions from logits, labels and sample weights to a value for every sample, and their mean."""

from podium.losses.angular_margin import add_angular_margin, margins_by_size
from podium.losses.asymmetric import asymmetric, asymmetric_per_sample
from podium.losses.binary_cross_entropy import binary_cross_entropy, binary_cross_entropy_per_sample
from podium.losses.class_weights import (
    balanced_class_weights,
    effective_number_class_weights,
    positive_weights,
    square_root_class_weights,
)
from podium.losses.cross_entropy import cross_entropy, cross_entropy_per_sample
from podium.losses.distillation import distillation, distillation_per_sample, soften_probs
from podium.losses.focal import binary_focal, binary_focal_per_sample, focal, focal_per_sample
from podium.losses.own import own_loss, own_loss_kinds, register_loss
from podium.losses.parent_cross_entropy import parent_cross_entropy, parent_cross_entropy_per_sample
from podium.losses.soft_macro_f1 import soft_macro_f1, soft_macro_f1_per_sample
from podium.losses.weighted_mean import weighted_mean

__all__ = [
    "add_angular_margin",
    "asymmetric",
    "asymmetric_per_sample",
    "balanced_class_weights",
    "binary_cross_entropy",
    "binary_cross_entropy_per_sample",
    "binary_focal",
    "binary_focal_per_sample",
    "cross_entropy",
    "cross_entropy_per_sample",
    "distillation",
    "distillation_per_sample",
    "effective_number_class_weights",
    "focal",
    "focal_per_sample",
    "margins_by_size",
    "own_loss",
    "own_loss_kinds",
    "parent_cross_entropy",
    "parent_cross_entropy_per_sample",
    "positive_weights",
    "register_loss",
    "soft_macro_f1",
    "soft_macro_f1_per_sample",
    "soften_probs",
    "square_root_class_weights",
    "weighted_mean",
]
