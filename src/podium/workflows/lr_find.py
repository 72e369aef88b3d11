"""What `podium lr-find` does: a training's first steps at rising learning rates, and the rate to take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from podium.advice import option
from podium.arguments import strict_arguments
from podium.curate import ScanOptions
from podium.dataset import FoldOptions
from podium.dataset.extra import Extra
from podium.dataset.frozen_folds import load_frozen
from podium.dataset.locate import located_crops
from podium.dataset.option_homes import option_homes
from podium.dataset.prepare import check_folds
from podium.dataset.prepared import Prepared
from podium.dataset.ready_images import median_side
from podium.errors import ImageError, SourceError, UsageError
from podium.images import Box
from podium.listing import count_of
from podium.machine import Caution, Progress, Settings, default_progress
from podium.problems import Problems
from podium.recipe import Recipe, arrange, resolve_recipe
from podium.recipe.border_targets import treat_borders
from podium.recipe.check_for_task import check_for_task
from podium.splits import make_folds, place_extra
from podium.stopping import StopRequest, listen_for_stop
from podium.tables import Folds, Samples, Task
from podium.training.suggested_rate import RateSweep
from podium.workflows.compose import compose_recipe
from podium.workflows.prepare import Data, fold_options, open_data

if TYPE_CHECKING:
    import torch

    from podium.data import MemoryImages
    from podium.recipe import Overrides
    from podium.training.rate_sweep import RateCurve

__all__ = ["lr_find"]

MOST_STEPS, FEWEST_STEPS = 100, 30
LOWEST, HIGHEST = 1e-6, 1.0


@strict_arguments(option_homes)
def lr_find(
    data: Data,
    *,
    preset: str = "finetune",
    recipe: Recipe | str | Path | None = None,
    overrides: Overrides = (),
    seed: int | None = None,
    folds: int | FoldOptions | None = None,
    options: ScanOptions | None = None,
    extra: Mapping[str, Extra] | None = None,
    extra_drop: Mapping[str, Sequence[str]] | None = None,
    lowest: float = LOWEST,
    highest: float = HIGHEST,
    steps: int | None = None,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> RateSweep:
    """Find a learning rate: train for at most 100 steps while it rises, and see where the loss falls.

    It uses training images of the first fold only, decodes no more than it needs, and writes nothing. What it finds
    holds for this model, batch size, optimizer and data; a schedule takes it as its highest rate.

    Args:
        data: A folder, a table, a saved scan, samples, or prepared data.
        preset: "baseline", "quick", "finetune", "strong", "contest-f" or "contest-l".
        recipe: A recipe, or a recipe file, to start from instead of a preset.
        overrides: Recipe keys to change: {"training.batch_size": 64}, or lines such as ["optimizer.name=sgd"].
        seed: Random seed of training.
        folds: Number of folds (default: 5), or `FoldOptions`.
        options: How to read a folder or table.
        extra: Data that only train, as `podium.train` takes them.
        extra_drop: Classes of extra data to leave out, by name.
        lowest: First learning rate.
        highest: Last learning rate; it ends earlier where the loss explodes.
        steps: Steps; None takes those of an epoch, at least 30 and at most 100.
        settings: Device and threads.
        progress: Receives progress and notes.

    Raises:
        UsageError: If an option, name or recipe is wrong.
        DataError: If the data cannot be used.

    Example:
        sweep = podium.lr_find("data/train", preset="finetune")
        podium.train("data/train", preset="finetune", overrides={"optimizer.lr": sweep.lr})
    """
    settings, progress = settings or Settings(), progress or default_progress()
    _check_range(lowest, highest, steps)
    wanted = compose_recipe(preset, recipe=recipe, overrides=overrides, seed=seed)
    if wanted.distill.teacher:
        raise UsageError(
            "rates are tried on labels alone, without a teacher.",
            fix="Leave distill.teacher out: the rate that suits the labels suits their mixture with a teacher.",
        )
    if wanted.is_solved:
        raise UsageError(
            f"the heads of this recipe are solved (head.kind={wanted.head.kind}): there is no learning rate to find.",
            fix="Choose a preset that fine-tunes, such as finetune, or head.kind=gradient.",
        )
    opened = open_data(data, options, folds, extra=extra, extra_drop=extra_drop)
    samples = opened.samples
    task = _require_labels(samples)
    check_for_task(wanted, task, samples)
    rows = _train_rows(opened, fold_options(folds), progress)
    from podium.machine.tuning import restored_torch

    with restored_torch(), listen_for_stop() as stop:
        return _sweep(wanted, samples, rows, (lowest, highest), steps, settings, progress, stop)


def _check_range(lowest: float, highest: float, steps: int | None) -> None:
    if not 0 < lowest < highest < float("inf"):
        raise UsageError(f"learning rates rise from a lowest to a highest one, got {lowest:g} to {highest:g}.")
    if steps is not None and not 10 <= steps <= 10_000:
        raise UsageError(f"expected 10 to 10,000 steps, got {steps}.", field="steps")


def _require_labels(samples: Samples) -> Task:
    if samples.task is None:
        raise SourceError(
            "these images have no labels, so there is nothing to learn.",
            where=samples.root,
            fix=f"Name a table with {option('labels')}, or put the images of each class into a folder of their own.",
        )
    return samples.task


def _train_rows(opened: Any, options: FoldOptions, progress: Progress) -> NDArray[np.int64]:
    """Rows that the models of the first fold are trained on."""
    if isinstance(opened, Prepared):
        return opened.folds.train_rows(0)
    problems = Problems()
    check_folds(opened.samples, options, problems, progress)
    problems.raise_all()
    folds: Folds
    samples: Samples = opened.samples
    judged = samples.without_extra
    if options.folds_from is not None:
        folds = load_frozen(options).match(judged)
    else:
        folds = make_folds(judged, **options.request)
    if samples.is_extra.any():
        folds = place_extra(samples, folds, samples.group_keys.tolist())
    return folds.train_rows(0)


def _sweep(
    recipe: Recipe,
    samples: Samples,
    rows: NDArray[np.int64],
    span: tuple[float, float],
    steps: int | None,
    settings: Settings,
    progress: Progress,
    stop: StopRequest,
) -> RateSweep:
    from podium.machine.device import choose_device, prepare_process
    from podium.recipe import check_buildable, normalise_as, resolve_statistics, settle_features
    from podium.training.autotune import require_engine, resolve_without_autotune
    from podium.training.make_inputs import make_inputs

    assert samples.task is not None
    task, device = samples.task, choose_device(settings.device)
    prepare_process(settings.n_threads)
    recipe = resolve_recipe(recipe, median_side_px=median_side(samples))
    require_engine(recipe, device)
    recipe = resolve_without_autotune(recipe, device)
    backbone, model = check_buildable(recipe, task)
    recipe = settle_features(recipe, model)
    batch = recipe.training.batch_size
    per_epoch = max(1, -(-len(rows) // batch))
    n_steps = steps or min(max(per_epoch, FEWEST_STEPS), MOST_STEPS)
    chosen = np.sort(np.random.default_rng(recipe.seed).permutation(rows)[: n_steps * batch])
    images, usable = _decode(recipe, samples, chosen, settings, progress)
    recipe = resolve_statistics(recipe, images.pixels, np.arange(len(usable)))
    backbone = normalise_as(recipe, backbone)
    inputs = make_inputs(recipe, task, images, device, settings, progress, backbone=backbone, stop=stop)
    curves = {
        name: _sweep_one(recipe, samples, usable, inputs, place, name, span, n_steps, device, stop, progress)
        for place, name in enumerate(arrange(task, recipe.model.arrangement))
    }
    return RateSweep(curves, recipe, n_steps / per_epoch)


def _sweep_one(
    recipe: Recipe,
    samples: Samples,
    rows: NDArray[np.int64],
    inputs: Any,
    place: int,
    name: str,
    span: tuple[float, float],
    n_steps: int,
    device: torch.device,
    stop: StopRequest,
    progress: Progress,
) -> RateCurve:
    from dataclasses import replace

    from podium.engine import mix_seed
    from podium.training.draw_weights import make_draw_weights
    from podium.training.fitting import label_rows
    from podium.training.mixers import make_mixer
    from podium.training.rate_sweep import sweep_rates

    assert samples.task is not None
    whole, seed = samples.task, mix_seed(recipe.seed, 0, place)
    task = arrange(whole, recipe.model.arrangement)[name]
    train = label_rows(treat_borders(samples, recipe.borders), rows, np.arange(len(rows)))
    train = replace(train, draw_weights=make_draw_weights(recipe, whole, task, train.labels))
    train = replace(train, mixer=make_mixer(recipe, whole, task, train.labels))
    model = inputs.build_model(task, train.rows, seed=seed).to(device)
    with progress.stage(f"{name}, steps", n_steps) as update:
        return sweep_rates(
            recipe,
            task,
            model,
            inputs,
            train,
            lowest=span[0],
            highest=span[1],
            n_steps=n_steps,
            seed=seed,
            device=device,
            stop=stop,
            on_step=update,
        )


def _decode(
    recipe: Recipe, samples: Samples, rows: NDArray[np.int64], settings: Settings, progress: Progress
) -> tuple[MemoryImages, NDArray[np.int64]]:
    """The images of these rows in memory, and the rows that could be decoded."""
    from podium.data import MemoryImages

    with listen_for_stop() as stop:
        boxes = located_crops(samples.take(rows), recipe, settings, progress, stop)
    decode = partial(_decode_one, recipe, samples)
    pieces: list[NDArray[np.uint8] | None] = []
    with (
        progress.stage("decode images", len(rows)) as update,
        ThreadPoolExecutor(settings.n_threads, thread_name_prefix="podium-decode") as pool,
    ):
        for piece in pool.map(decode, rows.tolist(), boxes):
            pieces.append(piece)
            update(len(pieces))
    good = np.array([piece is not None for piece in pieces], dtype=bool)
    if good.sum() < 2:
        raise ImageError("no two of the training images can be decoded.", where=samples.root)
    if not good.all():
        progress.note(Caution(f"Left out, because they cannot be decoded: {count_of(int((~good).sum()), 'image')}."))
    pixels = np.concatenate([piece for piece in pieces if piece is not None])
    return MemoryImages(samples.ids[rows[good]], pixels), rows[good]


def _decode_one(recipe: Recipe, samples: Samples, row: int, box: Box | None) -> NDArray[np.uint8] | None:
    from podium.data import store_in_memory

    image = recipe.image
    try:
        return store_in_memory(
            [samples.file(row)],
            *image.stored_sides,
            image.fit,
            limits=image.limits,
            preprocessing=image.preprocessing,
            crop_by=None if box is None else lambda _row, _pixels: box,
        ).pixels
    except ImageError:
        return None
