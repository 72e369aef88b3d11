"""clusters.csv of a run: images that look as those of one object do, for whoever wants them as groups."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from podium import durable
from podium.errors import CorruptFileError, SourceError

__all__ = ["CLUSTERS_NAME", "read_clusters", "write_clusters"]

CLUSTERS_NAME = "clusters.csv"
_HEADER = ["image", "cluster"]


def write_clusters(path: Path, ids: Sequence[str], cluster: NDArray[np.int64]) -> None:
    """Write every image that shares its cluster, with the cluster's first image as its name.

    Args:
        path: The file.
        ids: Names of the images, shape (N,).
        cluster: Cluster of each, shape (N,).
    """
    size, text = np.bincount(cluster, minlength=1), io.StringIO()
    writer, first = csv.writer(text, lineterminator="\n"), dict[int, str]()
    writer.writerow(_HEADER)
    for name, number in zip(ids, cluster.tolist(), strict=True):
        if size[number] > 1:
            writer.writerow([name, first.setdefault(number, name)])
    durable.write_bytes(path, text.getvalue().encode())


def read_clusters(folder: Path) -> dict[str, str]:
    """The cluster of each image, by the image's name.

    Args:
        folder: A run's folder, or the file in it.

    Raises:
        SourceError: If the run found no clusters.
        CorruptFileError: If the file is another one.
    """
    path = folder if folder.name == CLUSTERS_NAME else folder / CLUSTERS_NAME
    if not path.is_file():
        raise SourceError(
            f"there is no {CLUSTERS_NAME}: no finished run, or one that found no clear clusters of look-alikes.",
            where=folder,
            field="group_from",
        )
    try:
        header, *rows = csv.reader(io.StringIO(durable.read_bytes(path).decode()))
        found = dict[str, str](rows)
    except (UnicodeDecodeError, ValueError, csv.Error) as problem:
        raise CorruptFileError(f"it cannot be read ({problem}).", where=path) from problem
    if header != _HEADER:
        raise CorruptFileError(f"its columns are {header}, expected {_HEADER}.", where=path)
    return found
