"""Extra samples beside samples that were divided: kept from the folds that are judged on images like them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from podium.dataset.ready_images import ReadyImages
from podium.splits import join_groups, place_extra
from podium.tables import Folds, Samples
from podium.twins import chain_equal_files, find_near_duplicates

__all__ = ["join_extra"]


def join_extra(images: ReadyImages, main: Samples, folds: Folds) -> tuple[Samples, Folds]:
    """All samples with their folds.

    Args:
        images: All images, those of extra samples too.
        main: The other samples, as they were divided: duplicates may share a group.
        folds: Their folds.

    Returns:
        The samples, and folds in which an extra one does not train where an equal or nearly equal image, or one of its
        group, is judged.
    """
    samples = _with_groups(images.samples, main)
    prints = images.fingerprints()
    copies = chain_equal_files(prints["sha256"])
    near = find_near_duplicates(prints["phash"], sha256=prints["sha256"], thumbnails=prints["thumbnails"])
    joined = join_groups(samples, np.concatenate([copies, near.pairs]))
    units = np.where(joined == "", samples.ids, joined).astype(object)
    return samples, place_extra(samples, folds, units)


def _with_groups(samples: Samples, main: Samples) -> Samples:
    """All samples, with the groups that the main ones were divided by."""
    if main.group is None:
        return samples
    group = np.full(len(samples), "", dtype=object) if samples.group is None else samples.group.copy()
    group[~samples.is_extra] = main.group
    return replace(samples, group=group)
