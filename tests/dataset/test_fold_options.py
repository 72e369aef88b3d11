"""Options of a split."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

from podium.dataset import FoldOptions
from podium.splits import check_request, make_folds


def test_the_folder_of_other_folds_may_be_a_string() -> None:
    given: dict[str, Any] = {"folds_from": "folds"}
    assert FoldOptions(**given) == FoldOptions(folds_from=Path("folds"))
    assert FoldOptions().folds_from is None


def test_the_request_is_what_make_folds_takes() -> None:
    options = FoldOptions(folds=3, split_seed=7, stratify_by="age", strict=True, allow_leaks=("group",))
    for function in (make_folds, check_request):
        assert list(options.request) == list(inspect.signature(function).parameters)[1:]
    assert FoldOptions().request == FoldOptions(folds=5).request
    assert options.request == {name: getattr(options, name) for name in options.request}
