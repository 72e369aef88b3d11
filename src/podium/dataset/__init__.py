"""Samples made ready for training: sources read, images decoded, samples divided and checked for leaks."""

from podium.dataset.fold_options import FoldOptions
from podium.dataset.sources import Source, check_scan_folder, read_source, save_scan

__all__ = ["FoldOptions", "Source", "check_scan_folder", "read_source", "save_scan"]
