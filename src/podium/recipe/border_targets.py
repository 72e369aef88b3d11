"""Labels and shares as training learns them, where a recipe treats the borders of numbers in another way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from podium.curate import assign_bins, find_middles, is_near_border, soft_bins
from podium.recipe.border_spec import BorderSpec, DroppedBorders, MovedBorders
from podium.tables import Samples
from podium.tables.soft_labels import one_hot

__all__ = ["treat_borders"]


def treat_borders(samples: Samples, borders: Mapping[str, BorderSpec]) -> Samples:
    """The samples as training learns them; nothing may be judged by them.

    A row without a number, or without a label, stays as it is: its label was corrected, or comes from a source that
    has classes alone.

    Args:
        samples: Samples whose heads in `borders` were made from numbers.
        borders: What a recipe says of each.
    """
    for name, spec in borders.items():
        samples = _treat_one(samples, name, spec)
    return samples


def _treat_one(samples: Samples, name: str, spec: BorderSpec) -> Samples:
    numbers, labels = samples.numbers[name], samples.labels[name]
    is_known = ~np.isnan(numbers) & (labels >= 0)
    if isinstance(spec, MovedBorders):
        return _relabelled(samples, name, np.where(is_known, assign_bins(numbers, spec.at), labels))
    middles = find_middles(numbers, samples.borders[name])
    if isinstance(spec, DroppedBorders):
        return _relabelled(samples, name, np.where(is_known & is_near_border(numbers, middles, spec.width), -1, labels))
    shares = soft_bins(numbers, middles, spec.width, shape=spec.shape)
    return replace(samples, soft={**samples.soft, name: np.where(is_known[:, None], shares, _shares(samples, name))})


def _relabelled(samples: Samples, name: str, labels: NDArray[np.int64]) -> Samples:
    soft = dict(samples.soft)
    moved = replace(samples, labels={**samples.labels, name: labels}, soft={})
    if name in soft:
        is_other = labels != samples.labels[name]
        soft[name] = np.where(is_other[:, None], _shares(moved, name), soft[name])
    return replace(moved, soft=soft)


def _shares(samples: Samples, name: str) -> NDArray[np.float64]:
    assert samples.task is not None, "its head was made from numbers"
    given = samples.soft.get(name)
    return one_hot(samples.task.head(name), samples.labels[name]) if given is None else given
