from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.report.axis import UNIT, fit_axis
from podium.report.charts import Series, Strip, bar, columns, draw_lines, draw_stack, scale, text_width, whisker
from podium.report.drawing import Dot, Drawing, Line, Rect, Shape, Text, Trace


def of_kind(shapes: tuple[Shape, ...] | list[Shape], kind: str) -> list[Shape]:
    return [shape for shape in shapes if shape.kind == kind]


def draw(*series: Series, x_name: str = "", width: float = 300) -> Drawing:
    return draw_lines(series, UNIT, UNIT, words="w", x_name=x_name, width=width, height=200)


def test_whisker_stands_where_the_numbers_say() -> None:
    shapes = whisker(0.5, 0.25, 0.75, UNIT, Strip(30))
    assert of_kind(shapes, "dot") == [Dot(50, 15, 5)]
    assert of_kind(shapes, "range") == [Line(25, 15, 75, 15, "range")]
    assert of_kind(whisker(0.5, 0.25, 0.75, UNIT, Strip(20, top=100, left=10, width=200)), "dot") == [Dot(110, 110, 5)]
    (area,) = of_kind(whisker(0.5, 0.25, 0.75, UNIT, Strip(30), from_zero=True), "area")
    assert isinstance(area, Rect)
    assert (area.x, area.width) == (0, 50)


def test_a_whisker_without_numbers_is_a_grid() -> None:
    assert {shape.kind for shape in whisker(math.nan, math.nan, math.nan, UNIT, Strip(9))} == {"grid"}
    assert {shape.kind for shape in whisker(0.5, math.nan, math.nan, UNIT, Strip(9))} == {"grid", "dot"}


def test_a_scale_names_every_tick() -> None:
    shapes = scale(fit_axis([0, 4]), Strip(16))
    assert [(shape.x, shape.words) for shape in shapes if isinstance(shape, Text)] == [
        (0, "0"), (25, "1"), (50, "2"), (75, "3"), (100, "4"),
    ]  # fmt: skip


def test_bars_and_columns_are_as_long_as_their_values() -> None:
    assert [shape.width for shape in bar(0.25, words="").shapes if isinstance(shape, Rect)] == [25]
    talls = [shape for shape in columns([1, 2, 0], words="", height=40).shapes if isinstance(shape, Rect)]
    assert [shape.height for shape in talls] == [20, 40, 0]
    assert all(shape.y + shape.height == 40 for shape in talls)
    assert all(shape.width == pytest.approx(28) for shape in talls)


@pytest.mark.slow
@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=30))
def test_lines_pass_through_their_points(points: list[tuple[float, float]]) -> None:
    xs, ys = zip(*sorted(points), strict=True)
    drawing = draw(Series(xs, ys, radii=[1] * len(xs)))
    dots = [shape for shape in drawing.shapes if isinstance(shape, Dot) and shape.radius == 1]
    left, right = draw(Series((0, 1), (0, 1))).shapes[-1].points  # type: ignore[union-attr]
    for dot, x, y in zip(dots, xs, ys, strict=True):
        assert dot.x == pytest.approx(left[0] + x * (right[0] - left[0]))
        assert dot.y == pytest.approx(left[1] + y * (right[1] - left[1]))
    for trace in drawing.shapes:
        assert not isinstance(trace, Trace) or set(trace.points) <= {(dot.x, dot.y) for dot in dots}


def test_a_level_stretch_needs_its_ends_only() -> None:
    (trace,) = [shape for shape in draw(Series((0, 0.1, 0.2, 0.3, 1), (0, 1, 1, 1, 0))).shapes if shape.kind == "trace"]
    assert isinstance(trace, Trace)
    assert len(trace.points) == 4


def test_a_gap_breaks_a_line_and_a_lonely_point_is_a_dot() -> None:
    shapes = draw(Series((0, 0.2, 0.4, 0.6, 0.8), (0, 0.5, math.nan, 0.5, math.nan), mark=1)).shapes
    assert len([shape for shape in shapes if isinstance(shape, Trace)]) == 1
    assert sorted(shape.radius for shape in shapes if isinstance(shape, Dot)) == [2, 3.5]


@pytest.mark.slow
@given(st.lists(st.text(min_size=1, max_size=24), max_size=12), st.floats(200, 500))
def test_the_legend_names_every_line_inside_the_sheet(names: list[str], width: float) -> None:
    drawing = draw(*(Series((0, 1), (0, 1), name=name) for name in names), x_name="x", width=width)
    words = [shape for shape in drawing.shapes if isinstance(shape, Text) and shape.anchor == "start"]
    assert [shape.words for shape in words] == names
    below = max(shape.y for shape in drawing.shapes if isinstance(shape, Text) and shape.anchor != "start")
    for shape in words:
        assert below < shape.y < drawing.height
        assert shape.x == 22 or shape.x + text_width(shape.words) <= width
    assert len({(shape.x, shape.y) for shape in words}) == len(names)


@pytest.mark.slow
@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), min_size=1, max_size=12))
def test_a_stack_is_as_high_as_its_counts(counts: list[tuple[int, int]]) -> None:
    right, wrong = zip(*counts, strict=True)
    drawing = draw_stack(right, wrong, [""] * len(counts), words="")
    goods, bads = ([s for s in drawing.shapes if isinstance(s, Rect) and s.kind == kind] for kind in ("bar", "wrong"))
    unit = max(s.height for s in [*goods, *bads]) / max(1, *right, *wrong)
    for good, bad, n_good, n_bad in zip(goods, bads, right, wrong, strict=True):
        assert good.height == pytest.approx(unit * n_good, abs=1e-6)
        assert bad.height == pytest.approx(unit * n_bad, abs=1e-6)
        assert bad.y + bad.height == pytest.approx(good.y)


@given(st.integers(0, 10**6))
def test_shapes_stay_on_the_sheet(count: int) -> None:
    for drawing in (draw_stack([count], [3], ["a"], words=""), draw(Series((0, 1), (0, 1), radii=(9, 9)))):
        assert drawing.width is not None
        for shape in drawing.shapes:
            corners = (
                [(shape.x, shape.y), (shape.x + shape.width, shape.y + shape.height)]
                if isinstance(shape, Rect)
                else shape.points
                if isinstance(shape, Trace)
                else []
            )
            assert all(0 <= x <= drawing.width and 0 <= y <= drawing.height for x, y in corners)
