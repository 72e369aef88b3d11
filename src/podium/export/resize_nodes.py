"""Resizing of images of any size inside a graph, as `podium.images.resize_to` does it.

No resizing operator of ONNX will do: ONNX Runtime's antialiased one is up to 18 levels away from Pillow's filter, and
OpenVINO ignores `antialias` without a word. So the graph makes the filter's weights from height and width, as two
matrices, and multiplies; whole numbers, sums and products are the same everywhere. Long sides are halved first.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from podium.export.nodes import Nodes
from podium.images import Fit

__all__ = ["Resizing", "add_resizing"]

_LONG = 7
"""A side is halved while it is more than 7/2 of what is wanted, as in `podium.images.shrink`."""
_LONGEST_PX = 1 << 15
_REACH = 4
"""Pixels that a blur reaches: at most four passes of a kernel of three."""


@dataclass(frozen=True)
class Resizing:
    """How images of any size become images of one.

    Args:
        height: Height of all images after it.
        width: Their width.
        fit: How another shape fits.
        cut: Height and width of a centre that is cut out before; None cuts none.
    """

    height: int
    width: int
    fit: Fit = "stretch"
    cut: tuple[int, int] | None = None


@dataclass(frozen=True)
class _Side:
    """Rows or columns: names of whole numbers.

    Attributes:
        n: Pixels there are.
        wanted: Pixels the image gets.
        room: Pixels of the output, of which the image gets the middle.
    """

    n: str
    wanted: str
    room: int


def add_resizing(nodes: Nodes, images: str, how: Resizing) -> str:
    """Images uint8 (N, H, W, 3) as float32 (N, height, width, 3), whole numbers from 0 to 255.

    Beside the OpenCV of a run, no value is more than a level away (`tests/export/test_resize_nodes.py`).
    """
    if how.cut is not None:
        images = _cut_centre(nodes, images, how.cut)
    height, width = nodes.constant(how.height), nodes.constant(how.width)
    if how.fit == "crop":
        images = _cut_to_ratio(nodes, images, how)
    n_rows, n_columns = nodes.side(images, 1), nodes.side(images, 2)
    rows, columns = _Side(n_rows, height, how.height), _Side(n_columns, width, how.width)
    if how.fit == "pad":
        rows, columns = _inside(nodes, rows, columns, how)
    values, row_weights, column_weights = _halve(nodes, images, rows, columns)
    blurred = _apply_rows(nodes, values, row_weights)  # (N, height, W, 3)
    turned = nodes.transpose(blurred, 0, 1, 3, 2)
    across = nodes.add("MatMul", turned, nodes.transpose(column_weights, 1, 0))  # (N, height, 3, width)
    whole = nodes.add("Round", nodes.transpose(across, 0, 1, 3, 2))
    return nodes.add("Clip", whole, nodes.constant(0.0, "float32"), nodes.constant(255.0, "float32"))


def _apply_rows(nodes: Nodes, values: str, weights: str) -> str:
    n, rows, columns = (nodes.side(values, axis) for axis in range(3))
    flat = nodes.reshape(values, n, rows, nodes.add("Mul", columns, nodes.constant(3)))
    made = nodes.add("MatMul", weights, flat)
    return nodes.reshape(made, n, nodes.side(weights, 0), columns, 3)


def _cut_centre(nodes: Nodes, images: str, cut: tuple[int, int]) -> str:
    for axis, length in ((1, cut[0]), (2, cut[1])):
        there = nodes.side(images, axis)
        images = _middle(nodes, images, axis, there, nodes.add("Min", there, nodes.constant(length)))
    return images


def _middle(nodes: Nodes, images: str, axis: int, there: str, kept: str) -> str:
    start = nodes.add("Div", nodes.add("Sub", there, kept), nodes.constant(2))
    return nodes.cut(images, axis, start, kept)


def _ratio(nodes: Nodes, length: str, over: str | int, under: str | int) -> str:
    """max(1, round(length * over / under)) in whole numbers, halves to even as Python rounds."""
    over, under = (nodes.constant(item) if isinstance(item, int) else item for item in (over, under))
    product = nodes.add("Mul", length, over)
    whole = nodes.add("Div", product, under)
    twice = nodes.add("Mul", nodes.add("Sub", product, nodes.add("Mul", whole, under)), nodes.constant(2))
    is_half = nodes.add("Equal", twice, under)
    odd = nodes.add("Sub", whole, nodes.add("Mul", nodes.add("Div", whole, nodes.constant(2)), nodes.constant(2)))
    is_odd = nodes.add("Equal", odd, nodes.constant(1))
    is_up = nodes.add("Or", nodes.add("Greater", twice, under), nodes.add("And", is_half, is_odd))
    return nodes.add("Max", nodes.add("Add", whole, nodes.cast(is_up, "int64")), nodes.constant(1))


def _cut_to_ratio(nodes: Nodes, images: str, how: Resizing) -> str:
    rows, columns = nodes.side(images, 1), nodes.side(images, 2)
    tall = nodes.add("Mul", rows, nodes.constant(how.width))
    wide = nodes.add("Mul", columns, nodes.constant(how.height))
    is_tall = nodes.add("Greater", tall, wide)
    kept_rows = nodes.add("Where", is_tall, _ratio(nodes, columns, how.height, how.width), rows)
    kept_columns = nodes.add("Where", is_tall, columns, _ratio(nodes, rows, how.width, how.height))
    return _middle(nodes, _middle(nodes, images, 1, rows, kept_rows), 2, columns, kept_columns)


def _inside(nodes: Nodes, rows: _Side, columns: _Side, how: Resizing) -> tuple[_Side, _Side]:
    """The part of the output that a letterboxed image fills."""
    tall = nodes.add("Mul", rows.n, nodes.constant(how.width))
    wide = nodes.add("Mul", columns.n, nodes.constant(how.height))
    is_tall = nodes.add("Greater", tall, wide)  # its height fills the room, its width follows
    inner_rows = nodes.add("Min", _ratio(nodes, rows.n, how.width, columns.n), rows.wanted)
    inner_columns = nodes.add("Min", _ratio(nodes, columns.n, how.height, rows.n), columns.wanted)
    return (
        _Side(rows.n, nodes.add("Where", is_tall, rows.wanted, inner_rows), rows.room),
        _Side(columns.n, nodes.add("Where", is_tall, inner_columns, columns.wanted), columns.room),
    )


def _halve(nodes: Nodes, images: str, rows: _Side, columns: _Side) -> tuple[str, str, str]:
    """Float values whose long sides are halved, and the weights (wanted, there) that shrink what is left of each."""
    states = [_Halving(nodes, rows), _Halving(nodes, columns)]
    values = images
    for _ in range(int(np.ceil(np.log2(_LONGEST_PX / min(rows.room, columns.room))))):
        pairs = [state.step() for state in states]
        corners = []
        for row in pairs[0]:
            strip = nodes.add("Gather", values, row, axis=1)
            corners += [nodes.cast(nodes.add("Gather", strip, column, axis=2), "float32") for column in pairs[1]]
        quarter = nodes.add("Mul", nodes.total(corners), nodes.constant(0.25, "float32"))
        values = nodes.cast(_round(nodes, quarter, states), "uint8")
    return nodes.cast(values, "float32"), states[0].weights(), states[1].weights()


def _round(nodes: Nodes, values: str, states: list[_Halving]) -> str:
    """As OpenCV rounds: halves up where rows and columns were halved, to even where one of them was."""
    up = nodes.add("Floor", nodes.add("Add", values, nodes.constant(0.5, "float32")))
    is_both = nodes.add("And", *(nodes.cast(state.is_long, "bool") for state in states))
    return nodes.add("Where", is_both, up, nodes.add("Round", values))


class _Halving:
    """A side on its way, see `podium.images.shrink`: its pixels, its extent (less where an odd number was halved) and
    the variance of what was applied to it."""

    def __init__(self, nodes: Nodes, side: _Side) -> None:
        self._nodes, self._side = nodes, side
        self._n = side.n
        self._extent = nodes.cast(side.n, "float32")
        self._variance = nodes.constant(0.0, "float32")
        self._wanted = nodes.cast(side.wanted, "float32")
        self.is_long = nodes.constant(0)

    def step(self) -> tuple[str, str]:
        """Numbers of the two pixels that each next one is the mean of; twice itself where the side is not long."""
        nodes = self._nodes
        limit = nodes.add("Mul", self._wanted, nodes.constant(_LONG / 2, "float32"))
        is_long = self.is_long = nodes.cast(nodes.add("Greater", self._extent, limit), "int64")
        step = nodes.add("Add", is_long, nodes.constant(1))
        last = nodes.add("Sub", self._n, nodes.constant(1))
        n = nodes.add("Div", nodes.add("Add", self._n, is_long), step)
        first = nodes.add("Mul", nodes.numbers_to(n), step)
        second = nodes.add("Min", nodes.add("Add", first, is_long), last)
        share = nodes.cast(is_long, "float32")
        as_float = nodes.cast(step, "float32")
        self._n, self._extent = n, nodes.add("Div", self._extent, as_float)
        grown = nodes.add("Add", self._variance, nodes.add("Mul", share, nodes.constant(0.25, "float32")))
        self._variance = nodes.add("Div", grown, nodes.add("Mul", as_float, as_float))
        return first, second

    def weights(self) -> str:
        """What each pixel counts for each one wanted, float32 (room, n): a blur, then a bilinear interpolation."""
        nodes, f = self._nodes, partial(self._nodes.constant, dtype="float32")
        scale = nodes.add("Div", self._extent, self._wanted)
        places = nodes.constant(np.arange(self._side.room), "float32")
        spare = nodes.add("Sub", nodes.constant(self._side.room), self._side.wanted)
        top = nodes.cast(nodes.add("Div", spare, nodes.constant(2)), "float32")
        own = nodes.add("Sub", places, top)
        at = nodes.add("Sub", nodes.add("Mul", nodes.add("Add", own, f(0.5)), scale), f(0.5))
        low = nodes.add("Floor", at)
        part = nodes.add("Sub", at, low)
        is_inside = nodes.add("And", nodes.add("GreaterOrEqual", own, f(0.0)), nodes.add("Less", own, self._wanted))
        inside = nodes.cast(is_inside, "float32")
        last = nodes.cast(nodes.add("Sub", self._n, nodes.constant(1)), "float32")
        second = f([[0.0], [1.0]])
        share = nodes.add("Abs", nodes.add("Sub", f([[1.0], [0.0]]), part))  # (2, room)
        pixel = self._clipped(nodes.add("Add", low, second), last)
        reach = f(np.arange(-_REACH, _REACH + 1)[:, None])
        read = self._clipped(nodes.add("Add", self._with_axis(pixel, 1), reach), last)  # (2, 9, room)
        taps = self._with_axis(self._kernel(scale), 1)
        weight = nodes.add("Mul", self._with_axis(nodes.add("Mul", share, inside), 1), taps)
        numbers = nodes.cast(nodes.numbers_to(self._n), "float32")
        is_it = nodes.cast(nodes.add("Equal", self._with_axis(read, 3), numbers), "float32")  # (2, 9, room, n)
        each = nodes.add("Mul", is_it, self._with_axis(weight, 3))
        return nodes.add("ReduceSum", each, nodes.constant([0, 1]), keepdims=0)

    def _with_axis(self, values: str, axis: int) -> str:
        return self._nodes.add("Unsqueeze", values, self._nodes.constant([axis]))

    def _clipped(self, values: str, last: str) -> str:
        nodes = self._nodes
        return nodes.add("Min", nodes.add("Max", values, nodes.constant(0.0, "float32")), last)

    def _kernel(self, scale: str) -> str:
        """The blur, float32 (9,), in 256ths: what the interpolation lacks of a triangle as wide as the scale."""
        nodes, f = self._nodes, partial(self._nodes.constant, dtype="float32")
        square = nodes.add("Sub", nodes.add("Mul", scale, scale), f(1.0))
        missing = nodes.add("Sub", nodes.add("Div", square, f(6.0)), self._variance)
        missing = nodes.add("Max", missing, f(0.0))
        n_passes = nodes.add("Ceil", nodes.add("Mul", missing, f(2.0)))
        outer = nodes.add("Div", nodes.add("Mul", missing, f(0.5)), nodes.add("Max", n_passes, f(1.0)))
        middle = nodes.add("Sub", f(1.0), nodes.add("Mul", outer, f(2.0)))
        size = 2 * _REACH + 1
        beside = nodes.constant(np.eye(size, k=1) + np.eye(size, k=-1), "float32")
        kernel = f(np.eye(size)[_REACH])
        for number in range(_REACH):
            around = nodes.add("Mul", nodes.add("MatMul", beside, kernel), outer)
            passed = nodes.add("Add", around, nodes.add("Mul", kernel, middle))
            kernel = nodes.add("Where", nodes.add("Greater", n_passes, f(float(number))), passed, kernel)
        units = nodes.add("Round", nodes.add("Mul", kernel, f(256.0)))
        lacking = nodes.add("Sub", f(256.0), nodes.add("ReduceSum", units, keepdims=1))
        units = nodes.add("Add", units, nodes.add("Mul", lacking, f(np.eye(size)[_REACH])))
        return nodes.add("Div", units, f(256.0))
