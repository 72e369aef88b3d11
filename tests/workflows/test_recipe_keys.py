"""Every key of a recipe, given at every entry, changes what is computed, or is refused there.

The keys are read from the recipe's own models: a new one must be named below, with a value that changes something.
"""

from __future__ import annotations

import importlib.util
import sys
import types
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import cache, partial
from itertools import count
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn, Union, get_args, get_origin

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from pydantic import BaseModel
from torch import Tensor

import podium
from podium import cli
from podium.crossval.start_run import start_run
from podium.engine.parts import Parts
from podium.engine.step import train_step
from podium.errors import PodiumError, RecipeError, UsageError
from podium.losses import binary_cross_entropy_per_sample, cross_entropy_per_sample
from podium.machine import Settings, Silent
from podium.recipe import Recipe, apply_overrides, find_preset
from podium.tables import Composite, Head, Samples, Task, as_text_array
from tiny.contest import make_settings

pytestmark = [
    pytest.mark.slow,  # all keys together
    pytest.mark.filterwarnings("ignore:The values of .* images? of more than 8 bits:UserWarning"),
]
N = 12
CENTRE = ("image.region=face", "image.detect=[centre:0.5]")
COMMON = (
    "model.name=tiny",
    "model.weights=random",
    "image.size_px=16",
    "image.stored_px=16",
    "training.epochs=2",
    "training.batch_size=4",
    "training.precision=fp32",
    "predict_views=[plain]",
)
WHOLE = ("finetune", (*COMMON, "model.freeze=none", "augmentations=[]", "training.layout=channels_last"))
BLOCKS = ("finetune", (*COMMON, "model.freeze=blocks", "model.frozen_blocks=1", "training.layout=channels_last"))
CACHED = ("finetune", (*BLOCKS[1], "model.cached_views=1"))
FROZEN = (
    "baseline",
    (
        *COMMON,
        "head.kind=gradient",
        "feature_views=[plain]",
        "model.frozen_precision=fp32",
        "model.frozen_engine=torch",
    ),
)
LORA = ("finetune", (*WHOLE[1], "model.freeze=lora", "model.name=test_vit", "image.size_px=32", "image.stored_px=32"))
MIXTURE = "[{weight: 0.4, loss: {kind: soft_macro_f1}}, {weight: 0.6, loss: {kind: focal}}]"
SOFT_F1 = "{kind: mixture, parts: [{loss: {kind: soft_macro_f1}}]}"
SOLVED = (
    "baseline",
    (
        *(line for line in COMMON if not line.startswith(("training.epochs", "training.batch_size"))),
        *("feature_views=[plain]", "model.frozen_precision=fp32", "model.frozen_engine=torch", "head.kind=logistic"),
    ),
)
MIXUP = "mixing=[{kind: mixup, alpha: 1}]"
FORGETFUL = ("optimizer.lr=0.3", "schedule.kind=constant", "training.epochs=5")
"""A learning rate at which the last epoch is not the best."""


def _own_loss(logits: Tensor, target: Tensor, weight: Tensor | None = None, *, factor: float = 1.0) -> Any:
    fn = cross_entropy_per_sample if target.ndim == 1 else binary_cross_entropy_per_sample
    return fn(logits * factor, target, weight)


podium.register_loss("flat", _own_loss, kinds=["single", "multi"])
podium.register_loss("strict", partial(_own_loss, factor=3.0), kinds=["single", "multi"])


@dataclass(frozen=True)
class Case:
    """What changes one key.

    Args:
        line: The key's new value.
        base: Preset and lines beside which it has an effect.
        besides: More lines, with it and without it.
        several: Whether it is about images with several labels.
        refused: Entries that refuse it, and words of their message.
    """

    line: str
    base: tuple[str, tuple[str, ...]] = WHOLE
    besides: tuple[str, ...] = ()
    several: bool = False
    validation: float | None = None
    refused: tuple[tuple[str, str], ...] = ()


def _augmented(kind: str, line: str) -> Case:
    key, value = line.split("=", 1)
    chance = (
        ""
        if key == "probability" or kind in ("random_resized_crop", "centre_crop", "random_crop")
        else ", probability: 1"
    )
    return Case(f"augmentations.0.{key}={value}", besides=(f"augmentations=[{{kind: {kind}{chance}}}]",))


def _scheduled(kind: str, line: str) -> Case:
    return Case(f"schedule.{line}", besides=(f"schedule={{kind: {kind}}}",))


def _plateau(line: str, *more: str, validation: float | None = None) -> Case:
    """Beside a training that is long enough for a reduction; a score of 0.0 has no relative change."""
    start = "schedule={kind: plateau, watch: train_loss, patience: 0}"
    besides = (start, *(f"schedule.{item}" for item in more), "training.epochs=5")
    return Case(f"schedule.{line}", besides=besides, validation=validation)


_NUMBERED = (("ImageClassifier", "unknown class 'z'. Known: 0, 1, 2"),)
_ONE_CLASS = (("train", "one class per image"),)
"""One of the heads that `train` is given has several labels."""

_TAUGHT = ("distill.teacher=nobody",)
_NO_NUMBERS = (("ImageClassifier", "knows no borders"),)
_NO_TEACHER = (("train", "nobody|no runs"), ("ImageClassifier", "names runs"))
"""What a teacher changes is in test_distillation.py."""

CASES: dict[str, Case] = {
    "preset": Case("preset=mine"),
    "seed": Case("seed=1", refused=(("ImageClassifier", "random_state"),)),
    "image.size_px": Case("image.size_px=24"),
    "image.stored_px": Case("image.stored_px=24"),
    "image.fit": Case("image.fit=crop"),
    "image.value_range": Case("image.value_range=[0, 4095]"),
    "image.preprocessing.kind": Case("image.preprocessing=[grayscale]"),
    "image.preprocessing.centre_crop.size_px": Case(
        "image.preprocessing.0.size_px=[12,20]", besides=("image.preprocessing=[{kind: centre_crop, size_px: 20}]",)
    ),
    "image.preprocessing.clahe.clip_limit": Case(
        "image.preprocessing.0.clip_limit=100", besides=("image.preprocessing=[{kind: clahe, tiles: 1}]",)
    ),
    "image.preprocessing.clahe.tiles": Case("image.preprocessing.0.tiles=1", besides=("image.preprocessing=[clahe]",)),
    "image.preprocessing.denoise.strength": Case(
        "image.preprocessing.0.strength=60", besides=("image.preprocessing=[denoise]",)
    ),
    "image.region": Case("image.region=upper_face", besides=CENTRE),
    "image.regions": Case("image.regions.tint=upper_face", besides=(*CENTRE, "model.arrangement=separate")),
    "image.region_pad": Case("image.region_pad=2", besides=CENTRE),
    "image.detect": Case("image.detect=[centre:0.6]", besides=CENTRE),
    "image.mean": Case("image.mean=dataset"),
    "image.std": Case("image.std=[0.1, 0.2, 0.3]"),
    "model.name": Case("model.name=test_resnet"),
    "model.weights": Case("model.weights=packaged", refused=(("train", "tiny"), ("ImageClassifier", "tiny"))),
    "model.freeze": Case("model.freeze=blocks"),
    "model.frozen_blocks": Case("model.frozen_blocks=2", BLOCKS, ("model.cached_views=0",)),
    "model.lora_rank": Case("model.lora_rank=2", LORA),
    "model.lora_alpha": Case("model.lora_alpha=64", LORA),
    "model.lora_dropout": Case("model.lora_dropout=0.5", LORA),
    "model.lora_norms": Case("model.lora_norms=true", LORA),
    "model.act_layer": Case("model.act_layer=silu", besides=("model.name=test_resnet", "image.size_px=32")),
    "model.unfreeze_after": Case("model.unfreeze_after=1"),
    "model.unfreeze_every": Case(
        "model.unfreeze_every=1", besides=("model.unfreeze_after=1", "model.freeze=none", "training.epochs=4")
    ),
    "model.ordinal": Case("model.ordinal=cumulative"),
    "model.pooling": Case("model.pooling=gem"),
    "model.layer.kind": Case("model.layer.kind=arcface"),
    "model.layer.arcface.margin": Case("model.layer.margin=0.2", besides=("model.layer.kind=arcface",)),
    "model.layer.arcface.least_margin": Case(
        "model.layer.least_margin=0.1", besides=("model.layer.kind=arcface", "model.arrangement=joint")
    ),
    "model.layer.arcface.scale": Case("model.layer.scale=10", besides=("model.layer.kind=arcface",)),
    "model.layer.arcface.centres": Case("model.layer.centres=3", besides=("model.layer.kind=arcface",)),
    "model.layers": Case("model.layers={tint: {kind: arcface}}"),
    "model.head_start": Case("model.head_start=probe"),
    "model.cached_views": Case("model.cached_views=2", CACHED),
    "model.frozen_precision": Case("model.frozen_precision=bf16", FROZEN),
    "model.frozen_engine": Case("model.frozen_engine=openvino", FROZEN),
    "features.depths": Case("features.depths=[1,last]", FROZEN),
    "features.statistics": Case("features.statistics=[std]", FROZEN),
    "model.arrangement": Case("model.arrangement=separate"),
    "model.drop_rate": Case("model.drop_rate=0.5"),
    "model.drop_path_rate": Case("model.drop_path_rate=0.5", besides=("model.name=test_convnext", "image.size_px=32")),
    "loss.single.kind": Case("loss.single.kind=focal"),
    "loss.single.cross_entropy.label_smoothing": Case("loss.single.label_smoothing=0.3"),
    "loss.single.cross_entropy.class_weights": Case("loss.single.class_weights=balanced"),
    "loss.single.focal.gamma": Case("loss.single.gamma=1", besides=("loss.single.kind=focal",)),
    "loss.single.focal.class_weights": Case("loss.single.class_weights=balanced", besides=("loss.single.kind=focal",)),
    "loss.single.cross_entropy.beta": Case(
        "loss.single.beta=0.5", besides=("loss.single.class_weights=effective_number",)
    ),
    "loss.single.focal.beta": Case(
        "loss.single.beta=0.5", besides=("loss.single={kind: focal, class_weights: effective_number}",)
    ),
    "loss.single.own.name": Case("loss.single.name=strict", besides=("loss.single={kind: own, name: flat}",)),
    "loss.single.own.options": Case(
        "loss.single={kind: own, name: flat, options: {factor: 0.5}}", besides=("loss.single={kind: own, name: flat}",)
    ),
    "loss.multi.own.name": Case(
        "loss.multi.name=strict", besides=("loss.multi={kind: own, name: flat}",), several=True
    ),
    "loss.multi.own.options": Case(
        "loss.multi={kind: own, name: flat, options: {factor: 0.5}}",
        besides=("loss.multi={kind: own, name: flat}",),
        several=True,
    ),
    "loss.single.mixture.parts": Case(f"loss.single.parts={MIXTURE}", besides=(f"loss.single={SOFT_F1}",)),
    "loss.multi.binary_focal.gamma": Case(
        "loss.multi.gamma=0.5", besides=("loss.multi.kind=binary_focal",), several=True
    ),
    "loss.multi.binary_focal.alpha": Case(
        "loss.multi.alpha=0.25", besides=("loss.multi.kind=binary_focal",), several=True
    ),
    "loss.multi.binary_focal.positive_weights": Case(
        "loss.multi.positive_weights=balanced", besides=("loss.multi.kind=binary_focal",), several=True
    ),
    "loss.multi.mixture.parts": Case(
        f"loss.multi.parts={MIXTURE.replace('focal', 'binary_focal')}",
        besides=(f"loss.multi={SOFT_F1}",),
        several=True,
    ),
    "borders": Case("borders={size: {kind: dropped, width: 1}}", refused=_NO_NUMBERS),
    "loss.heads": Case("loss.heads={size: {kind: focal}}"),
    "loss.multi.kind": Case("loss.multi.kind=asymmetric", several=True),
    "loss.multi.binary_cross_entropy.label_smoothing": Case("loss.multi.label_smoothing=0.3", several=True),
    "loss.multi.binary_cross_entropy.positive_weights": Case("loss.multi.positive_weights=balanced", several=True),
    "loss.multi.asymmetric.gamma_negative": Case(
        "loss.multi.gamma_negative=1", besides=("loss.multi.kind=asymmetric",), several=True
    ),
    "loss.multi.asymmetric.gamma_positive": Case(
        "loss.multi.gamma_positive=3", besides=("loss.multi.kind=asymmetric",), several=True
    ),
    "loss.multi.asymmetric.clip": Case("loss.multi.clip=0.3", besides=("loss.multi.kind=asymmetric",), several=True),
    "loss.head_weights": Case("loss.head_weights={size: 5}"),
    "model.nearest": Case("model.nearest=2"),
    "loss.parents": Case("loss.parents={x: a, y: a, z: b, 0: a, 1: a, 2: b}"),
    "loss.parent_weight": Case("loss.parent_weight=3", besides=("loss.parents={x: a, y: a, z: b, 0: a, 1: a, 2: b}",)),
    "augmentations.kind": Case("augmentations=[{kind: horizontal_flip}]"),
    "augmentations.horizontal_flip.probability": _augmented("horizontal_flip", "probability=1"),
    "augmentations.vertical_flip.probability": _augmented("vertical_flip", "probability=1"),
    "augmentations.rotate90.probability": _augmented("rotate90", "probability=1"),
    "augmentations.random_resized_crop.scale": _augmented("random_resized_crop", "scale=[0.1,0.2]"),
    "augmentations.random_resized_crop.ratio": _augmented("random_resized_crop", "ratio=[0.2,0.3]"),
    "augmentations.centre_crop.fraction": _augmented("centre_crop", "fraction=0.5"),
    "augmentations.centre_crop.size_px": _augmented("centre_crop", "size_px=[8,10]"),
    "augmentations.random_crop.size_px": Case(
        "augmentations.0.size_px=[8,10]", besides=("augmentations=[{kind: random_crop, size_px: 12}]",)
    ),
    "augmentations.random_crop.padding_px": Case(
        "augmentations.0.padding_px=4", besides=("augmentations=[{kind: random_crop, size_px: 12}]",)
    ),
    "augmentations.shear.degrees": _augmented("shear", "degrees=40"),
    "augmentations.shear.probability": _augmented("shear", "probability=1"),
    "augmentations.grid_distortion.cells": _augmented("grid_distortion", "cells=2"),
    "augmentations.grid_distortion.strength": _augmented("grid_distortion", "strength=0.9"),
    "augmentations.grid_distortion.probability": _augmented("grid_distortion", "probability=1"),
    "augmentations.elastic_distortion.cells": _augmented("elastic_distortion", "cells=2"),
    "augmentations.elastic_distortion.strength": _augmented("elastic_distortion", "strength=0.2"),
    "augmentations.elastic_distortion.probability": _augmented("elastic_distortion", "probability=1"),
    "augmentations.posterize.bits": _augmented("posterize", "bits=2"),
    "augmentations.posterize.probability": _augmented("posterize", "probability=1"),
    "augmentations.solarize.threshold": _augmented("solarize", "threshold=[10,50]"),
    "augmentations.solarize.probability": _augmented("solarize", "probability=1"),
    "augmentations.invert.probability": _augmented("invert", "probability=1"),
    "augmentations.auto_contrast.probability": _augmented("auto_contrast", "probability=1"),
    "augmentations.equalize.probability": _augmented("equalize", "probability=1"),
    "augmentations.clahe.clip_limit": Case(
        "augmentations.0.clip_limit=100", besides=("augmentations=[{kind: clahe, probability: 1, tiles: 1}]",)
    ),
    "augmentations.clahe.tiles": _augmented("clahe", "tiles=2"),
    "augmentations.clahe.probability": _augmented("clahe", "probability=1"),
    "augmentations.gaussian_blur.sigma": _augmented("gaussian_blur", "sigma=3"),
    "augmentations.gaussian_blur.probability": _augmented("gaussian_blur", "probability=1"),
    "augmentations.gaussian_noise.std": _augmented("gaussian_noise", "std=0.3"),
    "augmentations.gaussian_noise.probability": _augmented("gaussian_noise", "probability=1"),
    "augmentations.jpeg_compression.quality": _augmented("jpeg_compression", "quality=5"),
    "augmentations.jpeg_compression.probability": _augmented("jpeg_compression", "probability=1"),
    "augmentations.sharpen.factor": _augmented("sharpen", "factor=[3,5]"),
    "augmentations.sharpen.probability": _augmented("sharpen", "probability=1"),
    "augmentations.rand_augment.n_operations": _augmented("rand_augment", "n_operations=4"),
    "augmentations.rand_augment.magnitude": _augmented("rand_augment", "magnitude=25"),
    "augmentations.rand_augment.probability": _augmented("rand_augment", "probability=0.5"),
    "augmentations.trivial_augment_wide.probability": _augmented("trivial_augment_wide", "probability=0.5"),
    "augmentations.auto_augment.probability": _augmented("auto_augment", "probability=0.5"),
    "augmentations.aug_mix.severity": _augmented("aug_mix", "severity=9"),
    "augmentations.aug_mix.n_chains": _augmented("aug_mix", "n_chains=1"),
    "augmentations.aug_mix.alpha": _augmented("aug_mix", "alpha=9"),
    "augmentations.aug_mix.probability": _augmented("aug_mix", "probability=0.5"),
    "augmentations.cutout.n_holes": _augmented("cutout", "n_holes=2"),
    "augmentations.cutout.size": _augmented("cutout", "size=0.4"),
    "augmentations.cutout.probability": _augmented("cutout", "probability=1"),
    "augmentations.random_shift.fraction": _augmented("random_shift", "fraction=0.5"),
    "augmentations.random_shift.probability": _augmented("random_shift", "probability=0.5"),
    "augmentations.rotate.degrees": _augmented("rotate", "degrees=90"),
    "augmentations.rotate.probability": _augmented("rotate", "probability=1"),
    "augmentations.color_jitter.brightness": _augmented("color_jitter", "brightness=0.9"),
    "augmentations.color_jitter.contrast": _augmented("color_jitter", "contrast=0.9"),
    "augmentations.color_jitter.saturation": _augmented("color_jitter", "saturation=0.9"),
    "augmentations.color_jitter.hue": _augmented("color_jitter", "hue=[0.1,0.3]"),
    "augmentations.color_jitter.probability": _augmented("color_jitter", "probability=0.5"),
    "augmentations.grayscale.probability": _augmented("grayscale", "probability=1"),
    "augmentations.random_erasing.probability": _augmented("random_erasing", "probability=1"),
    "augmentations.random_erasing.area": _augmented("random_erasing", "area=[0.5,0.6]"),
    "augmentations.random_erasing.ratio": _augmented("random_erasing", "ratio=[1,1.1]"),
    "mixing.kind": Case("mixing=[{kind: mixup, alpha: 1}]"),
    "mixing.mixup.alpha": Case("mixing.0.alpha=4", besides=("mixing=mixup",)),
    "mixing.mixup.probability": Case("mixing.0.probability=0.1", besides=(MIXUP,)),
    "mixing.mixup.partner": Case("mixing.0.partner=same_class", besides=(MIXUP,)),
    "mixing.mixup.partner_head": Case("mixing.0.partner_head=size", besides=(MIXUP, "mixing.0.partner=same_class")),
    "mixing.mixup.partner_classes": Case(
        "mixing.0.partner_classes=[z]",
        besides=(MIXUP, "mixing.0.partner=rare", "mixing.0.partner_head=size"),
        refused=_NUMBERED,
    ),
    "mixing.cutmix.alpha": Case("mixing.0.alpha=9", besides=("mixing=cutmix",)),
    "mixing.cutmix.probability": Case("mixing.0.probability=0.1", besides=("mixing=cutmix",)),
    "mixing.cutmix.shape": Case("mixing.0.shape=strip", besides=("mixing=cutmix",)),
    "mixing.cutmix.partner": Case("mixing.0.partner=rare", besides=("mixing=cutmix",)),
    "mixing.cutmix.partner_head": Case(
        "mixing.0.partner_head=size", besides=("mixing=cutmix", "mixing.0.partner=same_class")
    ),
    "mixing.cutmix.partner_classes": Case(
        "mixing.0.partner_classes=[z]",
        besides=("mixing=cutmix", "mixing.0.partner=rare", "mixing.0.partner_head=size"),
        refused=_NUMBERED,
    ),
    "mixing.patch_swap.cells": Case("mixing.0.cells=2", besides=("mixing=patch_swap",)),
    "mixing.patch_swap.swaps": Case("mixing.0.swaps=9", besides=("mixing=patch_swap",)),
    "mixing.patch_swap.probability": Case("mixing.0.probability=1", besides=("mixing=patch_swap",)),
    "optimizer.name": Case("optimizer.name=radam"),
    "optimizer.lr": Case("optimizer.lr=0.01"),
    "optimizer.weight_decay": Case("optimizer.weight_decay=1"),
    "optimizer.momentum": Case("optimizer.momentum=0.5", besides=("optimizer.name=sgd",)),
    "optimizer.betas": Case("optimizer.betas=[0.5,0.6]"),
    "optimizer.eps": Case("optimizer.eps=0.1"),
    "optimizer.nesterov": Case("optimizer.nesterov=false", besides=("optimizer.name=sgd",)),
    "optimizer.sam_rho": Case("optimizer.sam_rho=0.5"),
    "optimizer.sam_adaptive": Case("optimizer.sam_adaptive=true", besides=("optimizer.sam_rho=0.5",)),
    "optimizer.head_lr_factor": Case("optimizer.head_lr_factor=5"),
    "optimizer.layer_decay": Case("optimizer.layer_decay=0.3"),
    "schedule.kind": Case("schedule.kind=constant"),
    "schedule.one_cycle.warmup_fraction": _scheduled("one_cycle", "warmup_fraction=0.6"),
    "schedule.one_cycle.start_factor": Case(
        "schedule.start_factor=0.5", besides=("schedule={kind: one_cycle, warmup_fraction: 0.6}",)
    ),
    "schedule.one_cycle.end_factor": _scheduled("one_cycle", "end_factor=0.5"),
    "schedule.cosine.warmup_fraction": _scheduled("cosine", "warmup_fraction=0.6"),
    "schedule.cosine.end_factor": _scheduled("cosine", "end_factor=0.5"),
    "schedule.step_decay.every_epochs": Case(
        "schedule.every_epochs=1", besides=("schedule={kind: step_decay, every_epochs: 2}",)
    ),
    "schedule.step_decay.factor": Case(
        "schedule.factor=0.9", besides=("schedule={kind: step_decay, every_epochs: 1}",)
    ),
    "schedule.step_decay.warmup_fraction": _scheduled("step_decay", "warmup_fraction=0.6"),
    "schedule.step_decay.warmup_steps": _scheduled("step_decay", "warmup_steps=3"),
    "schedule.one_cycle.warmup_steps": _scheduled("one_cycle", "warmup_steps=3"),
    "schedule.cosine.warmup_steps": _scheduled("cosine", "warmup_steps=3"),
    "schedule.constant.warmup_fraction": _scheduled("constant", "warmup_fraction=0.6"),
    "schedule.constant.warmup_steps": _scheduled("constant", "warmup_steps=3"),
    "schedule.cosine_restarts.warmup_fraction": _scheduled("cosine_restarts, cycle_epochs: 1", "warmup_fraction=0.6"),
    "schedule.cosine_restarts.warmup_steps": _scheduled("cosine_restarts, cycle_epochs: 1", "warmup_steps=3"),
    "schedule.cosine_restarts.cycle_epochs": Case(
        "schedule.cycle_epochs=2", besides=("schedule={kind: cosine_restarts, cycle_epochs: 1}", "training.epochs=3")
    ),
    "schedule.cosine_restarts.multiplier": Case(
        "schedule.multiplier=2", besides=("schedule={kind: cosine_restarts, cycle_epochs: 1}", "training.epochs=3")
    ),
    "schedule.cosine_restarts.end_factor": _scheduled("cosine_restarts, cycle_epochs: 1", "end_factor=0.5"),
    "schedule.polynomial.warmup_fraction": _scheduled("polynomial", "warmup_fraction=0.6"),
    "schedule.polynomial.warmup_steps": _scheduled("polynomial", "warmup_steps=3"),
    "schedule.polynomial.power": _scheduled("polynomial", "power=2"),
    "schedule.polynomial.end_factor": _scheduled("polynomial", "end_factor=0.5"),
    "schedule.multi_step.warmup_fraction": _scheduled("multi_step, milestones: [1]", "warmup_fraction=0.6"),
    "schedule.multi_step.warmup_steps": _scheduled("multi_step, milestones: [1]", "warmup_steps=3"),
    "schedule.multi_step.milestones": Case(
        "schedule.milestones=[1,2]", besides=("schedule={kind: multi_step, milestones: [1]}", "training.epochs=3")
    ),
    "schedule.multi_step.factor": _scheduled("multi_step, milestones: [1]", "factor=0.9"),
    "schedule.cyclic.warmup_fraction": _scheduled("cyclic", "warmup_fraction=0.6"),
    "schedule.cyclic.warmup_steps": _scheduled("cyclic", "warmup_steps=3"),
    "schedule.cyclic.base_lr": _scheduled("cyclic", "base_lr=5e-4"),
    "schedule.cyclic.cycle_epochs": _scheduled("cyclic", "cycle_epochs=1"),
    "schedule.cyclic.decay": _scheduled("cyclic, cycle_epochs: 1", "decay=0.5"),
    "schedule.plateau.warmup_fraction": _plateau("warmup_fraction=0.6"),
    "schedule.plateau.warmup_steps": _plateau("warmup_steps=3"),
    "schedule.plateau.watch": _plateau("watch=score", validation=0.4),
    "schedule.plateau.factor": _plateau("factor=0.5", "min_delta=1"),
    "schedule.plateau.patience": _plateau("patience=1", "min_delta=1"),
    "schedule.plateau.min_delta": _plateau("min_delta=1"),
    "head.kind": Case("head.kind=lda", SOLVED, refused=_ONE_CLASS),
    "head.logistic.C": Case("head.C=10", SOLVED),
    "head.lda.shrinkage": Case("head.shrinkage=0.01", SOLVED, besides=("head.kind=lda",), refused=_ONE_CLASS),
    "head.nearest.neighbours": Case("head.neighbours=2", SOLVED, besides=("head.kind=nearest",)),
    "head.nearest.temperature": Case("head.temperature=0.5", SOLVED, besides=("head.kind=nearest",)),
    "head.ridge.alpha": Case("head.alpha=0.1", SOLVED, besides=("head.kind=ridge",)),
    "distill.teacher": Case("distill.teacher=nobody", refused=_NO_TEACHER),
    "distill.weight": Case("distill.weight=0.9", besides=_TAUGHT, refused=_NO_TEACHER),
    "distill.temperature": Case("distill.temperature=4", besides=_TAUGHT, refused=_NO_TEACHER),
    "distill.teacher_sha256": Case(f"distill.teacher_sha256={'a' * 64}", besides=_TAUGHT, refused=_NO_TEACHER),
    "training.epochs": Case("training.epochs=3"),
    "training.batch_size": Case("training.batch_size=3"),
    "training.micro_batch": Case("training.micro_batch=2"),
    "training.sampler": Case("training.sampler=balanced"),
    "training.sampler_heads": Case("training.sampler_heads=[size]", besides=("training.sampler=balanced",)),
    "training.unmixed_last_epochs": Case("training.unmixed_last_epochs=1", besides=("mixing=cutmix",)),
    "training.clip_norm": Case("training.clip_norm=0.001", besides=("optimizer.name=sgd",)),
    "training.ema_decay": Case("training.ema_decay=null"),
    "training.soup_epochs": Case("training.soup_epochs=2", besides=("training.ema_decay=null",)),
    "training.soup_choice": Case(
        "training.soup_choice=greedy",
        besides=("training.soup_epochs=5", "metric=log_loss", *FORGETFUL),
        validation=0.4,
    ),
    "training.precision": Case("training.precision=bf16"),
    "training.compile": Case("training.compile=inductor"),
    "training.layout": Case("training.layout=contiguous"),
    "training.augment_on": Case(
        "training.augment_on=device", besides=("augmentations=[{kind: random_resized_crop}, {kind: color_jitter}]",)
    ),
    "training.select": Case("training.select=best", besides=FORGETFUL, validation=0.4),
    "training.patience": Case("training.patience=1", besides=FORGETFUL, validation=0.4),
    "feature_views": Case("feature_views=[plain,hflip]", FROZEN),
    "predict_views": Case("predict_views=[hflip]"),
    "pool": Case("pool=max", refused=(("train", "answer of its own"), ("ImageClassifier", "no effect"))),  # test_bags
    "metric": Case("metric=log_loss", besides=("training.select=best", *FORGETFUL), validation=0.4),
}


TRAINED = [
    pytest.param(key, marks=[pytest.mark.slow] if "openvino" in case.line else []) for key, case in CASES.items()
]
"""OpenVINO takes seconds to compile a network."""


def walk(kind: Any, path: str = "") -> Iterator[str]:
    """Every leaf key below a type; alternatives by their kind."""
    if get_origin(kind) is Annotated:
        yield from walk(get_args(kind)[0], path)
        return
    options = [option for option in get_args(kind) if _is_branch(option)] if _is_union(kind) else []
    if options:
        yield f"{path}.kind"
        for option in options:
            for name, inner in _children(option):
                if name != "kind":
                    yield from walk(inner, f"{path}.{_kind_of(option)}.{name}")
    elif get_origin(kind) is tuple and _is_union(_inside(kind)):
        yield from walk(_inside(kind), path)
    elif _is_branch(kind):
        for name, inner in _children(kind):
            yield from walk(inner, f"{path}.{name}" if path else name)
    else:
        yield path


def _inside(kind: Any) -> Any:
    inner = get_args(kind)[0]
    return get_args(inner)[0] if get_origin(inner) is Annotated else inner


def _is_union(kind: Any) -> bool:
    return get_origin(kind) in (Union, types.UnionType)


def _is_branch(kind: Any) -> bool:
    return isinstance(kind, type) and (issubclass(kind, BaseModel) or is_dataclass(kind))


def _children(kind: Any) -> list[tuple[str, Any]]:
    if issubclass(kind, BaseModel):
        return [(name, field.annotation) for name, field in kind.model_fields.items()]
    return [(field.name, object if field.name != "kind" else Literal) for field in fields(kind)]


def _kind_of(option: Any) -> str:
    return str(option.model_fields["kind"].default if issubclass(option, BaseModel) else option().kind)


def test_every_key_has_a_case() -> None:
    keys = list(dict.fromkeys(walk(Recipe)))
    assert sorted(keys) == sorted(CASES)
    assert len(keys) > 70


def _skip_without_its_package(line: str) -> None:
    if "openvino" in line and importlib.util.find_spec("openvino") is None:
        pytest.skip("the extra `openvino` is not installed")


@pytest.fixture(scope="module", autouse=True)
def quick_compiler() -> Iterator[None]:
    """In place of a minute of compiling: something else than the model runs the steps."""
    patch = pytest.MonkeyPatch()
    patch.setattr(
        "podium.recipe.build.compile_forward",
        lambda model: lambda images: {name: 1.5 * logits for name, logits in model(images).items()},
    )
    yield
    patch.undo()


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    """A dozen noise images, no squares, one of 16 bits, with a head of each kind."""
    folder, rng, numbers = tmp_path_factory.mktemp("images"), np.random.default_rng(0), np.arange(N)
    names = [f"{row}.png" for row in numbers]
    for row, name in enumerate(names):
        pixels = rng.integers(0, 256, (24, 30, 3), dtype=np.uint8)
        pixels[..., row % 2] //= 3
        Image.fromarray(pixels).save(folder / name)
    deep = rng.integers(0, 4096, (24, 30)).astype(np.uint16)
    Image.fromarray(deep).save(folder / names[0])
    heads = (
        Head("tint", "single", ("a", "b")),
        Head("size", "ordinal", ("x", "y", "z")),
        Head("tags", "multi", ("p", "q")),
    )
    composite = Composite.from_heads({head.name: head.classes for head in heads[:2]})
    labels = {
        "tint": numbers % 2,
        "size": np.array([0, 0, 0, 0, 1, 1, 2, 0, 0, 0, 1, 2]),
        "tags": np.column_stack([numbers % 3 == 0, numbers % 5 > 1]).astype(np.int8),
    }
    ids = as_text_array(names)
    years = {"size": np.array([20.0, 29, 10, 25, 31, 59, 60, 5, 28, 12, 45, 70])}
    return Samples(folder, ids, ids, Task(heads, composite), labels, numbers=years, borders={"size": (30.0, 60.0)})


Computed = dict[str, bytes]
"""What a training comes to, by name."""


class FirstStep(BaseException):
    """Ends a training after its first step; no handler of errors takes it."""

    def __init__(self, weights: Computed) -> None:
        super().__init__()
        self.weights = weights


def compute_first_step(train: Callable[[], Computed]) -> Computed:
    """The weights after the first step of a training; all that it comes to if it has no step."""

    def step_and_end(parts: Parts, *args: Any, **options: Any) -> NoReturn:
        train_step(parts, *args, **options)
        weights = parts.model.state_dict()
        raise FirstStep({name: values.detach().cpu().numpy().tobytes() for name, values in weights.items()})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys.modules["podium.engine.fit"], "train_step", step_and_end)  # the package shows the function
        try:
            return train()
        except FirstStep as ended:
            return ended.weights


class Trainings:
    """Each training at most once, and no further than its first step if that tells it from another one."""

    def __init__(self, train: Callable[..., Computed]) -> None:
        self._first = cache(lambda *recipe: compute_first_step(lambda: train(*recipe)))
        self._whole = cache(train)

    def differ(self, one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
        """Whether two trainings compute different weights or come to something else."""
        return self._first(*one) != self._first(*other) or self._whole(*one) != self._whole(*other)


def make_place(folder: Path) -> Callable[[], Settings]:
    """Settings with a folder of runs of its own for every run, which would read all others first, and one cache."""
    numbers = count()
    return lambda: make_settings(folder / str(next(numbers)), cache=folder / "cache")


@pytest.fixture(scope="module")
def trained(samples: Samples, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trainings]:
    """What a run of one fold comes to: its predictions, weights and scores."""
    place = make_place(tmp_path_factory.mktemp("runs"))
    patch = pytest.MonkeyPatch()
    patch.setattr("podium.report.make_report", lambda _run: None)  # takes as long as the training

    def train(preset: str, lines: Sequence[str]) -> Computed:
        options = podium.FoldOptions(folds=2)
        run = podium.train(samples, preset=preset, overrides=lines, folds=options, only_folds=[0], settings=place())
        probs = {name: values.tobytes() for name, values in run.oof.probs.items()}
        return probs | {
            "weights": b"".join(path.read_bytes() for path in sorted(run.folder.path.rglob("model.safetensors"))),
            "metric": run.scores.main_metric.encode(),
            "preset": str(run.folder.read()["preset"]).encode(),
        }

    yield Trainings(train)
    patch.undo()


@pytest.mark.parametrize("key", TRAINED)
def test_podium_train(key: str, trained: Trainings) -> None:
    case = CASES[key]
    _skip_without_its_package(case.line)
    preset, lines = case.base
    words = dict(case.refused).get("train")
    base, changed = ((preset, (*lines, *case.besides, *more)) for more in ((), (case.line,)))
    if words:
        with pytest.raises(PodiumError, match=words):
            trained.differ(changed, base)
    else:
        assert trained.differ(changed, base)


@pytest.fixture(scope="module")
def fitted(samples: Samples) -> Trainings:
    """What a fitted classifier comes to."""
    images: list[Any] = [np.asarray(Image.open(samples.file(row))) for row in range(N)]
    images[0] = Image.open(samples.file(0))
    outputs = pd.DataFrame({name: samples.labels[name] for name in ("tint", "size")})
    labels = {"outputs": outputs, "labels": samples.labels["tags"], "classes": samples.labels["size"]}

    def fit(preset: str, lines: Sequence[str], y: str, validation: float | None) -> Computed:
        model = podium.ImageClassifier(preset, overrides=lines, validation_fraction=validation, device="cpu")
        probs = model.fit(images, labels[y]).predict_proba(images)
        return {
            "probs": b"".join(values.tobytes() for values in probs),
            "scores": repr(model.validation_scores_).encode(),
            "preset": model.recipe_.preset.encode(),
        }

    return Trainings(fit)


@pytest.mark.slow
@pytest.mark.parametrize("key", TRAINED)
def test_image_classifier(key: str, fitted: Trainings) -> None:
    case = CASES[key]
    _skip_without_its_package(case.line)
    preset, lines = case.base
    words = dict(case.refused).get("ImageClassifier")

    def differs(validation: float | None) -> bool:
        y = "labels" if case.several else "outputs"
        changed, base = ((preset, (*lines, *case.besides, *more), y, validation) for more in ((case.line,), ()))
        return fitted.differ(changed, base)

    if words:
        with pytest.raises(PodiumError, match=words):
            differs(case.validation)
        return
    assert differs(case.validation)
    if case.validation is not None:
        with pytest.raises(UsageError, match="needs validation images"):
            differs(None)


UNCACHED = ("finetune", (*BLOCKS[1], "model.cached_views=0"))
PARTS = {
    "whole, labels": (WHOLE, "labels"),
    "whole, classes": (WHOLE, "classes"),
    "uncached": (UNCACHED, "outputs"),
    "cached": (CACHED, "outputs"),
    "frozen": (FROZEN, "outputs"),
}
ELSEWHERE = {"preset", "model.name", "model.weights", "metric"}
"""Keys whose effect does not depend on the other parts."""


SWEPT = [
    pytest.param(key, marks=[] if place % 4 == 0 else [pytest.mark.soak])
    for place, key in enumerate(sorted(set(CASES) - ELSEWHERE))
]
"""All keys that train; a quarter of them beside all other parts in the usual run, the others with `-m soak`."""


@pytest.mark.slow
@pytest.mark.parametrize("parts", PARTS)
@pytest.mark.parametrize("key", SWEPT)
def test_beside_all_other_parts_a_key_changes_something_or_is_refused(key: str, parts: str, fitted: Trainings) -> None:
    case, ((preset, lines), y) = CASES[key], PARTS[parts]
    _skip_without_its_package(case.line)
    before = (*lines, *case.besides)
    try:
        if apply_overrides(find_preset(preset), before) == apply_overrides(find_preset(preset), (*before, case.line)):
            return  # the base says so already
        base, changed = ((preset, given, y, case.validation) for given in (before, (*before, case.line)))
        is_other = fitted.differ(base, changed)
    except UsageError:
        return
    assert is_other


@pytest.mark.parametrize("key", CASES)
def test_the_command_hands_on_what_python_would(
    key: str, samples: Samples, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    case = CASES[key]
    preset, lines = case.base
    given: list[Recipe] = []

    def train(_source: Path, **options: Any) -> None:
        names = ("preset", "recipe", "overrides", "metric", "seed")
        given.append(podium.compose_recipe(**{name: options[name] for name in names}))
        raise UsageError("seen")

    monkeypatch.setattr("podium.workflows.train", train)
    words = ["train", str(samples.root), "--preset", preset, "--set", *lines, *case.besides, case.line]
    assert cli.main(words) == 2
    assert "seen" in capsys.readouterr().err
    assert given == [apply_overrides(find_preset(preset), [*lines, *case.besides, case.line])]
    assert given[0] != apply_overrides(find_preset(preset), [*lines, *case.besides])


@pytest.fixture(scope="module")
def started(samples: Samples, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., podium.Run]:
    """A run that has just been started, and trained nothing yet."""
    place = make_place(tmp_path_factory.mktemp("resume"))

    @cache
    def start(preset: str, lines: Sequence[str]) -> podium.Run:
        settings = place()
        recipe = apply_overrides(find_preset(preset), lines)
        options = podium.FoldOptions(folds=2)
        return podium.Run(start_run(samples, recipe, options, settings, Silent()), settings)

    return start


@pytest.mark.parametrize("key", CASES)
def test_resume_refuses_another_recipe(key: str, started: Callable[..., podium.Run]) -> None:
    case = CASES[key]
    preset, lines = case.base
    if dict(case.refused).get("train") and case.besides:
        return  # there is no such run
    run = started(preset, (*lines, *case.besides))
    file = run.folder.recipe_file
    with pytest.raises(RecipeError, match=r"different recipe|no effect") as refused:
        podium.resume(
            run.name,
            recipe=podium.compose_recipe(recipe=file, overrides=[case.line]),
            settings=run.settings,
        )
    assert case.line.partition("=")[0].partition(".0.")[0].split(".")[-1] in str(refused.value) + str(
        refused.value.details
    )
