"""The table of samples: one row an image, read-only.

On disk it is a CSV that opens in a spreadsheet, beside a small JSON with the task and the root folder.
Columns: `id`, `path`, `group`, `split`, `source`, `fold`, `domain`, `bag`, then `label:<head>` with the class name
(empty = missing), for a multi-label head `label:<head>=<class>` with 0 or 1;
`share:<head>=<class>` where a head has soft labels;
`weight`, `time`, `number:<name>` for numbers that labels come from, once decoded `width` and `height`;
`box:<region>`, `box_source:<region>`, `box_score:<region>` and `box_points:<region>` where regions are known.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from podium.errors import LabelError, SourceError
from podium.listing import count_of, list_some
from podium.overview import SHOWN_ROWS, Overview, Shown
from podium.tables.bags import bag_keys, check_bags
from podium.tables.boxes import Boxes
from podium.tables.correction import Correction
from podium.tables.ids import first_duplicate, path_from_text
from podium.tables.soft_labels import check_shares, check_weights, composite_shares, one_hot
from podium.tables.task import Task

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["EXTRA", "Samples"]

EXTRA = "extra"
"""Split of rows that only train: no fold is validated on them, whatever the method."""

TextArray = NDArray[np.object_]


@dataclass(frozen=True, eq=False, repr=False)
class Samples(Shown):
    """Images and what is known of them. N samples, C classes.

    Args:
        root: Folder that `paths` are relative to, except for rows of a source in `roots`.
        ids: Unique ids (NFC relative paths), shape (N,).
        paths: Relative paths as `path_to_text` writes them, shape (N,).
        task: The heads; None for a test set without labels.
        labels: Per head: int64 (N,) class indices, or int8 (N, C) of 0 and 1 for a multi-label head; -1 = missing.
        group: What must not be divided between train and valid (a person, a patient), shape (N,); "" = on its own.
        split: "train", "valid", "test" or "" as the source says, or "extra" for a row that only trains, shape (N,).
        source: Where the row came from, shape (N,).
        numbers: Numbers that labels were derived from, float64 (N,), nan = missing.
        borders: Borders between the classes of each head in `numbers`, rising; a number on one is in the class above.
        roots: Folder of the images of each further source, by its name in `source`; see `concat`.
        fold: Name of the fold that the source gives each row, shape (N,); "" trains in every fold.
        soft: Per head with soft labels, shares of its classes, float64 (N, C): rows that sum to 1, or for a multi-label
            head each in [0, 1]; -1 = missing. Models learn them; scores and folds go by `labels`.
        domain: Hospital, camera or country of each row, that new images may not come from, shape (N,); "" = not known.
        time: When each image was taken, in any unit, float64 (N,), nan = not known.
        weight: Weight of each row's loss in training, float64 (N,), at least 0; None weighs all alike. No score counts
            it.
        corrections: The overlay that the labels already follow, see `podium.tables.correct_samples`.
        size: Width and height of each image, upright, in pixels, int64 (N, 2); None until it was decoded.
        bag: What one answer is for (a patient, a product) where that is not the image, shape (N,); "" = the image.
        boxes: Boxes of regions in the images, by region; a recipe says which it uses.

    Raises:
        SourceError: If ids repeat or a column has another length.
        SourceError: If a bag is in several groups.
        LabelError: If a label is outside its head's classes, shares or weights are out of range, or images of one bag
            differ in a single-label head.
    """

    root: Path
    ids: TextArray
    paths: TextArray
    task: Task | None = None
    labels: Mapping[str, NDArray[np.integer[Any]]] = field(default_factory=dict)
    group: TextArray | None = None
    split: TextArray | None = None
    source: TextArray | None = None
    numbers: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    roots: Mapping[str, Path] = field(default_factory=dict)
    fold: TextArray | None = None
    soft: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    weight: NDArray[np.float64] | None = None
    domain: TextArray | None = None
    time: NDArray[np.float64] | None = None
    corrections: tuple[Correction, ...] = ()
    size: NDArray[np.int64] | None = None
    borders: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    bag: TextArray | None = None
    boxes: Mapping[str, Boxes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        again = first_duplicate(self.ids.tolist())
        if again is not None:
            raise SourceError(f"id {again!r} occurs twice.", fix="Remove the second row, or make the paths differ.")
        for name, column in self._columns().items():
            if len(column) != len(self.ids):
                raise SourceError(
                    f"column {name!r} has {count_of(len(column), 'row')}, but there are"
                    f" {count_of(len(self.ids), 'id')}."
                )
            column.setflags(write=False)
        self._check_labels()
        if self.weight is not None:
            check_weights(self.weight)
        if self.bag is not None:
            check_bags(self)

    def _columns(self) -> dict[str, NDArray[Any]]:
        columns: dict[str, NDArray[Any]] = {"ids": self.ids, "paths": self.paths}
        for name in ("group", "split", "source", "fold", "weight", "domain", "time", "size", "bag"):
            if getattr(self, name) is not None:
                columns[name] = getattr(self, name)
        columns |= {f"share:{name}": column for name, column in self.soft.items()}
        columns |= {f"label:{name}": column for name, column in self.labels.items()}
        columns |= {f"number:{name}": column for name, column in self.numbers.items()}
        for region, boxes in self.boxes.items():
            columns |= boxes.columns(region)
        return columns

    def _check_labels(self) -> None:
        heads = {head.name: head for head in self.task.heads} if self.task else {}
        if set(heads) != set(self.labels):
            raise LabelError(f"there are labels for {sorted(self.labels)}, but the task has heads {sorted(heads)}.")
        for name, head in heads.items():
            column = self.labels[name]
            shape = (len(self), head.n_classes) if head.is_multi else (len(self),)
            highest = 1 if head.is_multi else head.n_classes - 1
            if column.shape != shape:
                raise LabelError(f"labels of {name!r} have shape {column.shape}, expected {shape}.")
            if column.size and (column.min() < -1 or column.max() > highest):
                raise LabelError(f"labels of {name!r} are {column.min()} to {column.max()}, expected -1 to {highest}.")
        for name, shares in self.soft.items():
            if name not in heads:
                raise LabelError(f"there are shares for {name!r}, but the task has heads {sorted(heads)}.")
            check_shares(heads[name], shares, len(self))

    def __len__(self) -> int:
        return len(self.ids)

    def file(self, row: int) -> Path:
        """The image file of a row."""
        return self.root_of(row) / path_from_text(self.paths[row])

    def root_of(self, row: int) -> Path:
        """The folder that the path of a row is relative to."""
        return self.root if self.source is None else self.roots.get(self.source[row], self.root)

    @staticmethod
    def concat(parts: Mapping[str, Samples]) -> Samples:
        """Samples of several sources as one table, see `podium.tables.concat_samples`."""
        from podium.tables.concat import concat_samples

        return concat_samples(parts)

    @property
    def has_groups(self) -> bool:
        """Whether a group is named for any sample."""
        return self.group is not None and any(self.group)

    @property
    def is_extra(self) -> NDArray[np.bool_]:
        """Whether a row only trains and is never judged, shape (N,)."""
        return np.zeros(len(self), dtype=bool) if self.split is None else np.asarray(self.split == EXTRA, dtype=bool)

    @property
    def without_extra(self) -> Samples:
        """The rows that can be judged: the samples themselves where there are no others."""
        is_extra = self.is_extra
        if not is_extra.any():
            return self
        main = self.take(~is_extra)
        return main if main.fold is None or main.fold.any() else replace(main, fold=None)  # only extra rows had folds

    @property
    def group_keys(self) -> TextArray:
        """A group for every sample, shape (N,): its own id where none is named."""
        if self.group is None:
            return self.ids
        keys = np.where(self.group == "", self.ids, self.group).astype(object)
        return keys

    @property
    def answer_keys(self) -> TextArray:
        """What each sample is answered under, shape (N,): its bag, or its own id where it has none."""
        return self.ids if self.bag is None else bag_keys(self.ids, self.bag)

    def target_labels(self, name: str) -> NDArray[np.integer[Any]]:
        """Labels of a head or of the composite class, as in `labels`.

        Raises:
            LabelError: If the samples have no labels.
        """
        if self.task is None:
            raise LabelError("these samples have no labels.")
        composite = self.task.composite
        if composite is not None and name == composite.name:
            return composite.encode(self.labels)
        return self.labels[self.task.head(name).name]

    def target_shares(self, name: str) -> NDArray[np.float64] | None:
        """Shares of a head or of the composite class, as in `soft`; None where it has no soft labels."""
        composite = None if self.task is None else self.task.composite
        if composite is None or name != composite.name:
            return self.soft.get(name)
        if self.task is None or not set(composite.heads) & set(self.soft):
            return None
        heads = [self.task.head(part) for part in composite.heads]
        shares = {h.name: self.soft[h.name] if h.name in self.soft else one_hot(h, self.labels[h.name]) for h in heads}
        return composite_shares(composite, shares)

    def take(self, rows: NDArray[np.integer[Any]] | NDArray[np.bool_] | Sequence[int]) -> Samples:
        """The samples of these rows, in this order."""
        index = np.asarray(rows)
        index = np.flatnonzero(index) if index.dtype == bool else index.astype(np.int64)
        return replace(
            self,
            ids=self.ids[index],
            paths=self.paths[index],
            labels={name: column[index] for name, column in self.labels.items()},
            group=None if self.group is None else self.group[index],
            split=None if self.split is None else self.split[index],
            source=None if self.source is None else self.source[index],
            fold=None if self.fold is None else self.fold[index],
            soft={name: column[index] for name, column in self.soft.items()},
            weight=None if self.weight is None else self.weight[index],
            size=None if self.size is None else self.size[index],
            domain=None if self.domain is None else self.domain[index],
            bag=None if self.bag is None else self.bag[index],
            time=None if self.time is None else self.time[index],
            numbers={name: column[index] for name, column in self.numbers.items()},
            boxes={region: boxes.take(index) for region, boxes in self.boxes.items()},
        )

    def overview(self) -> Overview:
        """Counts, heads, and the first rows."""
        frame = self.take(np.arange(min(len(self), SHOWN_ROWS))).to_frame().dropna(axis="columns", how="all")
        facts = [count_of(len(self), "image"), *(() if self.task is None else map(str, self.task.heads))]
        if self.has_groups:
            facts.append(count_of(len(set(self.group_keys.tolist())), "group"))
        header = [str(name) for name in (frame.index.name or "id", *frame.columns)]
        return Overview("Samples", facts, header, list(frame.itertuples(name=None)), len(self))

    def to_frame(self) -> pd.DataFrame:
        """The table as a pandas frame indexed by id; see `podium.tables.frames`."""
        from podium.tables.frames import samples_frame

        return samples_frame(self)

    def rows_of(self, ids: Sequence[str] | TextArray) -> NDArray[np.int64]:
        """Row numbers of these ids, shape (len(ids),).

        Raises:
            SourceError: If an id is not among the samples; lists them.
        """
        place = {name: row for row, name in enumerate(self.ids)}
        unknown = [name for name in ids if name not in place]
        if unknown:
            raise SourceError(
                f"there are no samples with these ids: {list_some(unknown)}.", details=list(map(str, unknown))
            )
        return np.fromiter((place[name] for name in ids), dtype=np.int64, count=len(ids))

    @cached_property
    def digest(self) -> str:
        """SHA-256 over ids, groups and labels, independent of row order and of where the folder lies.

        It covers what folds depend on: two tables with the same digest can share their folds.
        """
        labels = [self.labels[head.name].tolist() for head in self.task.heads] if self.task else []
        cells = zip(*labels, strict=True) if labels else ((),) * len(self)
        rows = zip(self.ids.tolist(), self.group_keys.tolist(), map(list, cells), strict=True)
        return _digest(self.task.to_dict() if self.task else None, rows)

    @cached_property
    def table_digest(self) -> str:
        """SHA-256 over every column and the task, independent of row order and of where the folder lies.

        It covers all that is read back from a saved table, so that an edit of any cell is noticed.
        """
        columns = dict(sorted(self._columns().items()))
        names = [name for name in columns if name != "ids"]
        head = {"task": self.task.to_dict() if self.task else None, "columns": names}
        if self.borders:  # else it is the digest of tables of older versions
            head["borders"] = {name: list(borders) for name, borders in sorted(self.borders.items())}
        return _digest(head, zip(self.ids.tolist(), *(columns[name].tolist() for name in names), strict=True))


def _digest(head: Any, rows: Iterable[Sequence[Any]]) -> str:
    """SHA-256 over a head and rows that begin with a unique text, whatever their order."""
    digest = hashlib.sha256(json.dumps(head, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    for row in sorted(rows, key=itemgetter(0)):
        line = json.dumps(row, ensure_ascii=False, separators=(",", ":"))
        digest.update(b"\n" + line.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
