"""Folds of an earlier split, and the samples as they were when these folds were made."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import numpy as np

from podium import durable
from podium.advice import option
from podium.dataset.fold_options import FoldOptions
from podium.errors import SplitError, UsageError
from podium.listing import count_of
from podium.splits import JoinedSamples, LeakReport, judged_folds
from podium.splits.make_folds import number_groups
from podium.tables import Folds, Samples, is_correction_of, load_folds, load_samples

__all__ = ["join_as_frozen", "load_frozen", "match_frozen"]

_BESIDE = ("folds_from", "allow_leaks", "strict", "folds")
"""Options that have a meaning beside frozen folds."""


def load_frozen(options: FoldOptions) -> Folds:
    """The folds that `folds_from` names.

    Raises:
        SplitError: If there are none.
        UsageError: If another option says how to make folds, which would have no effect.
    """
    folder, default = options.folds_from, FoldOptions()
    assert folder is not None
    if not (folder / "folds.csv").is_file():
        fix = "Name the folder of a run, or one that the command podium split wrote."
        raise SplitError("there are no folds here.", where=folder, field="folds_from", fix=fix)
    frozen = _without_extra(load_folds(folder), folder)
    idle = [
        item.name
        for item in fields(FoldOptions)
        if item.name not in _BESIDE and getattr(options, item.name) != getattr(default, item.name)
    ]
    if options.folds not in (None, frozen.n_folds):
        idle.insert(0, "folds")
    if idle:
        raise UsageError(
            f"has no effect beside {option('folds_from')}, whose"
            f" {count_of(frozen.n_folds, 'fold is used as it is', 'folds are used as they are')}.",
            field=idle[0],
            fix="Leave one of them out.",
        )
    return frozen


def _without_extra(folds: Folds, folder: Path) -> Folds:
    """The folds of the samples that are judged: those of the same data with other extra data, or without."""
    if not (folder / "samples.csv").is_file():
        return folds
    samples = load_samples(folder)
    return judged_folds(samples, folds.match(samples))


def join_as_frozen(samples: Samples, options: FoldOptions) -> JoinedSamples:
    """The samples with duplicates in one group where they were joined before the frozen folds were made.

    Samples that differ from those of the folds in anything else stay as they are, and `Folds.match` says what changed.
    """
    folder = options.folds_from
    assert folder is not None
    record = durable.read_json(folder / "folds.json").get("leaks")
    joined = None if record is None else LeakReport.from_dict(record).joined
    if joined is not None and joined.is_named == samples.has_groups and (folder / "samples.csv").is_file():
        frozen = load_samples(folder).without_extra
        place = {name: row for row, name in enumerate(frozen.ids)}
        if frozen.group is not None and set(samples.ids) <= set(place):
            whole = replace(samples, group=frozen.group[[place[name] for name in samples.ids]])
            is_same = whole.digest == load_frozen(options).samples_digest or is_correction_of(whole, frozen)
            if is_same and _is_joined(samples, whole):
                return JoinedSamples(whole, options.split_method, joined=joined)
    return JoinedSamples(samples, options.split_method)


def match_frozen(frozen: Folds, samples: Samples, options: FoldOptions) -> Folds:
    """Frozen folds in the row order of samples, whose labels may be corrected since: every image keeps its fold.

    Args:
        frozen: The folds of `load_frozen`.
        samples: The samples.
        options: Where the folds are from.

    Raises:
        SplitError: If the samples differ from those of the folds in more than their corrections; says what changed.
    """
    folder = options.folds_from
    assert folder is not None
    if frozen.samples_digest == samples.digest or not (folder / "samples.csv").is_file():
        return frozen.match(samples)
    before = load_samples(folder).without_extra
    if before.digest != frozen.samples_digest or not is_correction_of(samples, before):
        return frozen.match(samples)
    place = {name: row for row, name in enumerate(frozen.ids)}
    fold = frozen.fold[[place[name] for name in samples.ids]]
    return replace(frozen, ids=samples.ids, fold=fold, samples_digest=samples.digest)


def _is_joined(samples: Samples, whole: Samples) -> bool:
    """Whether each group of the samples lies in one group of the others."""
    fine, coarse = (number_groups(table.group_keys.tolist()) for table in (samples, whole))
    return len(np.unique(np.stack([fine, coarse]), axis=1).T) == len(np.unique(fine))
