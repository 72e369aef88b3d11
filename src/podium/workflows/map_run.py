"""What `podium map` does: a run's images in two dimensions by their embeddings, and the images most like one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium import durable
from podium.errors import UnknownNameError, UsageError
from podium.explain.map_colours import colour_columns, words_of
from podium.explain.projection import MapMethodName, Projection, project
from podium.listing import count_of
from podium.machine import Progress, Settings
from podium.predicting.embeddings import Embedder, Embeddings, open_embedder
from podium.store import RunFolder, check_scores, load_tables, refuse_ensemble, weights_of
from podium.store.map_record import RECORD
from podium.tables import Head, Predictions, Samples, decide, load_predictions, write_csv
from podium.texttable import Frame
from podium.twins import make_directions

__all__ = ["EmbeddingMap", "LikeImage", "find_like", "map_run"]

_COLOURS = ("label", "error", "fold")
_SHEET, _LIKE = "like.png", "like.csv"


@dataclass(frozen=True, eq=False)
class EmbeddingMap:
    """Images in two dimensions.

    Args:
        run: Name of the run.
        target: What "label", "answer" and "error" are of.
        ids: The images, in the order of the out-of-fold predictions.
        projection: Where they lie.
        columns: What they can be coloured by, a word an image.
        is_frozen: Whether one frozen network made the embeddings; else each fold's own, laid over the first fold's.
        fit: Per further fold, share of the anchors' variance that laying over explains.
        n_features: Numbers an embedding has.
        seed: Seed of UMAP.
        weights: Digest of every model's weights.
    """

    run: str
    target: str
    ids: NDArray[np.object_]
    projection: Projection
    columns: Mapping[str, list[str]]
    is_frozen: bool
    fit: Mapping[int, float]
    n_features: int
    seed: int
    weights: Mapping[str, str]

    @property
    def points(self) -> NDArray[np.float64]:
        """Where each image lies, (N, 2)."""
        return self.projection.points

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        return {
            "run": self.run,
            "target": self.target,
            "method": self.projection.method,
            "explained": list(self.projection.explained),
            "is_frozen": self.is_frozen,
            "fit": {str(fold): value for fold, value in self.fit.items()},
            "n_features": self.n_features,
            "seed": self.seed,
            "weights": dict(self.weights),
            "ids": self.ids.tolist(),
            "points": np.round(self.points, 4).tolist(),
            "columns": dict(self.columns),
        }


@dataclass(frozen=True)
class LikeImage:
    """An image that is like another.

    Args:
        id: Its id.
        similarity: Cosine of the two standardised embeddings, 1 for the same.
        fold: Its fold.
        label: Its label in words; "" where there is none.
        answer: What the run answers.
    """

    id: str
    similarity: float
    fold: int
    label: str
    answer: str


def map_run(
    run: RunFolder,
    settings: Settings,
    progress: Progress,
    *,
    color: Sequence[str] = (),
    method: MapMethodName = "pca",
    target: str | None = None,
    table: str | Path | Frame | None = None,
    seed: int = 0,
) -> EmbeddingMap:
    """Lay a run's images out by their embeddings, and keep the map in its folder.

    Args:
        run: A finished run with models of its own.
        settings: Machine and places.
        progress: Receives progress and notes.
        color: Columns beside "label", "error" and "fold", see `podium.explain.map_colours.colour_columns`.
        method: "pca", or "umap" with the extra "maps".
        target: What label and error are of; None takes the main target.
        table: A table with further columns.
        seed: Seed of UMAP.

    Raises:
        UsageError: If the run is not finished or is an ensemble, has too few images, or umap-learn is missing.
        UnknownNameError: If there is no such target, column or method.
        ImageError: If the images are gone, or are others than at the start.
    """
    if method not in ("pca", "umap"):
        raise UnknownNameError("method", method, ["pca", "umap"], field="method")
    samples, oof, head = _open(run, target)
    if len(oof) < 3:
        raise UsageError(f"a map needs at least 3 images, and the run predicts {count_of(len(oof), 'image')}.")
    columns = colour_columns(tuple(dict.fromkeys((*_COLOURS, "answer", *color))), samples, oof, head, table)
    made = open_embedder(run, _head_of(head, samples), settings, progress).of_run(run, progress)
    found = EmbeddingMap(
        run.name,
        head.name,
        oof.ids,
        project(made.rows, method, seed=seed),
        columns,
        made.is_frozen,
        made.fit,
        made.rows.shape[1],
        seed,
        weights_of(run, run.read()["folds"]),
    )
    _write(run, found)
    return found


def find_like(
    run: RunFolder,
    image: str,
    settings: Settings,
    progress: Progress,
    *,
    n: int = 12,
    target: str | None = None,
    out: Path | None = None,
) -> list[LikeImage]:
    """The run's images most like one of them, or like a file, as a sheet and a table; the most similar first.

    Args:
        run: A finished run with models of its own.
        image: Id of one of the run's images, or a file.
        settings: Machine and places.
        progress: Receives progress and notes.
        n: How many.
        target: Which target's labels are told; None takes the main one.
        out: Folder of the sheet and the table; None takes the run's folder for maps.

    Raises:
        UsageError: If the run is not finished or is an ensemble, or `n` is below 1.
        UnknownNameError: If there is no such image.
        ImageError: If images are gone, or the file cannot be decoded.
    """
    if n < 1:
        raise UsageError(f"expected at least 1 image, got {n}.", field="n")
    samples, oof, head = _open(run, target)
    embedder = open_embedder(run, _head_of(head, samples), settings, progress)
    made = embedder.of_run(run, progress)
    known = {name: place for place, name in enumerate(oof.ids.tolist())}
    if image in known:
        rows, own = made.rows, known[image]
    else:
        rows, own = _with_file(embedder, made, image, known), len(made.rows)
    directions = make_directions(rows)
    similar = directions @ directions[own]
    order = [place for place in np.argsort(-similar, kind="stable").tolist() if place not in (own, len(oof))][:n]
    labels = words_of(samples.target_labels(head.name)[samples.rows_of(oof.ids)], head)
    answers = words_of(decide(oof.probs[head.name], head), head)
    found = [
        LikeImage(str(oof.ids[place]), float(similar[place]), int(oof.fold[place]), labels[place], answers[place])
        for place in order
    ]
    _write_like(samples, image, image in known, found, out or run.map_folder)
    return found


def _with_file(embedder: Embedder, made: Embeddings, image: str, known: Mapping[str, int]) -> NDArray[np.float32]:
    """The run's embeddings and behind them that of a file."""
    path = Path(image)
    if not path.is_file():
        raise UnknownNameError("image", image, list(known), field="like")
    reference = embedder.stored_features(made.ids) if made.is_frozen else None
    return np.concatenate([made.rows, embedder.of_files([path], reference)])


def _open(run: RunFolder, target: str | None) -> tuple[Samples, Predictions, Head]:
    refuse_ensemble(run, "A map of embeddings")
    check_scores(run)
    samples, oof = load_tables(run)[0], load_predictions(run.oof_file)
    known = {head.name: head for head in oof.task.targets}
    if target is not None and target not in known:
        raise UnknownNameError("target", target, list(known), field="target")
    return samples, oof, known[target or oof.task.main_target.name]


def _head_of(target: Head, samples: Samples) -> str:
    """A head whose model embeds the images: the target's own, of a composite class the first."""
    assert samples.task is not None, "a run has a task"
    heads = [head.name for head in samples.task.heads]
    return target.name if target.name in heads else heads[0]


def _write(run: RunFolder, found: EmbeddingMap) -> None:
    from podium.report import make_report
    from podium.report.map_drawings import draw_map
    from podium.report.raster import as_png

    durable.make_folder(run.map_folder)
    names = list(found.columns)
    cells = [
        [str(name), f"{x:.4f}", f"{y:.4f}", *(found.columns[column][place] for column in names)]
        for place, (name, (x, y)) in enumerate(zip(found.ids.tolist(), found.points.tolist(), strict=True))
    ]
    write_csv(run.map_folder / "map.csv", ("id", "x", "y", *names), cells)
    for name in names:
        drawing = draw_map(found.points, found.columns, name, side=600)
        durable.write_bytes(run.map_folder / f"map-{_safe(name)}.png", as_png(f"{run.name}: {name}", [drawing]))
    durable.write_sealed(run.map_folder / RECORD, found.to_dict())
    with durable.hold_lock(run.path):
        make_report(run)


def _safe(name: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in name)


def _write_like(samples: Samples, image: str, is_own: bool, found: Sequence[LikeImage], folder: Path) -> None:
    from podium.images import decode_file, resize_to
    from podium.report.contact_sheet import Picture, draw_sheet

    def picture(path: Path, words: str) -> Picture:
        pixels = decode_file(path, with_facts=False).pixels
        shown = np.full((144, 144, 3), 235, np.uint8) if pixels is None else resize_to(pixels, 144, 144, "pad")
        return Picture(shown, words)

    def own(name: str) -> Path:
        return samples.file(int(samples.rows_of([name])[0]))

    tiles = [picture(own(image) if is_own else Path(image), "the image")]
    tiles += [picture(own(one.id), f"{one.similarity:.2f} {one.label}-{one.answer} {one.id[-24:]}") for one in found]
    columns = min(5, len(tiles))
    tiles += [Picture(np.full((144, 144, 3), 255, np.uint8), "")] * (-len(tiles) % columns)
    rows = [tiles[start : start + columns] for start in range(0, len(tiles), columns)]
    durable.make_folder(folder)
    durable.write_bytes(folder / _SHEET, draw_sheet(f"Most like {image}", [""] * columns, rows))
    lines = [[one.id, f"{one.similarity:.4f}", str(one.fold), one.label, one.answer] for one in found]
    write_csv(folder / _LIKE, ("id", "similarity", "fold", "label", "answer"), lines)
