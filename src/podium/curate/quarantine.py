"""Images that cannot be used: left out one by one, refused when they are too many."""

from __future__ import annotations

import math

import numpy as np

from podium.advice import options
from podium.curate.audit import Audit
from podium.errors import ImageError
from podium.listing import list_some, part_of
from podium.tables import Samples

__all__ = ["QUARANTINE_LIMIT", "check_quarantine", "drop_quarantined"]

QUARANTINE_LIMIT = 0.01
"""Fraction of images that may be unusable before training refuses."""


def check_quarantine(audit: Audit, *, limit_fraction: float = QUARANTINE_LIMIT) -> None:
    """Checks that few enough images are unusable and that every class keeps some.

    Args:
        audit: The audit of the samples.
        limit_fraction: Largest fraction of unusable images that is allowed, from 0 to 1.

    Raises:
        ImageError: If more are unusable, or a class is left without images; lists them.
    """
    rows = audit.quarantine
    details = [f"{row.id}: {row.outcome}" + (f", {row.reason}" if row.reason else "") for row in rows]
    if audit.emptied:
        raise ImageError(
            f"no image can be decoded of these classes: {list_some(audit.emptied, most=5)}.",
            fix="Replace the files, or remove the class.",
            details=details,
        )
    if len(rows) / len(audit) > limit_fraction:  # 29 is more than 0.29 * 100
        counts = audit.to_dict()["outcomes"]
        limit = _round_up(len(rows) / len(audit))
        reasons = ", ".join(f"{name} {n}" for name, n in counts.items() if name != "ok")
        raise ImageError(
            f"{part_of(len(rows), len(audit), 'image', 'cannot', 'cannot')} be used ({reasons}), a fraction of"
            f" {_at_least(len(rows) / len(audit))}; at most {limit_fraction:g} is allowed.",
            fix=f"Replace or remove the files, or raise the limit: {options(max_bad_fraction=limit)}.",
            retry={"max_bad_fraction": limit},
            details=details,
        )


def _round_up(fraction: float) -> float:
    """The next hundredth, so that the limit named is one that holds."""
    return math.ceil(fraction * 100) / 100


def _at_least(fraction: float) -> float:
    """The fraction to three decimals, rounded up: never shown as the limit that it exceeds."""
    return math.ceil(fraction * 1000) / 1000


def drop_quarantined(samples: Samples, audit: Audit) -> Samples:
    """The samples whose images can be used, in the same order.

    Raises:
        SourceError: If the audit knows ids that are not among the samples.
    """
    bad = samples.rows_of([row.id for row in audit.quarantine])
    is_kept = np.ones(len(samples), dtype=bool)
    is_kept[bad] = False
    return samples.take(is_kept)
