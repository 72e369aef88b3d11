"""Presets: functions that give a recipe.

Each says what it is for, and what it cost and scored on two sets: 1,575 faces of 18 classes (macro F1, by person) and
2,062 signed digits (macro F1, by student), five folds, two cores, EfficientNet-Lite0, November 2026. More sets are in
LOG.md.
"""

from __future__ import annotations

from collections.abc import Callable

from podium.errors import UnknownNameError
from podium.recipe.augmentation_policies import medium
from podium.recipe.feature_spec import FeatureSpec
from podium.recipe.loss_spec import CrossEntropySpec, LossSpec
from podium.recipe.model_spec import ModelSpec
from podium.recipe.optimizer_spec import OptimizerSpec
from podium.recipe.recipe import Recipe
from podium.recipe.schedule_spec import OneCycle
from podium.recipe.training_spec import TrainingSpec

__all__ = ["PRESETS", "baseline", "find_preset", "finetune", "quick"]


def baseline() -> Recipe:
    """Frozen backbone, cached features, linear heads: a first honest score, in seconds to minutes on a laptop CPU.

    Features of every image, of several depths of the network, are computed once and shared by all folds, seeds and
    heads. Faces 0.47 in 48 seconds of CPU time, digits 0.96 in 43.
    """
    return Recipe(
        preset="baseline",
        model=ModelSpec(freeze="backbone"),
        features=FeatureSpec(depths="auto"),
        optimizer=OptimizerSpec(name="adamw", lr=3e-3, weight_decay=5.0),
        schedule=OneCycle(warmup_fraction=0.1),
        training=TrainingSpec(epochs=60, batch_size=128),
        feature_views=("plain", "hflip"),
        predict_views=("plain", "hflip"),
    )


def quick() -> Recipe:
    """Fine-tunes the upper blocks for three epochs: most of the gain of full fine-tuning, in less than half its time.

    The first six blocks are frozen, and what they make of every augmented image is computed once for all folds. Faces
    0.50 in 1.6 minutes, digits 0.98 in 1.4.
    """
    return Recipe(
        preset="quick",
        model=ModelSpec(freeze="blocks", frozen_blocks=6),
        loss=LossSpec(single=CrossEntropySpec(label_smoothing=0.05)),
        augmentations=medium(),
        optimizer=OptimizerSpec(name="adamw", lr=1e-3, weight_decay=0.05, head_lr_factor=2.0),
        schedule=OneCycle(warmup_fraction=0.2),
        training=TrainingSpec(epochs=3, batch_size=32, clip_norm=5.0),
        predict_views=("plain", "hflip"),
    )


def finetune() -> Recipe:
    """Fine-tunes all but the first three blocks for eight epochs, with averaged weights: for the leaderboard.

    The frozen blocks hold edges and colours that every photo shares; without their backward pass a step on a CPU
    takes little more than half the time. `model.freeze=none` trains them too.
    Faces 0.52 in 8 minutes, digits 0.995 in 7.
    """
    return Recipe(
        preset="finetune",
        model=ModelSpec(freeze="blocks", frozen_blocks=3, drop_rate=0.1, drop_path_rate=0.05),
        loss=LossSpec(single=CrossEntropySpec(label_smoothing=0.05)),
        augmentations=medium(),
        optimizer=OptimizerSpec(name="adamw", lr=1e-3, weight_decay=0.05, head_lr_factor=2.0),
        schedule=OneCycle(warmup_fraction=0.2),
        training=TrainingSpec(epochs=8, batch_size=32, ema_decay=0.99, clip_norm=5.0),
        predict_views=("plain", "hflip"),
    )


PRESETS: dict[str, Callable[[], Recipe]] = {"baseline": baseline, "quick": quick, "finetune": finetune}
"""Every preset by name."""


def find_preset(name: str) -> Recipe:
    """The recipe of a preset.

    Raises:
        UnknownNameError: If there is none of that name; says the nearest.
    """
    if name not in PRESETS:
        raise UnknownNameError("preset", name, PRESETS)
    return PRESETS[name]()
