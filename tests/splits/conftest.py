"""Small tables of samples to split."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import ArrayLike

from podium.tables import Head, Samples, Task, as_text_array


@pytest.fixture(scope="session")
def make_samples() -> Callable[..., Samples]:
    """A function from label columns (1-D: one class, 2-D: multi-label) to samples."""

    def build(
        ids: Sequence[str] | int,
        labels: dict[str, ArrayLike] | None = None,
        *,
        group: Sequence[str] | None = None,
        split: Sequence[str] | None = None,
        classes: dict[str, Sequence[str]] | None = None,
        composite: str | None = None,
    ) -> Samples:
        names = as_text_array([f"{i:06d}.jpg" for i in range(ids)] if isinstance(ids, int) else list(ids))
        columns = {name: np.asarray(column) for name, column in (labels or {}).items()}
        heads = []
        for name, column in columns.items():
            n_classes = column.shape[1] if column.ndim == 2 else max(2, int(column.max(initial=0)) + 1)
            class_names = tuple((classes or {}).get(name, [f"{name}{i}" for i in range(n_classes)]))
            heads.append(Head(name, "multi" if column.ndim == 2 else "single", class_names))
            columns[name] = column.astype(np.int8 if column.ndim == 2 else np.int64)
        task = Task(tuple(heads)) if heads else None
        if composite and task:
            from podium.tables import Composite

            sizes = {head.name: head.classes for head in heads}
            task = Task(tuple(heads), Composite.from_formula(composite, sizes))
        group_column = None if group is None else as_text_array(list(group))
        split_column = None if split is None else as_text_array(list(split))
        return Samples(Path(), names, names, task, columns, group_column, split_column)

    return build
