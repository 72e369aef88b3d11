"""The images in two dimensions, coloured by what is known of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from podium.report.contents import RunContents
from podium.report.drawing import Drawing
from podium.report.map_drawings import MOST_POINTS, draw_map
from podium.report.section import Section

__all__ = ["MapSection", "describe_map", "draw_map_panel"]


@dataclass(frozen=True)
class MapSection(Section):
    """The last map.

    Args:
        target: What label and error are of.
        method: "pca" or "umap".
        explained: Share of the variance along each axis; empty for UMAP.
        is_frozen: Whether one frozen network made the embeddings.
        worst_fit: Least share of the variance that laying a fold over the first explains; None where frozen.
        n_features: Numbers an embedding has.
        points: Where each image lies.
        columns: What they are coloured by.
    """

    target: str
    method: str
    explained: tuple[float, ...]
    is_frozen: bool
    worst_fit: float | None
    n_features: int
    points: tuple[tuple[float, float], ...]
    columns: dict[str, tuple[str, ...]]

    @property
    def n_shown(self) -> int:
        """Points of a drawing."""
        return min(MOST_POINTS, len(self.points))


def describe_map(contents: RunContents) -> MapSection | None:
    """The section; None without a map, or where it was made by other weights than those that are there."""
    record = contents.map
    if not record or record["weights"] != dict(contents.weights):
        return None
    return MapSection(
        target=record["target"],
        method=record["method"],
        explained=tuple(record["explained"]),
        is_frozen=record["is_frozen"],
        worst_fit=min(record["fit"].values(), default=None),
        n_features=record["n_features"],
        points=tuple((x, y) for x, y in record["points"]),
        columns={name: tuple(words) for name, words in record["columns"].items()},
    )


def draw_map_panel(section: MapSection, name: str) -> Drawing:
    """The map coloured by one column."""
    return draw_map(np.array(section.points), section.columns, name, most=MOST_POINTS)
