"""Folds: which samples each model trains on and which it is validated on, frozen with a digest."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from podium.errors import SplitError
from podium.listing import count_of, list_some
from podium.overview import Overview, Shown
from podium.tables.samples import Samples

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ALWAYS_TRAIN", "HOLDOUT", "LEFT_OUT", "Folds"]

ALWAYS_TRAIN = -1
"""Fold number of samples that every model trains on and none is validated on (external data, a given train folder)."""
HOLDOUT = -2
"""Fold number of samples that no model sees until one is confirmed on them, once."""
LEFT_OUT = -3
"""Fold number of extra samples that no model sees, because they are like judged images of several folds."""


@dataclass(frozen=True, eq=False, repr=False)
class Folds(Shown):
    """Fold of every sample.

    Args:
        ids: Sample ids, shape (N,).
        fold: Fold that validates the sample, 0 to n_folds - 1, or ALWAYS_TRAIN, HOLDOUT or LEFT_OUT; shape (N,).
        n_folds: Number of folds; 1 is a single train/valid split.
        method: How they were made, such as "stratified_group".
        seed: Seed they were made with.
        samples_digest: Digest of the sample table they belong to.
        kept_from: The fold that a sample of ALWAYS_TRAIN does not train in, because it is like images that the fold is
            validated on; -1 where it trains in all, shape (N,). None: all do.
        only_in: The one fold that a sample of ALWAYS_TRAIN trains in, such as a pseudo-label of that fold's model; -1
            for others, shape (N,). None: there are none.

    Raises:
        SplitError: If a fold number is out of range or a fold validates nothing.
    """

    ids: NDArray[np.object_]
    fold: NDArray[np.int64]
    n_folds: int
    method: str
    seed: int
    samples_digest: str
    kept_from: NDArray[np.int64] | None = None
    only_in: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        if len(self.ids) != len(self.fold):
            raise SplitError(f"{count_of(len(self.ids), 'id')} but {count_of(len(self.fold), 'fold number')}.")
        if self.fold.size and (self.fold.min() < LEFT_OUT or self.fold.max() >= self.n_folds):
            raise SplitError(
                f"fold numbers must be in [-3, {self.n_folds}), got {self.fold.min()} to {self.fold.max()}."
            )
        empty = sorted(set(range(self.n_folds)) - set(self.fold.tolist()))
        if empty:
            raise SplitError(f"folds {empty} have no validation sample.", fix="Use fewer folds.")
        self.ids.setflags(write=False)
        self.fold.setflags(write=False)

    def __len__(self) -> int:
        return len(self.ids)

    def overview(self) -> Overview:
        """Method, seed, and the size of every part."""
        facts = [count_of(self.n_folds, "fold"), count_of(len(self), "image"), self.method]
        numbers = [
            *range(self.n_folds),
            *(code for code in (ALWAYS_TRAIN, HOLDOUT, LEFT_OUT) if (self.fold == code).any()),
        ]
        names = {ALWAYS_TRAIN: "train only", HOLDOUT: "hold-out", LEFT_OUT: "left out"}
        rows = [(names.get(code, f"fold {code}"), f"{np.count_nonzero(self.fold == code):,}") for code in numbers]
        return Overview("Folds", [*facts, f"seed {self.seed}"], ("part", "images"), rows)

    def train_rows(self, fold: int) -> NDArray[np.int64]:
        """Rows that the model of this fold trains on."""
        self._check_fold(fold)
        is_free = True if self.only_in is None else (self.only_in < 0) | (self.only_in == fold)
        return np.flatnonzero((self.side != fold) & (self.fold > HOLDOUT) & is_free)

    def valid_rows(self, fold: int) -> NDArray[np.int64]:
        """Rows that the model of this fold is validated on."""
        self._check_fold(fold)
        return np.flatnonzero(self.fold == fold)

    @property
    def learnt_rows(self) -> NDArray[np.int64]:
        """Rows that a model on all images trains on: all but the holdout and what is left out.

        Of rows that a single fold trains on, which hold an image once for each, those of fold 0.
        """
        is_first = True if self.only_in is None else self.only_in <= 0
        return np.flatnonzero((self.fold > HOLDOUT) & is_first)

    @property
    def side(self) -> NDArray[np.int64]:
        """Fold whose model does not train on the row, shape (N,): its own, or the one that it is kept from."""
        return self.fold if self.kept_from is None else np.where(self.kept_from >= 0, self.kept_from, self.fold)

    @property
    def holdout_rows(self) -> NDArray[np.int64]:
        """Rows kept for one confirmation at the end."""
        return np.flatnonzero(self.fold == HOLDOUT)

    def _check_fold(self, fold: int) -> None:
        if not 0 <= fold < self.n_folds:
            raise SplitError(f"there is no fold {fold}; folds are 0 to {self.n_folds - 1}.")

    def to_frame(self) -> pd.DataFrame:
        """The folds as a pandas frame indexed by id."""
        from podium.tables.frames import folds_frame

        return folds_frame(self)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over every id's fold, independent of row order."""
        columns = [self.ids, self.fold, *(more for more in (self.kept_from, self.only_in) if more is not None)]
        pairs: list[tuple[Any, ...]] = sorted(zip(*(column.tolist() for column in columns), strict=True))
        text = json.dumps(pairs, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

    def match(self, samples: Samples) -> Folds:
        """These folds in the row order of the samples.

        Raises:
            SplitError: If the samples are not the ones the folds were made for; says what changed.
        """
        if self.samples_digest != samples.digest:
            ours, theirs = set(self.ids.tolist()), set(samples.ids.tolist())
            changes = {"missing": sorted(ours - theirs), "new": sorted(theirs - ours)}
            named = [f"{what} ids: {list_some(ids, most=4)}" for what, ids in changes.items() if ids]
            change = "; ".join(named) or "the ids are the same, but labels or groups changed"
            raise SplitError(
                f"these folds were made for another sample table: {change}.",
                fix="Make new folds with `podium split`, or train on the table that the folds belong to.",
                details=[f"{what}: {name}" for what, ids in changes.items() for name in ids],
            )
        place = {name: row for row, name in enumerate(self.ids)}
        order = np.fromiter((place[name] for name in samples.ids), dtype=np.int64, count=len(samples))
        kept_from = None if self.kept_from is None else self.kept_from[order]
        only_in = None if self.only_in is None else self.only_in[order]
        return replace(self, ids=self.ids[order], fold=self.fold[order], kept_from=kept_from, only_in=only_in)
