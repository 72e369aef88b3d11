"""The command that an error offers to copy."""

from __future__ import annotations

import shlex

import pytest

from podium.cli.retry import retry_command


@pytest.mark.parametrize(
    ("given", "retry", "wanted"),
    [
        ("train photos", {"max_bad_fraction": 0.02}, "podium train photos --max-bad-fraction 0.02"),
        ("train photos --folds=5 --json", {"folds": 3}, "podium train photos --json --folds 3"),
        ("train p --allow-leaks same_group --folds 4", {"allow_leaks": ["same_group", "same_bytes"]},
         "podium train p --folds 4 --allow-leaks same_group same_bytes"),
        ("train p --strict --lr -1", {"strict": False}, "podium train p --lr -1"),
        ("train 'my photos'", {"allow_missing_files": True, "folds": 2},
         "podium train 'my photos' --allow-missing-files --folds 2"),
        ("train --strict 'my photos'", {"strict": False}, "podium train 'my photos'"),
        ("train a --max_bad_fraction=0.01 b --max_bad_fraction 0.1", {"max_bad_fraction": 0.2},
         "podium train a b --max-bad-fraction 0.2"),
        ("train --folds 9 a b --strict", {"folds": 3}, "podium train a b --strict --folds 3"),
        ("train --strict --folds 9 -- -photos", {"strict": False, "folds": 3}, "podium train --folds 3 -- -photos"),
        ("train --allow-leaks same_group same_bytes -- p", {"allow_leaks": ["same_bytes"]},
         "podium train --allow-leaks same_bytes -- p"),
    ],
)  # fmt: skip
def test_options_are_replaced_or_added(given: str, retry: dict[str, object], wanted: str) -> None:
    assert retry_command(shlex.split(given), retry) == wanted
