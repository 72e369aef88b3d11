"""Autotune: the "auto" of a recipe that only a measurement on this machine and network can answer."""

from __future__ import annotations

import math
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from podium.advice import options
from podium.backbone.frozen_forward import Way, can_use_openvino, frozen_batch, make_forward
from podium.backbone.split_point import SplitPoint, find_split_point
from podium.data import CPU_ONLY, DeviceImages, TrainLoader, resident_bytes, sample_keys
from podium.engine import is_out_of_memory, release_cached_memory
from podium.engine.compiled_steps import explain_no_compiler
from podium.errors import UsageError
from podium.machine import Progress, Settings
from podium.machine.device import suitable_precision
from podium.models import Classifier, depth_sections
from podium.recipe import Recipe
from podium.training.compile_trial import WORTH_TRYING_S, count_steps, try_compiled
from podium.training.timed_choice import (
    BATCH,
    Candidate,
    Choice,
    choose_frozen,
    choose_place,
    choose_training,
    remembered,
    train_some,
)

__all__ = ["autotune_recipe", "most_views", "require_compiler", "require_engine", "resolve_without_autotune"]

MOST_VIEWS = 16
WORTH_AUTOTUNING = 1000
"""Images that pass through the network in a whole run, from which on the seconds of autotune are well spent."""
_MEASURED_BATCHES = 4
MOST_BYTES = 16 * 1024**3
PROBES = "probes"
COMPILED_ON = ("cuda",)
"""Devices where compiled steps are tried: on CPUs one network gained a fifth, too few are measured (LOG.md)."""
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
    split_point = find_split_point(model, _draw(recipe, 2, device)) if recipe.model.freeze == "blocks" else None
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
        measured["frozen"] = _try_frozen(recipe, model, None if is_backbone else split_point, settings, device)
        chosen = measured["frozen"]["chosen"]
        recipe = _set_model(recipe, frozen_precision=chosen["precision"], frozen_engine=chosen["engine"])
        progress.note(f"Fastest here for the frozen part: {chosen['engine']}, {chosen['precision']} (autotune).")
    if "auto" in (recipe.training.precision, recipe.training.layout):
        measured["training"] = _try_training(
            recipe, model, split_point if recipe.model.cached_views else None, settings, device
        )
        recipe = _set_training(recipe, **measured["training"]["chosen"])
        progress.note(f"Fastest here: {recipe.training.precision}, {recipe.training.layout} (autotune).")
    if recipe.training.compile == "auto" and _is_worth_compiling(recipe, measured, n_images, device):
        views_of = split_point if recipe.model.cached_views else None
        measured["compile"] = _try_compiled(recipe, model, views_of, n_images, settings, device)
        recipe = _set_training(recipe, compile=measured["compile"]["chosen"])
        progress.note(f"Fastest here for training steps: compile={recipe.training.compile} (autotune).")
    if (
        recipe.training.augment_on == "auto"
        and device.type == "cuda"
        and not (is_backbone or recipe.model.cached_views)
        and not any(item.kind in CPU_ONLY for item in recipe.augmentations)
    ):
        measured["images"] = _try_places(recipe, model, n_images, settings, device)
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
    return _set_training(plain, precision=precision, layout=_layouts(device)[0], augment_on="cpu", compile="none")


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


def _draw(recipe: Recipe, n: int, device: torch.device) -> Tensor:
    shape, generator = (n, *recipe.image.sides, 3), torch.Generator().manual_seed(0)
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator).to(device)


def _layouts(device: torch.device) -> Sequence[str]:
    """What mostly is right first. On Apple's GPUs the other one gives wrong gradients (PyTorch issue 175189)."""
    return ("contiguous",) if device.type == "mps" else ("channels_last", "contiguous")


def _precisions(device: torch.device, asked: str) -> Sequence[str]:
    """Full precision first, then what the device may do faster."""
    if asked != "auto":
        return (asked,)
    if device.type == "cpu":
        return ("fp32", "bf16")
    return ("fp32",) if device.type == "mps" else tuple(dict.fromkeys(("fp32", suitable_precision(device))))


def _try_frozen(
    recipe: Recipe, model: Classifier, split_point: SplitPoint | None, settings: Settings, device: torch.device
) -> Mapping[str, Any]:
    images = _draw(recipe, frozen_batch(device), device)
    engines: tuple[str, ...] = (recipe.model.frozen_engine,)
    if recipe.model.frozen_engine == "auto":
        engines = ("torch", "openvino") if can_use_openvino(device) else ("torch",)
    ways = [Way(engine, name) for engine in engines for name in _precisions(device, recipe.model.frozen_precision)]

    def measure() -> dict[str, Any]:
        forwards = {
            way: make_forward(model, split_point, recipe.image.sides, way, device, settings.n_threads, keep=True)
            for way in ways
        }
        runs = {way: partial(forward, images) for way, forward in forwards.items()}
        sections = None if split_point else depth_sections(model.backbone)
        return choose_frozen(runs, device, sections=sections).to_dict()

    about = {
        "frozen": _network(recipe),
        "cut": asdict(split_point) if split_point else None,
        "ways": [str(way) for way in ways],
        **_about(recipe, settings, device),
    }
    return remembered(settings.cache_folder / PROBES, about, measure)


def _try_training(
    recipe: Recipe, model: Classifier, split_point: SplitPoint | None, settings: Settings, device: torch.device
) -> Mapping[str, Any]:
    layouts = _layouts(device) if recipe.training.layout == "auto" else (recipe.training.layout,)
    precisions = _precisions(device, recipe.training.precision)
    candidates = [Candidate(precision, layout) for layout in layouts for precision in precisions]

    def measure() -> dict[str, Any]:
        n = _measured_batch(recipe, device)
        images = _draw(recipe, n, device)
        if split_point is not None:
            size, way = recipe.image.sides, Way("torch", "fp32")
            with torch.inference_mode():
                images = make_forward(model, split_point, size, way, device, settings.n_threads, keep=True)(images)
            images = images.clone().detach()
            split_point.apply(model)
        while n:  # the training itself would feed a batch that does not fit in pieces
            try:
                return choose_training(model, lambda k: images[:k], device, candidates, batch=n).to_dict()
            except RuntimeError as problem:
                if not is_out_of_memory(problem):
                    raise
            model.zero_grad(set_to_none=True)
            release_cached_memory()
            n //= 2
        return Choice(candidates[-1], {}).to_dict()  # the one that needs the least memory

    about = {
        "training": asdict(split_point) if split_point else None,
        "model": _network(recipe),
        "candidates": [str(candidate) for candidate in candidates],
        "batch": _measured_batch(recipe, device),
        **_about(recipe, settings, device),
    }
    return remembered(settings.cache_folder / PROBES, about, measure)


def _is_worth_compiling(recipe: Recipe, measured: Mapping[str, Any], n_images: int, device: torch.device) -> bool:
    """Whether compiling is to be tried: where steps were seen to get faster, and a training is long enough."""
    trial = measured.get("training", {})
    seconds = trial.get("seconds", {}).get(" ".join(map(str, trial.get("chosen", {}).values())))
    if device.type not in COMPILED_ON or recipe.model.unfreeze_after is not None or seconds is None:
        return False
    n = recipe.training.epochs * n_images / 2
    return n * seconds / (trial.get("images") or BATCH) > WORTH_TRYING_S and explain_no_compiler(device) is None


def _try_compiled(
    recipe: Recipe,
    model: Classifier,
    split_point: SplitPoint | None,
    n_images: int,
    settings: Settings,
    device: torch.device,
) -> Mapping[str, Any]:
    spec, n = recipe.training, _measured_batch(recipe, device)
    candidate = Candidate(str(spec.precision), str(spec.layout))
    n_steps = count_steps(n_images, epochs=spec.epochs, batch_size=n)

    def measure() -> dict[str, Any]:
        images = _draw(recipe, n, device)
        if split_point is not None:
            split_point.apply(model)
            images = torch.rand(n, *split_point.shape, device=device).half()
        try:
            return dict(try_compiled(model, images, candidate, device, n_steps=n_steps))
        except Exception as problem:
            return {"chosen": "none", "seconds": {}, "failed": f"{type(problem).__name__}: {problem}"[:500]}

    about = {"compile": asdict(split_point) if split_point else None, "steps": n_steps, "candidate": str(candidate)}
    about |= {"model": _network(recipe), "batch": n, **_about(recipe, settings, device)}
    return remembered(settings.cache_folder / PROBES, about, measure)


def _try_places(
    recipe: Recipe, model: Classifier, n_images: int, settings: Settings, device: torch.device
) -> Mapping[str, Any]:
    """Where images are made faster; the CPU's time is that of a training's own loader."""
    n, (height, width) = _measured_batch(recipe, device), recipe.image.sides
    stored = (*recipe.image.stored_sides, 3)
    candidate = Candidate(str(recipe.training.precision), str(recipe.training.layout))
    fits = n_images * math.prod(stored) <= resident_bytes(device)

    def measure() -> dict[str, Any]:
        pixels = np.random.default_rng(0).integers(0, 256, (n, *stored), dtype=np.uint8)
        keys = sample_keys([str(number) for number in range(_MEASURED_BATCHES * n)])
        there = DeviceImages(pixels, device, stored_bytes=pixels.nbytes if fits else 0)
        on_cpu, on_device = (
            TrainLoader(
                pixels,
                np.arange(len(keys)) % n,
                {},
                keys=keys,
                batch_size=n,
                height=height,
                width=width,
                augmentations=recipe.augmentations,
                n_threads=settings.n_threads,
                device_images=device_images,
            )
            for device_images in (None, there)
        )
        images = _draw(recipe, n, device)
        model.lay_out(candidate.layout)
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-6, fused=True)
        return choose_place(
            lambda: train_some(model, images, candidate, device, _MEASURED_BATCHES, optimizer=optimizer),
            lambda: list(on_cpu.from_position(0)),
            lambda: list(on_device.from_position(0)),
            device,
        )

    about = {
        "images": recipe.model_dump(mode="json", include={"augmentations"}),
        "stored_px": recipe.image.stored_px,
        "fits": fits,
        "model": _network(recipe),
        "candidate": str(candidate),
        "batch": n,
        **_about(recipe, settings, device),
    }
    try:
        return remembered(settings.cache_folder / PROBES, about, measure)
    except RuntimeError as problem:
        if not is_out_of_memory(problem):
            raise
    model.zero_grad(set_to_none=True)
    release_cached_memory()
    return {"chosen": "cpu", "seconds": {}}  # the device has no room to spare


def _measured_batch(recipe: Recipe, device: torch.device) -> int:
    """Images a step: the training's own on a GPU, where a small batch measures how quickly kernels are launched."""
    if device.type == "cpu":
        return BATCH
    return max(BATCH, min(recipe.training.batch_size, recipe.training.micro_batch or recipe.training.batch_size))


def _network(recipe: Recipe) -> dict[str, Any]:
    network = recipe.model.model_dump(
        mode="json", exclude={"cached_views", "frozen_precision", "frozen_engine", "arrangement"}
    )
    return network | {"features": recipe.features.model_dump(mode="json")}


def _about(recipe: Recipe, settings: Settings, device: torch.device) -> dict[str, Any]:
    card = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    return {"size_px": recipe.image.size_px, "threads": settings.n_threads, "device": card}
