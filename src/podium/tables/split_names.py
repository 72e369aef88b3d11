"""Words that name a split."""

from __future__ import annotations

__all__ = ["SPLIT_NAMES"]

SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "val": "valid",
    "valid": "valid",
    "validation": "valid",
    "dev": "valid",
    "test": "test",
    "testing": "test",
}
"""Folder names and cells that name a split, in lower case, and the split they mean."""
