"""Points of a map in colours, with a legend of the most frequent values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from podium.listing import count_of
from podium.report.charts import text_width
from podium.report.drawing import Dot, Drawing, Rect, Shape, Text

__all__ = ["MOST_POINTS", "draw_map"]

MOST_POINTS = 1500
"""Points of a drawing inside the page; of more, as many at even distances are drawn."""
_N_COLOURS = 6
_MARGIN = 8.0
_WITHOUT_EDGE = ("dot-other", "dot-faint")
"""Grey dots, which have no edge that makes them look smaller."""


def draw_map(
    points: NDArray[np.float64],
    columns: Mapping[str, Sequence[str]],
    name: str,
    *,
    side: float = 360,
    most: int | None = None,
) -> Drawing:
    """The points, the most frequent values in colours and all others grey; wrong answers lie above right ones.

    Args:
        points: Where they lie, (N, 2).
        columns: What is known of each.
        name: What they are coloured by; answers have the colours of the labels.
        side: Width in px.
        most: Most points to draw; None draws all.
    """
    words = columns[name]
    kinds = _kinds_of(columns["label"] if name == "answer" else words)
    low, high = points.min(axis=0), points.max(axis=0)
    reach = np.where(high > low, high - low, 1.0)
    radius = 2.4 if len(points) <= 1000 else 2.0
    shown = np.arange(len(points))
    if most is not None and len(points) > most:
        shown = np.unique(np.linspace(0, len(points) - 1, most).astype(np.int64))
    last = {"wrong"} if set(words) <= {"right", "wrong", "no label"} else set()
    order = sorted(shown.tolist(), key=lambda place: (words[place] in last, words[place] in kinds))
    shapes: list[Shape] = [Rect(0, 0, side, side, "frame", radius=4)]
    for place in order:
        x, y = (points[place] - low) / reach
        at = (_MARGIN + x * (side - 2 * _MARGIN), side - _MARGIN - y * (side - 2 * _MARGIN))
        kind = kinds.get(words[place], "dot-other")
        shapes.append(Dot(*at, 0.7 * radius if kind in _WITHOUT_EDGE else radius, kind))
    legend, height = _legend(kinds, words, side)
    said = f"{count_of(len(points), 'image')} by {name}: {count_of(len(set(words)), 'value')}"
    return Drawing(said, (*shapes, *legend), side, height)


def _kinds_of(words: Sequence[str]) -> dict[str, str]:
    """How dots of the most frequent values look."""
    if set(words) <= {"right", "wrong", "no label"}:
        return {"right": "dot-faint", "wrong": "dot-wrong"}
    counts = Counter(words)
    frequent = sorted(counts, key=lambda word: (-counts[word], word))[:_N_COLOURS]
    return {word: f"dot-{place}" for place, word in enumerate(sorted(frequent))}


def _legend(kinds: dict[str, str], words: Sequence[str], side: float) -> tuple[list[Shape], float]:
    counts = Counter(words)
    items = [(word, kind) for word, kind in kinds.items() if counts[word]]
    n_rest = len(counts) - len(items)
    if n_rest:
        items.append((f"{n_rest} more", "dot-other"))
    shapes: list[Shape] = []
    x, y = 4.0, side + 16
    for word, kind in items:
        said = word if len(word) <= 24 else word[:23] + "\N{HORIZONTAL ELLIPSIS}"
        wide = 22 + text_width(said)
        if x > 4 and x + wide > side:
            x, y = 4.0, y + 16
        shapes += [Dot(x + 4, y - 4, 4, kind), Text(x + 12, y, said or "(empty)", "start")]
        x += wide
    return shapes, y + 6
