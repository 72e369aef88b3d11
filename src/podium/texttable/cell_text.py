"""A typed value as the text of a cell: numbers as Python writes them, lists as list cells."""

from __future__ import annotations

from typing import Any

from podium.texttable.list_cells import write_list_cell

__all__ = ["cell_text"]


def cell_text(value: Any) -> str:
    """The value as text; "" where it is missing or not a number.

    Example:
        >>> [cell_text(value) for value in (7, 0.5, True, None, float("nan"), b"a", ["x", "y"])]
        ['7', '0.5', 'True', '', '', 'a', '["x", "y"]']
    """
    if isinstance(value, str):
        return value
    if hasattr(value, "tolist"):  # of NumPy: an array, or a number of its own types
        value = value.tolist()
    if value is None or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, (list, tuple)):
        return write_list_cell([cell_text(item) for item in value])
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    text = str(value)
    return "" if text in ("<NA>", "NaT") else text
