"""What a frozen backbone's features are: which depths of the network, and what is read of each."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from podium.recipe.part import Count, Part

__all__ = ["FeatureSpec"]

STATISTICS = ("class", "mean", "std")


def _read_depths(value: Any) -> Any:
    """Depths in ascending order; a single number is a list of one."""
    if value in ("last", "all", "auto") and isinstance(value, str):
        return value
    given = value if isinstance(value, list | tuple) else [value]
    numbers = [item for item in given if isinstance(item, int) and not isinstance(item, bool) and item >= 1]
    is_known = len(numbers) + given.count("last") == len(given) > 0
    if not is_known or len(set(given)) != len(given):
        raise ValueError(
            "expected last, all, auto, or a list of block numbers from 1, each once, that may end with last"
        )
    return (*sorted(numbers), *(["last"] if "last" in given else [])) if numbers else "last"


def _read_statistics(value: Any) -> Any:
    if value == "auto":
        return value
    given = value if isinstance(value, list | tuple) else [value]
    if not given or not all(name in STATISTICS for name in given) or len(set(given)) != len(given):
        raise ValueError("expected a list of class, mean and std, each once, or auto")
    return tuple(name for name in STATISTICS if name in given)


Depths = Annotated[Literal["last", "all", "auto"] | tuple[Count | Literal["last"], ...], BeforeValidator(_read_depths)]
Statistics = Annotated[Literal["auto"] | tuple[Literal["class", "mean", "std"], ...], BeforeValidator(_read_statistics)]


class FeatureSpec(Part):
    """The features of a frozen backbone, `model.freeze: backbone`, all from one forward pass."""

    depths: Depths = "last"
    """Which depths of the network: `last` its pooled features alone; a list of blocks, counted as
    `model.frozen_blocks` counts them, with or without `last`, such as [6, 7, 8, last]; `all` every block and `last`;
    `auto` the last block of each width and `last`, of networks of one width (vision transformers) the last four
    blocks and `last`."""
    statistics: Statistics = "auto"
    """What is read of a block's output: `mean` and `std` over the places of its map, `class` the class token of a
    vision transformer; `auto` is [class, mean] where there is a class token, else [mean, std]."""
