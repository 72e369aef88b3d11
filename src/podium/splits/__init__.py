"""Splits: stratified, grouped, multi-label or both; a hold-out; leak checks; hints where a group was forgotten."""

from podium.splits.make_folds import SplitMethod, choose_method, make_folds

__all__ = ["SplitMethod", "choose_method", "make_folds"]
