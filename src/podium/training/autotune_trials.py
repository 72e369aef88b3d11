"""What autotune measures: the frozen part, training steps, compiled steps, and where images are made."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from podium.backbone.frozen_forward import Way, can_use_openvino, frozen_batch, make_forward
from podium.backbone.split_point import SplitPoint
from podium.data import DeviceImages, TrainLoader, resident_bytes, sample_keys
from podium.engine import is_out_of_memory, release_cached_memory
from podium.engine.compiled_steps import explain_no_compiler
from podium.machine import Settings
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

__all__ = [
    "COMPILED_ON",
    "PROBES",
    "draw_images",
    "is_worth_compiling",
    "layouts_of",
    "try_compiled_steps",
    "try_frozen",
    "try_places",
    "try_training",
]

_MEASURED_BATCHES = 4
PROBES = "probes"
COMPILED_ON = ("cuda",)
"""Devices where compiled steps are tried: on CPUs one network gained a fifth, too few are measured (LOG.md)."""


def draw_images(recipe: Recipe, n: int, device: torch.device) -> Tensor:
    """Random images, uint8, shape (n, H, W, 3)."""
    shape, generator = (n, *recipe.image.sides, 3), torch.Generator().manual_seed(0)
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator).to(device)


def layouts_of(device: torch.device) -> Sequence[str]:
    """What mostly is right first. On Apple's GPUs the other one gives wrong gradients (PyTorch issue 175189)."""
    return ("contiguous",) if device.type == "mps" else ("channels_last", "contiguous")


def _precisions(device: torch.device, asked: str) -> Sequence[str]:
    """Full precision first, then what the device may do faster."""
    if asked != "auto":
        return (asked,)
    if device.type == "cpu":
        return ("fp32", "bf16")
    return ("fp32",) if device.type == "mps" else tuple(dict.fromkeys(("fp32", suitable_precision(device))))


def try_frozen(
    recipe: Recipe, model: Classifier, split_point: SplitPoint | None, settings: Settings, device: torch.device
) -> Mapping[str, Any]:
    """Seconds of each engine and precision for the frozen part, and the choice."""
    images = draw_images(recipe, frozen_batch(device), device)
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


def try_training(
    recipe: Recipe, model: Classifier, split_point: SplitPoint | None, settings: Settings, device: torch.device
) -> Mapping[str, Any]:
    """Seconds of each precision and memory layout for training steps, and the choice."""
    layouts = layouts_of(device) if recipe.training.layout == "auto" else (recipe.training.layout,)
    precisions = _precisions(device, recipe.training.precision)
    candidates = [Candidate(precision, layout) for layout in layouts for precision in precisions]

    def measure() -> dict[str, Any]:
        n = _measured_batch(recipe, device)
        images = draw_images(recipe, n, device)
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


def is_worth_compiling(recipe: Recipe, measured: Mapping[str, Any], n_images: int, device: torch.device) -> bool:
    """Whether compiling is to be tried: where steps were seen to get faster, and a training is long enough."""
    trial = measured.get("training", {})
    seconds = trial.get("seconds", {}).get(" ".join(map(str, trial.get("chosen", {}).values())))
    if device.type not in COMPILED_ON or recipe.model.unfreeze_after is not None or seconds is None:
        return False
    n = recipe.training.epochs * n_images / 2
    return n * seconds / (trial.get("images") or BATCH) > WORTH_TRYING_S and explain_no_compiler(device) is None


def try_compiled_steps(
    recipe: Recipe,
    model: Classifier,
    split_point: SplitPoint | None,
    n_images: int,
    settings: Settings,
    device: torch.device,
) -> Mapping[str, Any]:
    """Seconds of steps with and without a compiler, and the choice."""
    spec, n = recipe.training, _measured_batch(recipe, device)
    candidate = Candidate(str(spec.precision), str(spec.layout))
    n_steps = count_steps(n_images, epochs=spec.epochs, batch_size=n)

    def measure() -> dict[str, Any]:
        images = draw_images(recipe, n, device)
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


def try_places(
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
        images = draw_images(recipe, n, device)
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
