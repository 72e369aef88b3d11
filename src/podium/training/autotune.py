"""Autotune: the "auto" of a recipe that only a measurement on this machine and network can answer."""

from __future__ import annotations

import math
import shutil
from typing import Any

import torch

from podium.advice import options
from podium.backbone.frozen_forward import can_use_openvino
from podium.backbone.split_point import SplitPoint, find_split_point
from podium.data import CPU_ONLY
from podium.engine.compiled_steps import explain_no_compiler
from podium.errors import UsageError
from podium.machine import Progress, Settings
from podium.machine.device import suitable_precision
from podium.models import Classifier
from podium.recipe import Recipe
from podium.training.autotune_trials import (
    draw_images,
    is_worth_compiling,
    layouts_of,
    try_compiled_steps,
    try_frozen,
    try_places,
    try_training,
)

__all__ = ["autotune_recipe", "most_views", "require_compiler", "require_engine", "resolve_without_autotune"]

MOST_VIEWS = 16
WORTH_AUTOTUNING = 1000
"""Images that pass through the network in a whole run, from which on the seconds of autotune are well spent."""
MOST_BYTES = 16 * 1024**3
_PLAIN = {"frozen_precision": "fp32", "frozen_engine": "torch"}


def autotune_recipe(
    recipe: Recipe, model: Classifier, n_images: int, settings: Settings, device: torch.device, progress: Progress
) -> tuple[Recipe, dict[str, Any]]:
    """The recipe with nothing left to choose, and what was tried for it.

    Args:
        recipe: A recipe with its sizes and weights resolved, that `require_engine` let through.
        model: The recipe's model, from `check_buildable`; moved to the device, and trained by some measurements.
        n_images: Images there are.
        settings: Places and threads; with `reproducible`, nothing is measured.
        device: Where it will be trained.
        progress: Receives a note of what was chosen.

    Returns:
        The recipe that is recorded with the run; and the seconds measured, JSON-ready, empty where nothing was.

    Raises:
        UsageError: If cached views are asked for and the network cannot be split after its frozen blocks.
    """
    model = model.to(device).eval()
    split_point = find_split_point(model, draw_images(recipe, 2, device)) if recipe.model.freeze == "blocks" else None
    recipe = _set_model(recipe, cached_views=_choose_views(recipe, split_point, n_images, settings, progress))
    measured: dict[str, Any] = {}
    is_backbone = recipe.model.freeze == "backbone"
    if is_backbone:
        recipe = _set_training(recipe, precision="fp32", layout="channels_last", compile="none")
    if settings.reproducible:
        return _fill_rest(recipe, device), measured
    n_passes = n_images * (len(recipe.feature_views) if is_backbone else recipe.training.epochs)
    if n_passes < WORTH_AUTOTUNING:
        return _fill_rest(recipe, device), measured
    if not is_backbone and not recipe.model.cached_views:
        recipe = _set_model(recipe, **_PLAIN)
    elif "auto" in (recipe.model.frozen_precision, recipe.model.frozen_engine):
        measured["frozen"] = try_frozen(recipe, model, None if is_backbone else split_point, settings, device)
        chosen = measured["frozen"]["chosen"]
        recipe = _set_model(recipe, frozen_precision=chosen["precision"], frozen_engine=chosen["engine"])
        progress.note(f"Fastest here for the frozen part: {chosen['engine']}, {chosen['precision']} (autotune).")
    if "auto" in (recipe.training.precision, recipe.training.layout):
        measured["training"] = try_training(
            recipe, model, split_point if recipe.model.cached_views else None, settings, device
        )
        recipe = _set_training(recipe, **measured["training"]["chosen"])
        progress.note(f"Fastest here: {recipe.training.precision}, {recipe.training.layout} (autotune).")
    if recipe.training.compile == "auto" and is_worth_compiling(recipe, measured, n_images, device):
        views_of = split_point if recipe.model.cached_views else None
        measured["compile"] = try_compiled_steps(recipe, model, views_of, n_images, settings, device)
        recipe = _set_training(recipe, compile=measured["compile"]["chosen"])
        progress.note(f"Fastest here for training steps: compile={recipe.training.compile} (autotune).")
    if (
        recipe.training.augment_on == "auto"
        and device.type == "cuda"
        and not (is_backbone or recipe.model.cached_views)
        and not any(item.kind in CPU_ONLY for item in recipe.augmentations)
    ):
        measured["images"] = try_places(recipe, model, n_images, settings, device)
        recipe = _set_training(recipe, augment_on=measured["images"]["chosen"])
        if recipe.training.augment_on == "device":
            progress.note("The images are made on the GPU, which is faster here (autotune).")
    return _set_training(recipe, augment_on="cpu", compile="none"), measured


def require_engine(recipe: Recipe, device: torch.device) -> None:
    """Refuse a recipe that names OpenVINO where it cannot be used.

    Raises:
        UsageError: If it is not installed, or another device than the CPU is to compute.
    """
    if recipe.model.frozen_engine == "openvino" and not can_use_openvino(device):
        raise UsageError(
            "model.frozen_engine=openvino needs OpenVINO installed and the CPU as device; the device is"
            f" {device.type}.",
            fix=f'Install it (pip install "podium[openvino]") and use {options(device="cpu")}, or use'
            " model.frozen_engine=torch.",
        )


def require_compiler(recipe: Recipe, device: torch.device) -> None:
    """Refuse a recipe that compiles its steps where torch cannot.

    Raises:
        UsageError: If a compiler is missing; says which.
    """
    problem = explain_no_compiler(device) if recipe.training.compile == "inductor" else None
    if problem is not None:
        raise UsageError(
            f"training.compile=inductor cannot be used here: {problem}.",
            fix="Install it (on Debian and Ubuntu: apt install g++), or use training.compile=none.",
        )


def resolve_without_autotune(recipe: Recipe, device: torch.device) -> Recipe:
    """The recipe with what mostly is right in place of every measurement, and nothing kept on disk.

    A recipe without "auto" stays as it is.
    """
    return _fill_rest(_set_model(recipe, cached_views=0), device)


def _fill_rest(recipe: Recipe, device: torch.device) -> Recipe:
    precision = "fp32" if recipe.model.freeze == "backbone" else suitable_precision(device)
    plain = _set_model(recipe, **_PLAIN)
    return _set_training(plain, precision=precision, layout=layouts_of(device)[0], augment_on="cpu", compile="none")


def _set_model(recipe: Recipe, **values: Any) -> Recipe:
    """With these values where the recipe says "auto"."""
    changes = {name: value for name, value in values.items() if getattr(recipe.model, name) == "auto"}
    return recipe.model_copy(update={"model": recipe.model.model_copy(update=changes)})


def _set_training(recipe: Recipe, **values: Any) -> Recipe:
    changes = {name: value for name, value in values.items() if getattr(recipe.training, name) == "auto"}
    return recipe.model_copy(update={"training": recipe.training.model_copy(update=changes)})


def _choose_views(
    recipe: Recipe, split_point: SplitPoint | None, n_images: int, settings: Settings, progress: Progress
) -> int:
    wanted = recipe.model.cached_views
    if recipe.mixing:  # of pixels; a recipe that asks for cached views beside it is refused
        return 0
    if split_point is None:
        if wanted not in ("auto", 0):
            raise UsageError(
                f"model.cached_views={wanted}, but {recipe.model.name!r} cannot be split after its frozen blocks.",
                fix="Use model.cached_views=0, or model.freeze=blocks with a backbone whose blocks run in a row.",
            )
        return 0
    if wanted != "auto":
        return wanted
    n_views = min(recipe.training.epochs, MOST_VIEWS)
    view_bytes = math.prod(split_point.shape) * 2
    needed = (n_views + len(recipe.predict_views)) * n_images * view_bytes
    if n_views <= most_views(recipe, n_images, view_bytes, settings):
        return n_views
    progress.note(
        f"The frozen blocks run again for every batch: caching their outputs would take {needed / 1e9:.0f} GB."
    )
    return 0


def most_views(recipe: Recipe, n_images: int, view_bytes: int, settings: Settings) -> int:
    """Most augmented views of every image that are cached, where the recipe leaves it open.

    Args:
        recipe: The recipe, whose plain views are cached beside them.
        n_images: Images there are.
        view_bytes: Bytes of one view of an image.
        settings: Where the cache is; with `reproducible`, its disk is not asked.
    """
    room = MOST_BYTES
    if not settings.reproducible:  # nor may what others keep on this disk decide
        room = min(room, shutil.disk_usage(settings.cache_folder).free // 2)
    return max(0, min(MOST_VIEWS, room // (n_images * view_bytes) - len(recipe.predict_views)))
