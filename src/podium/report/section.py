"""What every section of a report is: plain data, which a page draws and JSON can hold."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

__all__ = ["Section"]


@dataclass(frozen=True)
class Section:
    """Numbers, names and image ids; no drawing and no thumbnail."""

    def to_dict(self) -> dict[str, Any]:
        """The section as JSON-ready data. A number that is not finite is None."""
        return {item.name: _plain(getattr(self, item.name)) for item in fields(self)}


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    assert value is None or type(value) in (str, bool, int, float), type(value)
    return value
