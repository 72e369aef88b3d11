"""What `podium demo` knows about one of its data sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["DemoData"]


@dataclass(frozen=True)
class DemoData:
    """A data set laid out on the disk as a contest would give it, and the options that a scan of it needs.

    Args:
        task: Name of the data set: "sign_digits", "letters" or "glyphs".
        title: What it is, in a few words.
        about: Two sentences on where the images come from and under which licence.
        train_folder: Folder of the training images.
        test_folder: Folder of the test images, flat; the names tell nothing of the labels.
        sample_submission: Table in the form that predictions are to be handed in, all answers 0.
        answers: The same table with the true answers, which a contest would keep to itself.
        scan_options: Options for the scan of the training folder, by their names in `podium.curate.ScanOptions`.
    """

    task: str
    title: str
    about: str
    train_folder: Path
    test_folder: Path
    sample_submission: Path
    answers: Path
    scan_options: Mapping[str, Any]
