from __future__ import annotations

import pytest
from markupsafe import Markup, escape

from podium.report.drawing import Dot, Drawing, Line, Rect, Text, Trace

from .page_reader import read_page


def test_a_drawing_with_a_width_is_in_px() -> None:
    shapes = (Line(0, 1, 2, 3, "grid"), Rect(1, 2, 3.25, 4, "bar", radius=2), Trace(((0, 0), (1.5, 2)), "trace"))
    drawing = read_page(Drawing("words", shapes, 30, 20).__html__()).one("svg")
    assert drawing.attributes["viewbox"] == "0 0 30 20"
    assert drawing.one("line").attributes == {"class": "grid", "x1": "0", "x2": "2", "y1": "1", "y2": "3"}
    assert drawing.one("rect").attributes == {
        "class": "bar", "x": "1", "y": "2", "width": "3.2", "height": "4", "rx": "2",
    }  # fmt: skip
    assert drawing.one("polyline").attributes["points"] == "0,0 1.5,2"


def test_a_drawing_without_a_width_stretches() -> None:
    drawing = read_page(Drawing("words", (Dot(12.5, 6, 3), Rect(0, 1, 50, 2, "bar")), None, 20).__html__()).one("svg")
    assert (drawing.attributes["width"], drawing.attributes["height"]) == ("100%", "20")
    assert drawing.one("circle").attributes == {"class": "dot", "cx": "12.50%", "cy": "6", "r": "3"}
    assert drawing.one("rect").attributes["width"] == "50.00%"


def test_words_are_text_and_never_markup() -> None:
    drawing = Drawing('"><script>', (Text(0, 0, "<b>&"),), 10, 10)
    tree = read_page(drawing.__html__())
    assert tree.one("svg").attributes["aria-label"] == '"><script>'
    assert tree.one("text").text == "<b>&"
    assert isinstance(escape(drawing), Markup)


@pytest.mark.parametrize("width", [None, 10.0])
def test_a_number_that_is_none_is_our_mistake(width: float | None) -> None:
    with pytest.raises(AssertionError):
        Drawing("", (Dot(float("nan"), 0, 1),), width, 10).__html__()
