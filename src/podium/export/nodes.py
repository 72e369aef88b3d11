"""Nodes of an ONNX graph, written one after the other as one writes arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any

import numpy as np
import onnx
from numpy.typing import ArrayLike
from onnx import helper, numpy_helper

__all__ = ["Nodes"]

_numbers = count()


class Nodes:
    """A list of nodes that grows; every method gives the name of what the new node computes.

    Attributes:
        nodes: The nodes, in the order in which they are computed.
        constants: Constants that they use.

    Example:
        >>> nodes = Nodes()
        >>> doubled = nodes.add("Mul", "x", nodes.constant(2.0, "float32"))
        >>> [node.op_type for node in nodes.nodes]
        ['Mul']
    """

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self._named: dict[tuple[bytes, str, tuple[int, ...]], str] = {}

    def add(self, kind: str, *inputs: str, to: str | None = None, **attributes: Any) -> str:
        """One node of one output, which gets the name `to` if it has one."""
        output = to or f"podium_{kind.lower()}_{next(_numbers)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], name=f"{output}_node", **attributes))
        return output

    def constant(self, value: ArrayLike, dtype: str = "int64") -> str:
        """A constant; equal ones are kept once."""
        array = np.asarray(value, dtype=dtype)
        key = (array.tobytes(), dtype, array.shape)
        if key not in self._named:
            self._named[key] = f"podium_constant_{next(_numbers)}"
            self.constants.append(numpy_helper.from_array(array, self._named[key]))
        return self._named[key]

    def cast(self, value: str, dtype: str) -> str:
        """The value as another type."""
        output = f"podium_cast_{next(_numbers)}"
        kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        node = helper.make_node("Cast", [value], [output], name=f"{output}_node")
        node.attribute.append(helper.make_attribute("to", int(kind)))
        self.nodes.append(node)
        return output

    def reshape(self, value: str, *sides: str | int) -> str:
        """The value in another shape; sides are numbers, or names of whole numbers without axes."""
        ones = [
            self.constant([side]) if isinstance(side, int) else self.add("Reshape", side, self.constant([1]))
            for side in sides
        ]
        return self.add("Reshape", value, self.add("Concat", *ones, axis=0))

    def side(self, value: str, axis: int) -> str:
        """Length of an axis, a whole number without axes."""
        return self.add("Gather", self.add("Shape", value), self.constant(axis), axis=0)

    def numbers_to(self, n: str) -> str:
        """0, 1, ... n - 1."""
        return self.add("Range", self.constant(0), n, self.constant(1))

    def cut(self, value: str, axis: int, start: str, length: str) -> str:
        """A part of an axis."""
        end = self.add("Add", start, length)
        limits = (self.add("Reshape", item, self.constant([1])) for item in (start, end))
        return self.add("Slice", value, *limits, self.constant([axis]))

    def transpose(self, value: str, *order: int) -> str:
        """The value with its axes in this order."""
        return self.add("Transpose", value, perm=list(order))

    def total(self, values: Sequence[str]) -> str:
        """The sum of several values."""
        found = values[0]
        for value in values[1:]:
            found = self.add("Add", found, value)
        return found
