"""Folders of the options may be strings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from podium.dataset import FoldOptions


def test_the_folder_of_other_folds_may_be_a_string() -> None:
    given: dict[str, Any] = {"folds_from": "folds"}
    assert FoldOptions(**given) == FoldOptions(folds_from=Path("folds"))
    assert FoldOptions().folds_from is None
