"""Extra data that only train: other folders and tables, read as the task of the main data, with a weight."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.advice import options as advise
from podium.curate import Scan, ScanOptions
from podium.dataset.extra_boxes import with_named_boxes
from podium.dataset.fit_extra import fit_extra
from podium.dataset.sources import OneSource, read_labelled_source, read_source
from podium.errors import LabelError, PodiumError, SourceError, UnknownNameError, UsageError
from podium.listing import count_of
from podium.tables import EXTRA, Samples, Task, as_text_array, concat_samples

__all__ = ["Extra", "add_extra", "read_extra", "read_words"]

Extra = OneSource | tuple[OneSource, float]
"""Extra data, or a pair of them and the weight of their images in the loss."""

_PLAIN: Mapping[str, Any] = {
    "corrections": None,
    "regions": None,
    "labels": None,
    "split_column": None,
    "split_names": {},
    "fold_column": None,
    "domain": None,
    "time_column": None,
    "answer_per": None,
    "bag_labels": "agree",
    "composite": None,
    "composite_column": None,
}
"""Options that speak of the main data alone."""
TextArray = NDArray[np.object_]
_MADE_FOR = re.compile(r"[0-9a-f]{16}:\d+")
_MAY_LACK = (
    "classes",
    "ordinal",
    "label_columns",
    "image_column",
    "group",
    "group_from",
    "weight_column",
    "bins",
    "pattern",
)
"""Options of the main data that an extra source need not fit."""


@dataclass(frozen=True)
class _One:
    """One extra source."""

    name: str
    data: OneSource
    weight: float


def add_extra(
    main: Scan,
    extra: Mapping[str, Extra],
    options: ScanOptions | None = None,
    drop: Mapping[str, Sequence[str]] | None = None,
) -> Scan:
    """The main data with extra images, which only train.

    Args:
        main: The data that are judged.
        extra: Extra data by name, which their ids begin with: a source, or a pair of a source and a weight.
        options: How the main data were read; extra data are read the same way as far as that fits them.
        drop: By name, classes of extra data to leave out, or "*" for all that the task does not have.

    Raises:
        UsageError: If a name or weight is wrong.
        SourceError: If there is nothing to read.
        LabelError: If a source brings a target or class that the task does not have; names the nearest.
    """
    task = main.samples.task
    if task is None:
        raise LabelError("the main data has no labels, so extra data cannot help to learn them.", field="extra")
    wrong = sorted(set(drop or {}) - set(extra))
    if wrong:
        raise UnknownNameError("extra data", wrong[0], extra, field="extra_drop")
    found = {one.name: _read_one(one, task, options, tuple((drop or {}).get(one.name, ()))) for one in _list(extra)}
    own = "main" if main.samples.roots or "main" not in found else "main data"
    samples = concat_samples({own: main.samples, **{name: scan.samples for name, scan in found.items()}})
    notes = [f"{name}: {note}" for name, scan in found.items() for note in scan.notes]
    return replace(main, samples=samples, notes=(*main.notes, *notes))


def _list(extra: Mapping[str, Extra]) -> list[_One]:
    if not isinstance(extra, Mapping):
        raise UsageError(
            f"got an object of type {type(extra).__name__}, expected names with data.",
            field="extra",
            fix='Write extra={"web": ("photos/web", 0.5)}.',
        )
    found = []
    for name, given in extra.items():
        data, weight = given if isinstance(given, tuple) and len(given) == 2 else (given, 1.0)
        if not isinstance(weight, int | float) or not math.isfinite(weight) or weight <= 0:
            raise UsageError(f"the weight of {name!r} must be a number above 0, got {weight!r}.", field="extra")
        found.append(_One(str(name), data, float(weight)))
    return found


def _read_one(one: _One, task: Task, options: ScanOptions | None, drop: tuple[str, ...]) -> Scan:
    try:
        scan = with_named_boxes(
            read_extra(one.data, task, options), one.name, None if options is None else options.regions
        )
        samples, notes = fit_extra(scan.samples, task, one.name, drop)
    except PodiumError as problem:
        problem.what = f"extra data {one.name!r}: {problem.what}"
        raise
    if samples.roots:
        raise UsageError(f"extra data {one.name!r} is of several sources already.", fix="Name each of them.")
    if not len(samples):
        raise SourceError(f"extra data {one.name!r} has no image with a label of the task.", field="extra")
    weight = np.ones(len(samples)) if samples.weight is None else np.asarray(samples.weight)
    split = as_text_array([EXTRA] * len(samples))
    weighed = None if one.weight == 1 and samples.weight is None else weight * one.weight
    whole = replace(samples, split=split, fold=_own_folds(samples), weight=weighed)
    said = f"{count_of(len(whole), 'extra image')}, weight {one.weight:g}."
    return Scan(whole, (*scan.notes, *notes, said))


def _own_folds(samples: Samples) -> TextArray | None:
    """The fold that each row was made for, as `podium pseudo` names it; None where a column names other folds."""
    is_ours = samples.fold is not None and all(_MADE_FOR.fullmatch(name) for name in samples.fold.tolist())
    return samples.fold if is_ours else None


def read_extra(data: OneSource, task: Task, options: ScanOptions | None) -> Scan:
    """One extra source, read by the options of the main data that fit it, with the classes of the task."""
    if not isinstance(data, str | Path):
        return read_source(data)
    path = Path(data).expanduser()
    if path.name == "samples.csv" and (path.parent / "samples.json").is_file():
        path = path.parent
    if (path / "samples.json").is_file():
        return read_source(path)
    classes = {head.name: head.classes for head in task.heads if not head.is_multi}
    given = options or ScanOptions()
    wanted = replace(given, group=given.group or given.answer_per, **_PLAIN)  # a judged bag's images train nowhere else
    if len(task.heads) == 1 and not wanted.label_columns:
        wanted = replace(wanted, head_name=wanted.head_name or task.heads[0].name)
    if path.is_file():
        wanted = replace(wanted, pattern=None, layout="auto")
    if wanted.bins or not classes:
        return _read_as_far_as_it_fits(path, wanted)
    try:  # a folder of one class, or classes that are numbers, need them
        return _read_as_far_as_it_fits(path, replace(wanted, classes=classes))
    except LabelError as problem:
        try:
            return _read_as_far_as_it_fits(path, replace(wanted, classes={}))
        except LabelError:
            raise problem from None


def _read_as_far_as_it_fits(path: Path, options: ScanOptions) -> Scan:
    default: Any = ScanOptions()
    for _ in _MAY_LACK:
        try:
            return read_labelled_source(path, options)
        except PodiumError as problem:
            name = problem.field
            if name not in _MAY_LACK or getattr(options, name) == getattr(default, name):
                raise
            options = replace(options, **{name: getattr(default, name)})
    return read_labelled_source(path, options)


def read_words(words: Sequence[str]) -> dict[str, Extra]:
    """Words "name=data:weight" of the command line.

    Example:
        >>> read_words(["web=photos/web:0.5", "old=old.csv"])
        {'web': ('photos/web', 0.5), 'old': 'old.csv'}
    """
    found: dict[str, Extra] = {}
    for word in words:
        name, _, data = word.partition("=")
        if not name or not data:
            raise UsageError(
                f"cannot read {word!r}.",
                field="extra",
                fix=f"Write {advise(extra={'web': 'FOLDER'})}, or 'web=FOLDER:0.5' for a weight.",
            )
        if name in found:
            raise UsageError(f"the name {name!r} is given twice.", field="extra")
        place, _, weight = data.rpartition(":")
        number = _number(weight) if place else None
        found[name] = data if number is None else (place, number)
    return found


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
