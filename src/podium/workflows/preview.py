"""What `podium preview` does: some images as a training will see them, by the code that a training runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from podium import durable
from podium.arguments import strict_arguments
from podium.curate import ScanOptions
from podium.data import CropBy, MemoryImages, Mixer, sample_keys, store_in_memory
from podium.dataset.extra import Extra
from podium.dataset.locate import located_crops
from podium.dataset.option_homes import option_homes
from podium.dataset.ready_images import describe_short_sides, median_side
from podium.errors import ImageError, SourceError, UsageError
from podium.listing import count_of
from podium.machine import Caution, Progress, Settings, Silent, default_progress
from podium.overview import Overview
from podium.recipe import Recipe, find_preset, resolve_sizes
from podium.recipe.check_mixing import check_mixing
from podium.recipe.idle_keys import refuse_idle_values
from podium.recipe.label_cautions import describe_unsafe_labels
from podium.stopping import StopRequest
from podium.tables import Samples, Task
from podium.training.inputs import ImageInputs, TrainRows
from podium.training.mixers import make_mixer
from podium.workflows.prepare import Data, open_data

__all__ = ["Preview", "check_sheet_file", "preview"]

_CPU = torch.device("cpu")
_SHOWN_SHARE = 0.05
_GOLDEN = 0.6180339887
"""Multiples of it fall evenly into [0, 1), however many are taken."""


@dataclass(frozen=True, eq=False, repr=False)
class Preview:
    """Images before and after augmentation.

    Args:
        recipe: The recipe, with image sizes in place of "auto".
        ids: Ids of N images.
        originals: What is stored of each, as evaluation shows it, uint8 (N, h, w, 3).
        versions: What training sees of each in K epochs, or in K cached views, uint8 (N, K, h, w, 3).
        columns: What the K versions are, such as "epoch 1" or "view hflip".
        labels: The label of each image in words.
        shown: The target of each version in words, N lists of K; it differs from the label where images are mixed.
        cautions: What may be wrong with these augmentations for these labels.
    """

    recipe: Recipe
    ids: list[str]
    originals: NDArray[np.uint8]
    versions: NDArray[np.uint8]
    columns: list[str]
    labels: list[str]
    shown: list[list[str]]
    cautions: list[str]

    @property
    def changed_share(self) -> float:
        """Share of the versions in which any pixel differs from the original's."""
        differs = (self.versions != self.originals[:, None]).any(axis=(2, 3, 4))
        return float(differs.mean())

    def to_dict(self) -> dict[str, Any]:
        """Facts as plain data."""
        return {
            "recipe": self.recipe.preset,
            "size_px": list(self.recipe.image.sides),
            "augmentations": [item.kind for item in self.recipe.augmentations],
            "mixing": [item.kind for item in self.recipe.mixing],
            "preprocessing": [item.kind for item in self.recipe.image.preprocessing],
            "versions": self.columns,
            "changed_share": self.changed_share,
            "images": [
                {"id": name, "label": label, "shown": shown}
                for name, label, shown in zip(self.ids, self.labels, self.shown, strict=True)
            ],
            "cautions": self.cautions,
        }

    def to_png(self) -> bytes:
        """The sheet as a PNG file: a row an image, the original first."""
        from podium.report.contact_sheet import Picture, draw_sheet

        rows = [
            [Picture(self.originals[i], f"{self.labels[i]}  {self.ids[i]}".strip())]
            + [Picture(pixels, words) for pixels, words in zip(self.versions[i], self.shown[i], strict=True)]
            for i in range(len(self.ids))
        ]
        kinds = ", ".join(item.kind for item in (*self.recipe.augmentations, *self.recipe.mixing)) or "no augmentation"
        return draw_sheet(f"{self.recipe.preset}: {kinds}", ["original", *self.columns], rows)

    def save(self, path: str | Path) -> None:
        """Write the sheet. An older one is replaced, any other file is not.

        Raises:
            UsageError: If another file has that name.
            StorageError: If it cannot be written.
        """
        check_sheet_file(Path(path))
        durable.write_bytes(Path(path), self.to_png())

    def overview(self) -> Overview:
        """How many images and versions, and what differs."""
        facts = [self.recipe.preset, count_of(len(self.ids), "image"), count_of(len(self.columns), "version")]
        return Overview("Preview", [*facts, f"{self.changed_share:.0%} changed"], notes=self.cautions)

    def __repr__(self) -> str:
        return str(self.overview())

    def _repr_png_(self) -> bytes:
        return self.to_png()


def check_sheet_file(path: Path) -> None:
    """Raise UsageError where a file that is no sheet, or was changed since, would be replaced."""
    from podium.report.own_png import is_own_png

    if path.is_dir() or (path.exists() and not is_own_png(durable.read_bytes(path))):
        fix = "Choose another name for the sheet."
        raise UsageError("this is no sheet that Podium wrote, and would be replaced.", where=path, fix=fix)


@strict_arguments(option_homes)
def preview(
    data: Data,
    *,
    recipe: str | Recipe = "finetune",
    images: int = 6,
    versions: int = 5,
    options: ScanOptions | None = None,
    extra: Mapping[str, Extra] | None = None,
    extra_drop: Mapping[str, Sequence[str]] | None = None,
    progress: Progress | None = None,
) -> Preview:
    """Some images as a training will see them: preprocessed, resized, augmented, with their targets.

    The images are made by a training's own loader: version k is what epoch k draws for that image and the recipe's
    seed. Nothing is trained, and no weights are needed.

    Args:
        data: A folder, a table, a saved scan, samples, or prepared data.
        recipe: A recipe, or the name of a preset.
        images: Number of images, taken from all classes in turn.
        versions: Number of augmented versions of each. A frozen backbone trains on cached views, and these are shown.
        options: How to read a folder or table.
        extra: Data that only train, as `podium.train` takes them; they are shown among the others.
        extra_drop: Classes of extra data to leave out, by name.
        progress: Receives notes and cautions.

    Raises:
        UsageError: If a number is below 1.
        RecipeError: If the recipe is wrong, or says something that has no effect.
        SourceError: If there is no image that can be decoded.

    Example:
        podium.preview("photos", recipe="quick").save("sheet.png")
    """
    for name, number in (("images", images), ("versions", versions)):
        if number < 1:
            raise UsageError(f"must be at least 1, got {number}.", field=name)
    progress = progress or default_progress()
    opened = open_data(data, options, None, extra=extra, extra_drop=extra_drop)
    for note in getattr(opened, "notes", ()):
        progress.note(note)
    wanted = find_preset(recipe) if isinstance(recipe, str) else recipe
    refuse_idle_values(wanted)
    wanted = resolve_sizes(wanted, median_side_px=median_side(opened.samples))
    cautions = [] if opened.samples.task is None else describe_unsafe_labels(wanted, opened.samples.task)
    chosen, stored = _store(opened.samples, wanted, images)
    assert stored.sizes is not None
    cautions += describe_short_sides(chosen.ids, stored.sizes, wanted.image.preprocessing)
    for caution in cautions:
        progress.note(Caution(caution))
    return _make(wanted, chosen, stored, versions, cautions)


def _make(recipe: Recipe, samples: Samples, stored: MemoryImages, n: int, cautions: list[str]) -> Preview:
    """The sheet of images that are stored."""
    training = recipe.training.model_copy(update={"augment_on": "cpu"})
    inputs = ImageInputs(
        recipe.model_copy(update={"training": training}), stored.pixels, None, n_threads=0, device=_CPU
    )
    rows, task = np.arange(len(samples)), samples.task
    originals = _in_order(inputs.eval_batches(rows, "plain"))[0]
    labels = {} if task is None else {head.name: samples.labels[head.name] for head in task.heads}
    own = [_in_words(task, {name: column[row] for name, column in labels.items()}) for row in rows]
    if recipe.model.freeze == "backbone":
        columns = [f"view {view}" for view in recipe.feature_views]
        made = [_in_order(inputs.eval_batches(rows, view))[0] for view in recipe.feature_views]
        shown = [[words] * len(columns) for words in own]
    else:
        columns = [f"epoch {epoch + 1}" for epoch in range(n)]
        mixer, keys = _make_mixer(recipe, samples), sample_keys(samples.ids.tolist())
        batches = inputs.train_batches(TrainRows(rows, labels, keys, mixer=mixer), seed=recipe.seed)
        found = [_in_order(batches.from_position(epoch)) for epoch in range(n)]
        made = [pixels for pixels, _ in found]
        shown = [[_in_words(task, targets[row]) for _, targets in found] for row in rows]
    versions = np.stack(made, axis=1)
    return Preview(recipe, samples.ids.tolist(), originals, versions, columns, own, shown, cautions)


def _make_mixer(recipe: Recipe, samples: Samples) -> Mixer | None:
    """Mixes these few images as a training would mix a batch of all."""
    task = samples.task
    if task is None:
        return Mixer(recipe.mixing) if recipe.mixing else None
    check_mixing(recipe, task)
    labels = {head.name: samples.target_labels(head.name) for head in task.targets}
    return make_mixer(recipe, task, Task(task.heads), labels)


def _in_order(batches: Any) -> tuple[NDArray[np.uint8], list[dict[str, Any]]]:
    """Images (N, h, w, 3) and targets of all batches, by row. The first is taken where a sampler draws one twice."""
    pixels: dict[int, NDArray[np.uint8]] = {}
    targets: dict[int, dict[str, Any]] = {}
    for batch in batches:
        for place, row in enumerate(batch.rows.tolist()):
            pixels.setdefault(row, batch.images[place].numpy().copy())
            targets.setdefault(row, {name: column[place].numpy() for name, column in batch.targets.items()})
    return np.stack([pixels[row] for row in sorted(pixels)]), [targets[row] for row in sorted(targets)]


def _in_words(task: Task | None, targets: Mapping[str, Any]) -> str:
    """A target in words: a class, several, or shares of classes where images were mixed."""
    if task is None:
        return ""
    parts = [", ".join(_name(head.classes, np.asarray(targets[head.name]))) for head in task.heads]
    return " | ".join(part or "-" for part in parts)


def _name(classes: Sequence[str], target: NDArray[Any]) -> Iterator[str]:
    if target.ndim == 0:
        yield "?" if target < 0 else classes[int(target)]
        return
    for name, share in zip(classes, target.tolist(), strict=True):
        if share >= _SHOWN_SHARE:
            yield name if share == 1 else f"{name} {share:.0%}"


def _store(samples: Samples, recipe: Recipe, n: int) -> tuple[Samples, MemoryImages]:
    """The first `n` images in turn of all classes that can be decoded, stored as a cache stores them."""
    rows: list[int] = []
    found: list[MemoryImages] = []
    image, settings = recipe.image, Settings()
    for row in _in_turn(samples):
        try:
            one = store_in_memory(
                [samples.file(row)],
                *image.stored_sides,
                image.fit,
                limits=image.limits,
                preprocessing=image.preprocessing,
                n_threads=settings.n_threads,
                crop_by=_crop_of(samples, recipe, row, settings),
            )
        except ImageError:  # an audit tells of it
            continue
        rows.append(row)
        found.append(one)
        if len(rows) == n:
            break
    if not rows:
        raise SourceError("no image can be decoded.", where=samples.root, fix="podium scan says what is wrong.")
    pixels, sizes = (np.concatenate([getattr(one, name) for one in found]) for name in ("pixels", "sizes"))
    return samples.take(rows), MemoryImages(samples.ids[rows], pixels, sizes=sizes)


def _crop_of(samples: Samples, recipe: Recipe, row: int, settings: Settings) -> CropBy | None:
    (box,) = located_crops(samples.take([row]), recipe, settings, Silent(), StopRequest())
    return None if box is None else lambda _row, _pixels: box


def _in_turn(samples: Samples) -> list[int]:
    """All rows, one of each class of the main target after the other; spread evenly where there are no classes."""
    n, task = len(samples), samples.task
    head = None if task is None else task.main_target
    if head is None or head.is_multi:
        return list(map(int, np.argsort(np.arange(n) * _GOLDEN % 1, kind="stable")))
    labels = samples.target_labels(head.name)
    turn = np.zeros(n, dtype=np.int64)
    for label in np.unique(labels):
        turn[labels == label] = np.arange((labels == label).sum())
    return list(map(int, np.lexsort((labels, turn))))
