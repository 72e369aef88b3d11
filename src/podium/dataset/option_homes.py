"""Where an option goes that `train` does not take itself: `epochs` into `overrides`, `group` into `options`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

__all__ = ["option_homes"]


def option_homes() -> Mapping[str, str]:
    """Names of options and recipe keys -> how `train` takes them.

    Example:
        >>> option_homes()["training.epochs"]
        "overrides={'training.epochs': ...}"
        >>> option_homes()["group"]
        'options=podium.ScanOptions(group=...)'
    """
    from podium.curate import ScanOptions
    from podium.dataset import FoldOptions
    from podium.machine import Settings
    from podium.recipe import recipe_keys

    homes = {key: f"overrides={{{key!r}: ...}}" for key in recipe_keys()}
    for argument, kind in (("settings", Settings), ("folds", FoldOptions), ("options", ScanOptions)):
        homes |= {item.name: f"{argument}=podium.{kind.__name__}({item.name}=...)" for item in fields(kind)}
    return homes
