"""Points keep their places, wrong answers lie on top, and a class has one colour as label and as answer."""

from __future__ import annotations

import numpy as np

from podium.report.drawing import Dot, Text
from podium.report.map_drawings import draw_map

POINTS = np.array([[0.0, 0.0], [1.0, 2.0], [2.0, 1.0], [2.0, 2.0]])
COLUMNS = {
    "label": ["a", "b", "b", "c"],
    "answer": ["b", "b", "a", "c"],
    "error": ["wrong", "right", "wrong", "right"],
    "group": [f"g{row}" for row in range(4)],
}


def dots(name: str, **how: int) -> list[Dot]:
    shapes = draw_map(POINTS, COLUMNS, name, side=100, **how).shapes
    return [shape for shape in shapes if isinstance(shape, Dot) and shape.y < 100]


def test_places_and_colours() -> None:
    found = dots("label")
    kinds = {(round(dot.x), round(dot.y)): dot.kind for dot in found}
    assert kinds == {(8, 92): "dot-0", (50, 8): "dot-1", (92, 50): "dot-1", (92, 8): "dot-2"}
    answers = {(round(dot.x), round(dot.y)): dot.kind for dot in dots("answer")}
    assert answers[8, 92] == "dot-1"  # the colour of b among the labels
    assert [dot.kind for dot in dots("error")] == ["dot-faint"] * 2 + ["dot-wrong"] * 2
    assert len(dots("group", most=2)) == 2


def test_many_values_share_the_last_key() -> None:
    points, words = np.random.default_rng(0).normal(size=(40, 2)), [f"v{row % 10}" for row in range(40)]
    drawing = draw_map(points, {"site": words}, "site")
    assert [shape.words for shape in drawing.shapes if isinstance(shape, Text)][-1] == "4 more"
    assert drawing.words == "40 images by site: 10 values"
