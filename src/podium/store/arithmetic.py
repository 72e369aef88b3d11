"""The arithmetic that a score was computed with: what autotune, or a recipe, settled on, for the last digits of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from podium import durable
from podium.store.plain_yaml import read_plain_yaml
from podium.store.run_folder import RunFolder

__all__ = ["arithmetic_of", "arithmetic_words", "read_arithmetic"]


def read_arithmetic(run: RunFolder) -> dict[str, Any]:
    """`arithmetic_of` the recipe and the record of a run; empty for an ensemble, which computes nothing itself.

    Raises:
        StorageError: If a file cannot be read.
    """
    if run.is_ensemble:
        return {}
    return arithmetic_of(read_plain_yaml(durable.read_bytes(run.recipe_file)), run.read())


def arithmetic_of(recipe: Mapping[str, Any], record: Mapping[str, Any]) -> dict[str, Any]:
    """Precision, memory layout and engine, by the names that a recipe has for them.

    Args:
        recipe: A run's recipe as data.
        record: Its run.json.

    Returns:
        JSON-ready. "choice" is "autotune" where something was measured, and else "fixed": set in the recipe, or what is
        taken where nothing is measured.
    """
    training, model = (_mapping(recipe, name) for name in ("training", "model"))
    found = {f"training.{name}": training.get(name) for name in ("precision", "layout", "augment_on", "compile")}
    if model.get("freeze") == "blocks":
        found["model.cached_views"] = model.get("cached_views")
    if model.get("freeze") == "backbone" or found.get("model.cached_views"):
        found |= {f"model.{name}": model.get(name) for name in ("frozen_precision", "frozen_engine")}
    return found | {"threads": record.get("threads"), "choice": "autotune" if record.get("autotune") else "fixed"}


def arithmetic_words(found: Mapping[str, Any]) -> str:
    """The same in one line, without the number of threads.

    Example:
        >>> arithmetic_words({"training.precision": "bf16", "training.layout": "channels_last", "choice": "autotune"})
        'bf16, channels_last (autotune)'
    """
    words = [str(found[f"training.{name}"]) for name in ("precision", "layout") if found.get(f"training.{name}")]
    if found.get("training.augment_on") == "device":
        words.append("images made on the device")
    if found.get("training.compile") == "inductor":
        words.append("compiled steps")
    if found.get("model.frozen_engine"):
        words.append(f"frozen part {found.get('model.frozen_precision')} by {found['model.frozen_engine']}")
    if found.get("model.cached_views"):
        words.append(f"{found['model.cached_views']} cached views")
    return f"{', '.join(words)} ({found.get('choice')})".lstrip()


def _mapping(recipe: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = recipe.get(name) if isinstance(recipe, Mapping) else None
    return found if isinstance(found, Mapping) else {}
