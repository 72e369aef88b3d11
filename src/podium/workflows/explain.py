"""What `podium explain` does: maps of what a run's answers depend on, over images that its models did not learn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.advice import call, option
from podium.data import StoredImages, sample_keys
from podium.dataset.run_images import open_run_images
from podium.errors import UnknownNameError, UsageError
from podium.explain import METHODS, Method, energy_inside
from podium.explain.choose_shown import Choice, choose_shown
from podium.explain.explanation import Explanation, HeadMaps, Removal, ShownImage
from podium.explain.map_images import MapMaker
from podium.explain.region_masks import region_masks
from podium.explain.sum_energy import sum_energy
from podium.listing import count_of, list_some
from podium.machine import Caution, Progress, Settings
from podium.machine.device import prepare_process
from podium.recipe import Recipe
from podium.regions import base_of
from podium.regions.crop_boxes import boxes_of
from podium.store import RunFolder, check_scores, load_tables, refuse_ensemble, weights_of
from podium.tables import Boxes, Head, Predictions, Samples, decide, is_image_name, load_predictions, mean_predictions
from podium.training.predictor import Predictor, open_predictor

__all__ = ["explain_files", "explain_run"]

_WHAT = "A map of what a network looks at"


def explain_run(
    run: RunFolder,
    settings: Settings,
    progress: Progress,
    *,
    heads: Sequence[str] = (),
    classes: Sequence[str] = (),
    method: str | None = None,
    n: int = 25,
    n_curves: int = 16,
    region: str | None = None,
    samples: Samples | None = None,
) -> Explanation:
    """Maps over a run's own images, each by the model of the fold that did not learn it.

    Args:
        run: A finished run.
        settings: Machine and places.
        progress: Receives progress and notes.
        heads: Heads to explain; none takes the main target, or all heads where that is no head.
        classes: Classes to explain; none explains each image's own answer.
        method: "gradcam", "gradcam++", "hirescam" or "rollout"; None takes what suits the network.
        n: Images a sheet.
        n_curves: Images whose deletion and insertion curves are measured; fewer than 2 measure none.
        region: Region whose boxes are compared with the maps; None takes the first that the samples have.
        samples: The run's samples with other boxes.

    Raises:
        UsageError: If the run is not finished or is an ensemble, or a method does not fit.
        UnknownNameError: If there is no such head, class or region.
        ImageError: If the images are gone, or are others than at the start.
    """
    refuse_ensemble(run, _WHAT)
    check_scores(run)
    chosen_method = _read_method(method)
    predictor = open_predictor(run, settings, progress, keep=False)
    own = load_tables(run)[0]
    samples = own if samples is None else samples
    asked = _find_heads(predictor, heads, classes)
    boxes, region = _find_boxes(samples, region)
    prepare_process(settings.n_threads)
    record = run.read()
    cache = open_run_images(run, record, own, predictor.recipe, settings, progress)
    oof = load_predictions(run.oof_file)
    given = _Asked(run, samples, oof, predictor.recipe, boxes, classes, n, n_curves, progress)
    made = []
    for name, head in asked:
        made.append(_explain_head(MapMaker(predictor, name, head, cache, chosen_method), name, given))
    return Explanation(run.name, made, region if boxes is not None else "", weights_of(run, record["folds"]))


@dataclass(frozen=True, eq=False)
class _Asked:
    """What is asked of every head.

    Args:
        run: The run.
        samples: Its samples.
        oof: Its out-of-fold predictions.
        recipe: Its recipe, resolved.
        boxes: Boxes to compare the maps with; None without.
        classes: Classes to explain; none explains each image's own answer.
        n: Images a sheet.
        n_curves: Images whose curves are measured.
        progress: Receives progress.
    """

    run: RunFolder
    samples: Samples
    oof: Predictions
    recipe: Recipe
    boxes: Boxes | None
    classes: Sequence[str]
    n: int
    n_curves: int
    progress: Progress


def _explain_head(maker: MapMaker, model: str, asked: _Asked) -> HeadMaps:
    head, oof = maker.head, asked.oof
    labels = asked.samples.target_labels(head.name)[asked.samples.rows_of(oof.ids)]
    decisions = decide(oof.probs[head.name], head)
    choice = _choose(head, labels, decisions, asked)
    rows, folds = maker.rows_of(oof.ids[choice.rows]), oof.fold[choice.rows]
    with asked.progress.stage(f"maps of {head.name}", len(rows)) as update:
        maps = maker.of_folds(rows, folds, choice.explained, update)
    inside, area = _look_inside(maps, choice, model, asked)
    shown = [
        ShownImage(
            id=str(oof.ids[row]),
            fold=int(folds[place]),
            sheet=head.classes[choice.sheet[place]],
            explained=head.classes[choice.explained[place]],
            truth=_word(head, labels[row], int(choice.sheet[place])),
            answer=_word(head, decisions[row], int(choice.sheet[place])),
            prob=float(oof.probs[head.name][row, choice.explained[place]]),
            is_right=bool(choice.is_right[place]),
            energy=inside[place],
            area=area[place],
        )
        for place, row in enumerate(choice.rows.tolist())
    ]
    removal = _remove(maker, maps, choice, asked)
    pictures = maker.see(rows)
    return HeadMaps(
        head.name, maker.layer_names, maker.grid, maker.method, shown, pictures, maps, sum_energy(shown), removal
    )


def _choose(head: Head, labels: NDArray[np.integer[Any]], decisions: NDArray[np.int64], asked: _Asked) -> Choice:
    """The images of every sheet of a head."""
    wanted = [head.classes.index(name) for name in asked.classes if name in head.classes] if asked.classes else None
    keys = sample_keys(asked.oof.ids.tolist())
    choice = choose_shown(head, labels, decisions, keys, asked.n, wanted)
    if not len(choice.rows):
        raise UsageError(f"no image of the head {head.name!r} is labelled or answered so.", field="classes")
    return choice


def _look_inside(
    maps: NDArray[np.float32], choice: Choice, model: str, asked: _Asked
) -> tuple[list[float | None], list[float | None]]:
    """Share of each map inside the box of its image, and of the image; None where there is no box."""
    if asked.boxes is None:
        return [None] * len(maps), [None] * len(maps)
    rows = asked.samples.rows_of(asked.oof.ids[choice.rows])
    region = asked.recipe.image.region_of(model)
    mask = region_masks(asked.samples, asked.boxes, rows.tolist(), asked.recipe, region)
    area = mask.mean(axis=(1, 2), dtype=np.float64)
    inside = np.where(area > 0, energy_inside(maps, mask), np.nan)
    there = np.isfinite(inside).tolist()
    pairs = [(one, own) if is_there else (None, None) for one, own, is_there in zip(inside, area, there, strict=True)]
    return [None if one is None else float(one) for one, _ in pairs], [
        None if own is None else float(own) for _, own in pairs
    ]


def _remove(maker: MapMaker, maps: NDArray[np.float32], choice: Choice, asked: _Asked) -> Removal | None:
    """Deletion and insertion curves of some of the images."""
    some = np.unique(np.linspace(0, len(choice.rows) - 1, asked.n_curves).astype(np.int64))
    if len(some) < 2:  # one image has no interval
        return None
    own = choice.rows[some]
    ids = asked.oof.ids[own]
    keys = [int(key) for key in sample_keys(ids.tolist())]
    with asked.progress.stage(f"deletion and insertion of {maker.head.name}", len(some)) as update:
        folds = asked.oof.fold[own]
        return maker.removal(maker.rows_of(ids), folds, choice.explained[some], maps[some], keys, update)


def explain_files(
    run: RunFolder,
    files: Sequence[Path],
    settings: Settings,
    progress: Progress,
    *,
    heads: Sequence[str] = (),
    classes: Sequence[str] = (),
    method: str | None = None,
    n: int = 25,
) -> Explanation:
    """Maps over other images: the mean over the models of all folds.

    Args:
        run: A run with at least one finished fold.
        files: Images, or folders of images, of which the first `n` are shown.
        settings: Machine and places.
        progress: Receives progress and notes.
        heads: As for `explain_run`.
        classes: Classes to explain, a sheet each; none explains the answer to each image.
        method: As for `explain_run`.
        n: Images.

    Raises:
        UsageError: If there are no images, or a method does not fit.
        ImageError: If an image cannot be decoded.
    """
    refuse_ensemble(run, _WHAT)
    chosen_method = _read_method(method)
    found = _list_files(files)
    if len(found) > n:
        progress.note(
            Caution(f"The first {n} of {count_of(len(found), 'image')} are explained; {option('n')} takes more.")
        )
    found = found[:n]
    predictor = open_predictor(run, settings, progress, keep=False)
    asked = _find_heads(predictor, heads, classes)
    prepare_process(settings.n_threads)
    images = predictor.store(found, ids=[path.name for path in found])
    made = [
        _explain_new(MapMaker(predictor, name, head, images, chosen_method), images, predictor, progress, classes)
        for name, head in asked
    ]
    return Explanation(run.name, made, "", weights_of(run, predictor.folds))


def _explain_new(
    maker: MapMaker, images: StoredImages, predictor: Predictor, progress: Progress, classes: Sequence[str]
) -> HeadMaps:
    head, rows = maker.head, np.arange(len(images.ids))
    probs = mean_predictions([made for _, made in predictor.predict_folds(images)]).probs[head.name]
    decisions = decide(probs, head)
    wanted = [head.classes.index(name) for name in classes if name in head.classes]
    explained = np.concatenate([np.full(len(rows), number) for number in wanted] or [probs.argmax(axis=1)])
    rows = np.tile(rows, max(1, len(wanted)))
    with progress.stage(f"maps of {head.name}", len(rows) * len(predictor.folds)) as update:
        maps = maker.of_all(rows, explained.astype(np.int64), update)
    shown = [
        ShownImage(
            id=str(images.ids[row]),
            fold=-1,
            sheet=head.classes[number] if wanted else "",
            explained=head.classes[number],
            truth="",
            answer=_answer(head, decisions[row]) if not wanted else head.classes[number],
            prob=float(probs[row, number]),
            is_right=None,
        )
        for row, number in zip(rows.tolist(), explained.tolist(), strict=True)
    ]
    return HeadMaps(head.name, maker.layer_names, maker.grid, maker.method, shown, maker.see(rows), maps)


def _word(head: Head, value: NDArray[np.integer], number: int) -> str:
    """A label or an answer on the sheet of a class."""
    if head.is_multi:
        name = head.classes[number]
        return name if value[number] == 1 else f"no {name}"
    return head.classes[int(value)]


def _answer(head: Head, value: NDArray[np.int64]) -> str:
    if head.is_multi:
        return ", ".join(name for name, is_there in zip(head.classes, value, strict=True) if is_there) or "none"
    return head.classes[int(value)]


def _read_method(method: str | None) -> Method | None:
    if method is None:
        return None
    for known in METHODS:
        if method == known:
            return known
    raise UnknownNameError("method", method, METHODS, field="method")


def _find_heads(predictor: Predictor, heads: Sequence[str], classes: Sequence[str]) -> list[tuple[str, Head]]:
    """The asked heads, each with the model that has it."""
    known = {head.name: (name, head) for name, task in predictor.models.items() for head in task.heads}
    for name in heads:
        if name not in known:
            raise UnknownNameError("head", name, list(known), field="heads")
    main = predictor.task.main_target.name
    asked = [known[name] for name in heads or ([main] if main in known else list(known))]
    if classes:
        names = [name for _, head in asked for name in head.classes]
        for name in classes:
            if name not in names:
                raise UnknownNameError("class", name, names, field="classes")
        asked = [(model, head) for model, head in asked if set(classes) & set(head.classes)]
    return asked


def _find_boxes(samples: Samples, region: str | None) -> tuple[Boxes | None, str]:
    """Boxes of the asked region, or of the first that the samples have; None where they have none."""
    if region is None:
        region = next(iter(samples.boxes), None)
        if region is None:
            return None, ""
    _, boxes = boxes_of(samples, region)
    if boxes is None:
        raise UsageError(
            f"the run has no boxes of {base_of(region)}.",
            field="region",
            fix=f"Find them with {call('podium.find_regions', 'FOLDER')} and name the table with {option('regions')}.",
        )
    return boxes, region


def _list_files(files: Sequence[Path]) -> list[Path]:
    found: list[Path] = []
    for path in files:
        inside = sorted(one for one in path.rglob("*") if is_image_name(one.name)) if path.is_dir() else [path]
        found += inside
    missing = [str(path) for path in found if not path.is_file()]
    if missing or not found:
        what = f"there are no such images: {list_some(missing, most=3)}." if missing else "there are no images."
        raise UsageError(what, field="images", fix="Name images, or a folder that holds some.")
    return found
