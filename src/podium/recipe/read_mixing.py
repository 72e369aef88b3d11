"""Ways of mixing as people write them: a list, one of them, or its kind alone."""

from __future__ import annotations

from typing import Any, get_args

from podium.data import Mixing
from podium.near_names import nearest_name

__all__ = ["MIXING_KINDS", "read_mixing"]

MIXING_KINDS = tuple(kind.kind for kind in get_args(Mixing))
"""Every kind of mixing."""


def read_mixing(value: Any) -> Any:
    """The list that a value stands for; a kind alone has its defaults.

    Raises:
        ValueError: If there is no kind of that name.

    Example:
        >>> read_mixing("cutmix"), read_mixing({"kind": "mixup"}), read_mixing("none")
        ([{'kind': 'cutmix'}], [{'kind': 'mixup'}], [])
    """
    if value is None or value == "none":
        return []
    items = list(value) if isinstance(value, list | tuple) else [value]
    return [_read_item(item) for item in items]


def _read_item(item: Any) -> Any:
    if not isinstance(item, str):
        return item
    if item in MIXING_KINDS:
        return {"kind": item}
    near = nearest_name(item, MIXING_KINDS)
    hint = "" if near is None else f" (did you mean {near}?)"
    raise ValueError(f"expected none, or a list of {', '.join(MIXING_KINDS)}{hint}")
