"""tta.json: what the audit of test-time views found, and the views that a run predicts with since."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from podium import durable
from podium.errors import CorruptFileError
from podium.store.run_folder import RunFolder

__all__ = ["ChosenViews", "digest_views", "read_chosen_views", "read_nested_views", "read_views_record"]


@dataclass(frozen=True)
class ChosenViews:
    """Views to average over.

    Args:
        views: The views.
        stored_px: Height and width of the decoded images that they are cut from; None takes the recipe's.
    """

    views: tuple[str, ...]
    stored_px: tuple[int, int] | None = None


def read_views_record(run: RunFolder) -> dict[str, Any]:
    """The record of the last audit; empty without one.

    Raises:
        CorruptFileError: If it is none.
    """
    if not run.views_file.is_file():
        return {}
    record = durable.read_json(run.views_file)
    if not isinstance(record, dict) or not isinstance(record.get("chosen"), dict):
        fix = "Remove the file, or audit the views again with `podium tta`."
        raise CorruptFileError("this is not the record of an audit of views.", where=run.views_file, fix=fix)
    return record


def read_chosen_views(run: RunFolder) -> ChosenViews | None:
    """The views that a run predicts with where nobody names others; None where it is the recipe's.

    Raises:
        CorruptFileError: If tta.json is damaged.
    """
    chosen = read_views_record(run).get("chosen") or {}
    if not chosen.get("follow"):
        return None
    try:
        stored = chosen.get("stored_px")
        return ChosenViews(
            tuple(map(str, chosen["views"])), None if stored is None else (int(stored[0]), int(stored[1]))
        )
    except (KeyError, TypeError, ValueError, IndexError) as problem:
        raise CorruptFileError(f"the chosen views cannot be read ({problem}).", where=run.views_file) from None


def read_nested_views(run: RunFolder) -> dict[int, tuple[str, ...]]:
    """The views that the last audit chose without each fold, by fold; empty where there are none.

    Raises:
        CorruptFileError: If tta.json is damaged.
    """
    by_fold = (read_views_record(run).get("choice") or {}).get("by_fold") or {}
    try:
        return {int(fold): tuple(map(str, views)) for fold, views in by_fold.items()}
    except (AttributeError, TypeError, ValueError) as problem:
        raise CorruptFileError(f"the views of the folds cannot be read ({problem}).", where=run.views_file) from None


def digest_views(run: RunFolder) -> str:
    """Digest of the chosen views; empty where it is the recipe's."""
    found = read_chosen_views(run)
    if found is None:
        return ""
    return hashlib.sha256(json.dumps([found.views, found.stored_px]).encode()).hexdigest()
