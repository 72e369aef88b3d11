"""Presets: functions that give a recipe.

Each says what it is for, and the first three what they cost and scored on two sets: 1,575 faces of 18 classes (macro
F1, by person) and 2,062 signed digits (macro F1, by student), five folds, two cores, EfficientNet-Lite0, November 2026.
More sets are in LOG.md.
"""

from __future__ import annotations

from collections.abc import Callable

from podium.data import CutMix, HorizontalFlip, MixUp, Rotate, VerticalFlip
from podium.errors import UnknownNameError
from podium.recipe.augmentation_policies import faces, medium
from podium.recipe.feature_spec import FeatureSpec
from podium.recipe.head_spec import AutoHead
from podium.recipe.image_spec import ImageSpec
from podium.recipe.loss_spec import (
    BinaryFocalSpec,
    CrossEntropySpec,
    FocalSpec,
    LossSpec,
    MixturePart,
    MixtureSpec,
    SoftMacroF1Spec,
)
from podium.recipe.model_spec import ModelSpec
from podium.recipe.optimizer_spec import OptimizerSpec
from podium.recipe.recipe import Recipe
from podium.recipe.schedule_spec import Cyclic, OneCycle, StepDecay
from podium.recipe.training_spec import TrainingSpec

__all__ = ["PRESETS", "baseline", "contest_f", "contest_l", "find_preset", "finetune", "quick", "strong"]


def baseline() -> Recipe:
    """Frozen backbone, cached features, linear heads: a first honest score, in seconds to minutes on a laptop CPU.

    Features of every image, of several depths of the network, are computed once and shared by all folds, seeds and
    heads. Faces 0.50, digits 0.97 in 58 seconds of CPU time.
    """
    return Recipe(
        preset="baseline",
        model=ModelSpec(freeze="backbone"),
        head=AutoHead(),
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


def strong() -> Recipe:
    """Trains all of EfficientNet-Lite2 at 260 px for 20 epochs with mixed images and averaged weights: when hours count
    less than the score. A GPU is the place for it.

    Half of the batches are mixed, those of the last two epochs are not. Of its full size neither hours nor score
    have been measured; at 64 px, one fold of the digits scored 0.95 after three epochs, in 73 seconds of CPU time.
    """
    return Recipe(
        preset="strong",
        image=ImageSpec(size_px=260),
        model=ModelSpec(name="tf_efficientnet_lite2", drop_rate=0.2, drop_path_rate=0.1),
        loss=LossSpec(single=CrossEntropySpec(label_smoothing=0.05)),
        augmentations=medium(),
        mixing=(MixUp(probability=0.25), CutMix(probability=0.25)),
        optimizer=OptimizerSpec(name="adamw", lr=1e-3, weight_decay=0.05, head_lr_factor=2.0),
        schedule=OneCycle(warmup_fraction=0.15),
        training=TrainingSpec(epochs=20, batch_size=32, ema_decay=0.995, clip_norm=5.0, unmixed_last_epochs=2),
        predict_views=("plain", "hflip"),
    )


def contest_f() -> Recipe:
    """After the best entries of a contest about masked faces: EfficientNet-B4 with a head per attribute, strips and
    halves of other faces, 0.4 soft macro F1 + 0.6 focal loss, MADGRAD on a cyclic learning rate.

    Divide by person (`group`), and let five folds vote. The halves come from images of rare classes of the first
    attribute: `mixing.1.partner_head` names another. Weights of B4 are not packaged;
    `model.name=tf_efficientnet_lite2` needs no network. Its full size has not been measured; with that network at 64
    px, one fold of the faces scored 0.23 after two epochs (chance 0.02), in 61 seconds of CPU time.
    """
    return Recipe(
        preset="contest-f",
        image=ImageSpec(size_px=(384, 288)),
        model=ModelSpec(name="efficientnet_b4", drop_rate=0.2),
        loss=LossSpec(single=_with_soft_f1(FocalSpec()), multi=_with_soft_f1(BinaryFocalSpec())),
        augmentations=faces(),
        mixing=(
            CutMix(shape="strip", probability=0.4),
            CutMix(shape="left_right", partner="rare", probability=0.4),
        ),
        optimizer=OptimizerSpec(name="madgrad", lr=1e-3, weight_decay=0.0),
        schedule=Cyclic(base_lr=1e-5, cycle_epochs=2.0),
        training=TrainingSpec(epochs=10, batch_size=64, clip_norm=5.0),
        predict_views=("plain", "hflip"),
    )


def _with_soft_f1(focal: FocalSpec | BinaryFocalSpec) -> MixtureSpec:
    return MixtureSpec(parts=(MixturePart(weight=0.4, loss=SoftMacroF1Spec()), MixturePart(weight=0.6, loss=focal)))


def contest_l() -> Recipe:
    """After the best entries of a contest about strewn letters: 331 px, flips and turns by up to 40 degrees, a learning
    rate that falls to a fifth every three epochs, and the mean over quarter turns.

    With several labels per image every label is a sigmoid of its own. Letters that lie in every direction bear flips;
    upright ones do not. The contest's network is not recorded, so EfficientNet-Lite2 stands in, which is packaged.
    Its full size has not been measured; at 64 px, one fold of 1,134 images of strewn letters had a macro average
    precision of 0.474 after four epochs (chance 0.336), in 50 seconds of CPU time.
    """
    return Recipe(
        preset="contest-l",
        image=ImageSpec(size_px=331),
        model=ModelSpec(name="tf_efficientnet_lite2"),
        augmentations=(HorizontalFlip(), VerticalFlip(), Rotate(degrees=40, probability=1.0)),
        optimizer=OptimizerSpec(name="adam", lr=1e-3, weight_decay=0.0),
        schedule=StepDecay(every_epochs=3, factor=0.2),
        training=TrainingSpec(epochs=10, batch_size=32),
        predict_views=("plain", "rot90", "rot180", "rot270"),
    )


PRESETS: dict[str, Callable[[], Recipe]] = {
    "baseline": baseline,
    "quick": quick,
    "finetune": finetune,
    "strong": strong,
    "contest-f": contest_f,
    "contest-l": contest_l,
}
"""Every preset by name."""


def find_preset(name: str) -> Recipe:
    """The recipe of a preset.

    Raises:
        UnknownNameError: If there is none of that name; says the nearest.
    """
    if name not in PRESETS:
        raise UnknownNameError("preset", name, PRESETS)
    return PRESETS[name]()
