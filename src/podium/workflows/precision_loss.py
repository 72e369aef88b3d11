"""What fewer bits cost: the score of each fold's converted model beside the same model in fp32, on images that it never
saw."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from podium import durable
from podium.data import ImageCache
from podium.dataset.run_images import open_run_images
from podium.deployed.engines import Engine, available_engines, open_session
from podium.errors import UsageError
from podium.images import pack_forms
from podium.listing import part_of
from podium.machine import Progress, Settings
from podium.metric_words import metric_words
from podium.metrics import PairedDifference, Scores, paired_difference
from podium.store import RunFolder, load_tables
from podium.workflows.exported_models import ExportedModels

__all__ = ["Precision", "PrecisionLoss", "engines_of", "measure_loss", "training_pixels"]

Precision = Literal["fp32", "bf16", "int8"]
MOST_JUDGED, CALIBRATED, BATCH = 5000, 64, 32
Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class PrecisionLoss:
    """What a precision changes in one engine.

    Args:
        engine: Who computed.
        n: Images that judged.
        change: Score in this precision minus that in fp32, paired on the same images.
        n_other: Of these images, those with another answer.
    """

    engine: str
    n: int
    change: PairedDifference
    n_other: int

    @property
    def words(self) -> str:
        """The change as a line."""
        found = self.change.difference
        bounds = f"({found.low:+.4f} to {found.high:+.4f})"
        return (
            f"in {self.engine}: {metric_words(self.change.metric)} {found.value:+.4f} {bounds} beside fp32,"
            f" {self.change.verdict}; {part_of(self.n_other, self.n, 'answer', 'differs', 'differ')}"
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        return {"engine": self.engine, "n": self.n, "n_other": self.n_other, **self.change.to_dict()}


def engines_of(precision: Precision) -> tuple[Engine, ...]:
    """Installed engines that compute in a precision.

    Raises:
        UsageError: If there is none.
    """
    found = tuple(name for name in available_engines() if precision != "bf16" or name == "openvino")
    if not found:
        raise UsageError(
            "only OpenVINO computes in bf16 on a CPU, and it is not installed.",
            field="precision",
            fix='Install it: pip install "podium[openvino]".',
        )
    return found


class _Images:
    """Stored images of a run, in every form that its models take; rows are those of its own tables.

    Args:
        run: The run, or the ensemble.
        models: Its models.
        settings: Machine and places.
        progress: Receives progress.
    """

    def __init__(self, run: RunFolder, models: ExportedModels, settings: Settings, progress: Progress) -> None:
        self.samples, _ = load_tables(run)
        self._caches: list[ImageCache] = [
            open_run_images(item.folder, item.folder.read(), self.samples, item.recipe, settings, progress)
            for item in models.inputs
        ]

    def usable(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Of these rows of the samples those that every form could be decoded to."""
        ids = self.samples.ids[rows]
        return rows[np.all([cache.is_usable[cache.rows_of(ids)] for cache in self._caches], axis=0)]

    def pixels(self, rows: NDArray[np.int64]) -> Pixels:
        """What the graph takes, uint8 (N, height, width, channels)."""
        ids = self.samples.ids[rows]
        forms = [np.asarray(cache.pixels[cache.rows_of(ids)]) for cache in self._caches]
        return np.stack([pack_forms(parts) for parts in zip(*forms, strict=True)])

    def some(self, rows: NDArray[np.int64]) -> Pixels:
        """A few of these rows, evenly spread."""
        return self.pixels(self.usable(_spread(rows, CALIBRATED)))


def _spread(rows: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    return rows[np.unique(np.linspace(0, len(rows) - 1, most).astype(np.int64))]


def training_pixels(run: RunFolder, models: ExportedModels, settings: Settings, progress: Progress) -> Pixels:
    """Stored pixels of some images of a run, evenly spread, uint8 (N, height, width, channels)."""
    images = _Images(run, models, settings, progress)
    return images.some(np.arange(len(images.samples)))


def measure_loss(
    run: RunFolder,
    models: ExportedModels,
    build: Callable[[Sequence[int]], bytes],
    convert: Callable[[bytes, Pixels], bytes],
    precision: Precision,
    settings: Settings,
    progress: Progress,
) -> list[PrecisionLoss]:
    """The change of the run's main score by a precision, in each engine that has it, out of fold.

    Args:
        run: The run.
        models: The models of its folds.
        build: The fp32 graph of some folds.
        convert: A graph in the precision, with ranges from the training images of its fold.
        precision: The precision.
        settings: Machine and places.
        progress: Receives progress.

    Raises:
        ImageError: If the images are gone, or are others than at the start.
    """
    samples, folds = load_tables(run)
    images = _Images(run, models, settings, progress)
    head = models.task.main_target
    labels = samples.target_labels(head.name)
    is_known = np.asarray((labels >= 0).any(axis=1) if head.is_multi else labels >= 0)
    engines = engines_of(precision)
    asked: list[NDArray[np.int64]] = []
    probs: dict[tuple[Engine, bool], list[NDArray[Any]]] = {
        (name, part): [] for name in engines for part in (False, True)
    }
    answers: dict[tuple[Engine, bool], list[NDArray[Any]]] = {key: [] for key in probs}
    most = max(1, MOST_JUDGED // len(models.folds))
    with progress.stage(f"measure {precision}, fold by fold", len(models.folds)) as update:
        for done, fold in enumerate(models.folds, start=1):
            rows = folds.valid_rows(fold)
            rows = _spread(images.usable(rows[is_known[rows]]), most)
            if not len(rows):
                continue
            pixels = images.pixels(rows)
            whole = build([fold])
            changed = convert(whole, images.some(folds.train_rows(fold)))
            for name in engines:
                for is_changed, graph in ((False, whole), (True, changed)):
                    wanted = precision if is_changed else "fp32"
                    found = _ask(graph, name, wanted, pixels, settings)
                    probs[name, is_changed].append(found[f"{head.name}.probs"])
                    answers[name, is_changed].append(found[f"{head.name}.answer"])
            asked.append(rows)
            update(done)
    rows = np.concatenate(asked)
    metric = Scores.from_dict(durable.read_json(run.scores_file)).main_metric
    losses = []
    for name in engines:
        before, after = (np.concatenate(probs[name, part]).astype(np.float64) for part in (False, True))
        own, other = (np.concatenate(answers[name, part]) for part in (False, True))
        change = paired_difference(before, after, labels[rows], samples.group_keys[rows], metric, head)
        n_other = int((own != other).reshape(len(rows), -1).any(axis=1).sum())
        losses.append(PrecisionLoss(name, len(rows), change, n_other))
    return losses


def _ask(graph: bytes, engine: Engine, precision: str, pixels: Pixels, settings: Settings) -> dict[str, NDArray[Any]]:
    shape = dict(zip(("height", "width", "channels"), pixels.shape[1:], strict=True))
    ask = open_session(graph, engine, precision=precision, n_threads=settings.n_threads, shape=shape)
    parts = [ask(np.ascontiguousarray(pixels[start : start + BATCH])) for start in range(0, len(pixels), BATCH)]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
