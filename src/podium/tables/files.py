"""The tables on disk: samples and folds as CSV beside a JSON, predictions as Parquet.

The JSON holds what a CSV cannot: task, root folder, digest. A table whose digest no longer agrees is refused.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium import durable
from podium.errors import DataError, TableChangedError, UnknownNameError
from podium.tables.boxes import box_cells, boxes_from_cells
from podium.tables.correction import Correction, digest_corrections
from podium.tables.csv_cells import read_csv, write_csv
from podium.tables.folds import ALWAYS_TRAIN, HOLDOUT, LEFT_OUT, Folds
from podium.tables.ids import as_text_array, path_from_text, path_to_text
from podium.tables.origin import Origin
from podium.tables.predictions import Predictions
from podium.tables.samples import Samples
from podium.tables.task import Head, Task

__all__ = [
    "load_folds",
    "load_predictions",
    "load_samples",
    "move_samples",
    "save_folds",
    "save_predictions",
    "save_samples",
]

_FOLD_NAMES = {ALWAYS_TRAIN: "train", HOLDOUT: "holdout", LEFT_OUT: "left out"}
_EXCEPT, _ONLY = "train except ", "train only "
"""Of a row that trains in every fold but the one whose number follows, or in that one alone."""
_SIDES = ("width", "height")
_FOLD_FACTS = ("n_folds", "method", "seed", "samples_digest")
_SCAN_AGAIN = "Scan the data again; make corrections in the source table."
_SPLIT_AGAIN = "Make new folds with `podium split`; scores of different folds cannot be compared."


def _read_record(path: Path, keys: Sequence[str]) -> dict[str, Any]:
    record = durable.read_json(path)
    missing = [key for key in keys if not isinstance(record, dict) or key not in record]
    if missing:
        raise TableChangedError(f"{path.name} lacks {', '.join(missing)}.", where=path)
    return {name: value for name, value in record.items() if name != durable.SEAL}


@contextmanager
def _refusing_edits(path: Path, fix: str) -> Iterator[None]:
    """Whatever an edit made of a table is one error: this is not the table that was written."""
    try:
        yield
    except KeyError as problem:
        raise TableChangedError(f"column {problem} is missing.", where=path, fix=fix) from None
    except (ValueError, DataError) as problem:
        raise TableChangedError(
            f"the table was changed after it was written: {problem}.", where=path, fix=fix
        ) from None


def save_samples(samples: Samples, folder: Path) -> None:
    """Write `samples.csv` and `samples.json` into a folder."""
    columns: dict[str, Sequence[str]] = {"id": samples.ids.tolist(), "path": samples.paths.tolist()}
    for name in ("group", "split", "source", "fold", "domain", "bag"):
        column = getattr(samples, name)
        if column is not None:
            columns[name] = column.tolist()
    for head in samples.task.heads if samples.task else ():
        columns |= _label_columns(head, samples.labels[head.name])
        if head.name in samples.soft:
            columns |= _share_columns(head, samples.soft[head.name])
    if samples.weight is not None:
        columns["weight"] = [repr(value) for value in samples.weight.tolist()]
    if samples.time is not None:
        columns["time"] = ["" if np.isnan(value) else repr(value) for value in samples.time.tolist()]
    for name, numbers in samples.numbers.items():
        columns[f"number:{name}"] = ["" if np.isnan(value) else repr(float(value)) for value in numbers]
    if samples.size is not None:
        columns |= dict(zip(_SIDES, samples.size.T.astype(str).tolist(), strict=True))
    for region, boxes in samples.boxes.items():
        columns |= box_cells(boxes, region)
    write_csv(folder / "samples.csv", list(columns), zip(*columns.values(), strict=True))
    task = None if samples.task is None else samples.task.to_dict()
    record = {
        "root": path_to_text(samples.root.resolve()),
        "roots": {name: path_to_text(root.resolve()) for name, root in samples.roots.items()},
        "n_samples": len(samples),
        "digest": samples.digest,
        "table_digest": samples.table_digest,
        "task": task,
    }
    if samples.borders:
        record["borders"] = {name: list(borders) for name, borders in samples.borders.items()}
    if samples.corrections:
        rows = [row._asdict() for row in samples.corrections]
        record["corrections"] = {"sha256": digest_corrections(samples.corrections), "rows": rows}
    durable.write_sealed(folder / "samples.json", record)


def _label_columns(head: Head, labels: NDArray[np.integer[Any]]) -> dict[str, Sequence[str]]:
    if head.is_multi:
        return {
            f"label:{head.name}={name}": [str(value) if value >= 0 else "" for value in labels[:, place].tolist()]
            for place, name in enumerate(head.classes)
        }
    names = [*head.classes, ""]  # index -1, missing, is the last
    return {f"label:{head.name}": [names[value] for value in labels.tolist()]}


def _share_columns(head: Head, shares: NDArray[np.float64]) -> dict[str, Sequence[str]]:
    """Every bit of each share; empty where it is missing."""
    return {
        f"share:{head.name}={name}": ["" if value < 0 else repr(value) for value in shares[:, place].tolist()]
        for place, name in enumerate(head.classes)
    }


def load_samples(folder: Path, *, root: Path | None = None) -> Samples:
    """Read what `save_samples` wrote.

    Args:
        folder: Where the two files are.
        root: Folder of the images, if they moved since.

    Raises:
        StorageError: If a file is missing.
        TableChangedError: If the table is not the one that was written.
    """
    record, path = _read_record(folder / "samples.json", ("root", "digest", "task")), folder / "samples.csv"
    columns = read_csv(path)
    with _refusing_edits(path, _SCAN_AGAIN):
        samples = _samples_of(record, columns, root)
        # Tables of an older version have the first digest only, which does not cover every column.
        found = ("table_digest", samples.table_digest) if "table_digest" in record else ("digest", samples.digest)
        if record[found[0]] != found[1]:
            raise ValueError("the digest differs")
    return samples


def move_samples(folder: Path, root: Path, *, source: str | None = None) -> None:
    """Change the root folder of what `save_samples` wrote: the images are somewhere else now.

    Args:
        folder: Where the table is.
        root: The folder of the images now.
        source: Which further source moved; None is the main one.

    Raises:
        StorageError: If there is no table, or it cannot be written.
        UnknownNameError: If there is no such source.
    """
    record = _read_record(folder / "samples.json", ("root", "digest", "task"))
    place = path_to_text(root.resolve())
    roots = record.get("roots", {})
    if source is None:
        durable.write_sealed(folder / "samples.json", {**record, "root": place})
        return
    if source not in roots:
        raise UnknownNameError("source", source, list(roots))
    durable.write_sealed(folder / "samples.json", {**record, "roots": {**roots, source: place}})


def _samples_of(record: Mapping[str, Any], columns: Mapping[str, list[str]], root: Path | None) -> Samples:
    task = None if record["task"] is None else Task.from_dict(record["task"])
    heads = task.heads if task else ()
    labels = {head.name: _read_labels(head, columns) for head in heads}
    with_shares = [head for head in heads if f"share:{head.name}={head.classes[0]}" in columns]
    numbers = {
        name.removeprefix("number:"): np.array([float(cell) if cell else np.nan for cell in column])
        for name, column in columns.items()
        if name.startswith("number:")
    }
    optional = {
        name: as_text_array(columns[name])
        for name in ("group", "split", "source", "fold", "domain", "bag")
        if name in columns
    }
    time = np.array([float(cell) if cell else np.nan for cell in columns.get("time", ())])
    return Samples(
        root=path_from_text(record["root"]) if root is None else root,
        ids=as_text_array(columns["id"]),
        paths=as_text_array(columns["path"]),
        task=task,
        labels=labels,
        soft={head.name: _read_shares(head, columns) for head in with_shares},
        weight=np.array([float(cell) for cell in columns["weight"]]) if "weight" in columns else None,
        size=_read_sizes(columns),
        time=time if "time" in columns else None,
        numbers=numbers,
        borders={name: tuple(map(float, borders)) for name, borders in record.get("borders", {}).items()},
        roots={name: path_from_text(root) for name, root in record.get("roots", {}).items()},
        boxes=boxes_from_cells(columns),
        corrections=tuple(Correction(**row) for row in record.get("corrections", {}).get("rows", ())),
        **optional,
    )


def _read_sizes(columns: Mapping[str, Sequence[str]]) -> NDArray[np.int64] | None:
    if not all(name in columns for name in _SIDES):
        return None
    return np.array([[int(cell) for cell in columns[name]] for name in _SIDES], dtype=np.int64).T.copy()


def _read_labels(head: Head, columns: Mapping[str, Sequence[str]]) -> NDArray[np.integer[Any]]:
    if head.is_multi:
        cells = [columns[f"label:{head.name}={name}"] for name in head.classes]
        labels = np.array([[int(cell) if cell else -1 for cell in column] for column in cells], dtype=np.int8)
        return np.ascontiguousarray(labels.reshape(len(cells), -1).T)
    place = {name: index for index, name in enumerate(head.classes)} | {"": -1}
    column = columns[f"label:{head.name}"]
    unknown = next((cell for cell in column if cell not in place), None)
    if unknown is not None:
        raise ValueError(f"head {head.name!r} has no class {unknown!r}")
    return np.fromiter((place[cell] for cell in column), dtype=np.int64, count=len(column))


def _read_shares(head: Head, columns: Mapping[str, Sequence[str]]) -> NDArray[np.float64]:
    cells = [columns[f"share:{head.name}={name}"] for name in head.classes]
    return np.array([[float(cell) if cell else -1.0 for cell in column] for column in cells]).T.copy()


def save_folds(folds: Folds, folder: Path, *, extra: Mapping[str, Any] | None = None) -> None:
    """Write `folds.csv` and `folds.json` into a folder.

    Args:
        folds: The folds.
        folder: Where to.
        extra: Further JSON-ready facts to keep beside the digest, such as the leak check's verdict.
    """
    names = [_FOLD_NAMES.get(number, str(number)) for number in folds.fold.tolist()]
    for row in np.flatnonzero(folds.side != folds.fold).tolist():
        names[row] = f"{_EXCEPT}{folds.side[row]}"
    for row, number in enumerate([] if folds.only_in is None else folds.only_in.tolist()):
        names[row] = f"{_ONLY}{number}" if number >= 0 else names[row]
    write_csv(folder / "folds.csv", ["id", "fold"], zip(folds.ids.tolist(), names, strict=True))
    record = {
        "n_folds": folds.n_folds,
        "method": folds.method,
        "seed": folds.seed,
        "samples_digest": folds.samples_digest,
        "digest": folds.digest,
        **(extra or {}),
    }
    durable.write_sealed(folder / "folds.json", record)


def load_folds(folder: Path) -> Folds:
    """Read what `save_folds` wrote.

    Raises:
        StorageError: If a file is missing.
        TableChangedError: If the folds are not the ones that were written.
    """
    record, path = _read_record(folder / "folds.json", (*_FOLD_FACTS, "digest")), folder / "folds.csv"
    columns = read_csv(path)
    with _refusing_edits(path, _SPLIT_AGAIN):
        folds = _folds_of(record, columns)
        if folds.digest != record["digest"]:
            raise ValueError("the digest differs")
    return folds


def _folds_of(record: Mapping[str, Any], columns: Mapping[str, list[str]]) -> Folds:
    numbers = {name: number for number, name in _FOLD_NAMES.items()}
    numbers |= {cell: ALWAYS_TRAIN for cell in columns["fold"] if cell.startswith((_EXCEPT, _ONLY))}
    fold = np.array([numbers[cell] if cell in numbers else int(cell) for cell in columns["fold"]], dtype=np.int64)
    facts = [record[name] for name in _FOLD_FACTS]
    folds = Folds(as_text_array(columns["id"]), fold, *facts)
    kept_from, only_in = (_numbers_after(mark, columns["fold"]) for mark in (_EXCEPT, _ONLY))
    return replace(folds, kept_from=kept_from, only_in=only_in)


def _numbers_after(mark: str, cells: Sequence[str]) -> NDArray[np.int64] | None:
    """The number behind a mark, -1 where a cell has no such mark; None where none has."""
    numbers = [int(cell.removeprefix(mark)) if cell.startswith(mark) else -1 for cell in cells]
    return np.array(numbers, dtype=np.int64) if any(number >= 0 for number in numbers) else None


def save_predictions(predictions: Predictions, path: Path, *, weights: Mapping[str, str] | None = None) -> Predictions:
    """Write one Parquet file: `id`, `fold`, `group` and `bag` if any, and a column `<target>=<class>` a probability.

    Args:
        predictions: The table.
        path: File to write.
        weights: Digest of the weights of every model that made them, see `Origin`.

    Returns:
        The same predictions, with this file as their origin.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns: dict[str, Any] = {"id": predictions.ids.tolist(), "fold": predictions.fold}
    for name in ("group", "bag"):
        if getattr(predictions, name) is not None:
            columns[name] = getattr(predictions, name).tolist()
    for head in predictions.task.targets:
        for place, name in enumerate(head.classes):
            columns[f"{head.name}={name}"] = np.asarray(predictions.probs[head.name][:, place], dtype=np.float64)
    task = json.dumps(predictions.task.to_dict(), ensure_ascii=False)
    facts = {"podium.task": task, "podium.weights": json.dumps(dict(weights or {}), sort_keys=True)}
    table = pa.table(columns).replace_schema_metadata(facts)
    with durable.write_atomically(path) as file:
        pq.write_table(table, file, write_page_checksum=True)
    return replace(predictions, origins=(Origin(path.absolute(), durable.sha256_file(path), dict(weights or {})),))


def load_predictions(path: Path) -> Predictions:
    """Read what `save_predictions` wrote.

    Raises:
        StorageError: If the file is missing.
        TableChangedError: If it is not such a file, or not the one that was written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    data = durable.read_bytes(path)
    try:
        # Not read_table: a thread of its scanner may still hold the bytes when Python ends, which aborts the process.
        table = pq.ParquetFile(pa.BufferReader(data), page_checksum_verification=True).read(use_threads=False)
        task = Task.from_dict(json.loads(table.schema.metadata[b"podium.task"]))
        probs = {
            head.name: np.column_stack([table[f"{head.name}={name}"].to_numpy() for name in head.classes])
            for head in task.targets
        }
        fold = np.array(table["fold"].to_numpy(), dtype=np.int64)
        weights = dict(json.loads(table.schema.metadata.get(b"podium.weights", b"{}")))
        origin = Origin(path.absolute(), hashlib.sha256(data).hexdigest(), weights)
        group, bag = (
            as_text_array(table[name].to_pylist()) if name in table.column_names else None for name in ("group", "bag")
        )
        return Predictions(task, as_text_array(table["id"].to_pylist()), fold, probs, (origin,), group, bag)
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError, DataError) as problem:
        raise TableChangedError(f"not a valid file of predictions ({problem}).", where=path) from None
