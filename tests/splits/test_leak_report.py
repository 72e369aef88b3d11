from __future__ import annotations

import json

import pytest

from podium.errors import LeakError, UnknownNameError
from podium.splits import LeakCount, LeakPair, LeakReport, require_no_leak

PAIRS = (
    LeakPair("a.jpg", "b.jpg", "same_bytes", "fold 0", "holdout"),
    *(LeakPair(f"{i}.jpg", f"{i}x.jpg", "near_duplicate", "fold 0", "fold 1", 2) for i in range(15)),
)
LEAKING = LeakReport(
    {"same_group": LeakCount(0, 0, 0), "same_bytes": LeakCount(1, 2, 1), "near_duplicate": LeakCount(15, 30, 15)},
    PAIRS,
    n_samples=32,
    n_total=64,
    judged_fraction=0.5,
)
CLEAN = LeakReport({"same_group": LeakCount(0, 0, 0)}, (), n_samples=0, n_total=64, judged_fraction=0.0)


def test_a_clean_report_passes_and_says_what_it_did_not_check() -> None:
    assert require_no_leak(CLEAN) == CLEAN
    assert "Not checked: identical files, near-duplicates" in CLEAN.verdict


def test_a_leak_is_refused_with_pairs_and_a_way_out() -> None:
    with pytest.raises(LeakError, match=r"1 file found on both sides and 15 near-duplicate pairs: 50\.0%") as caught:
        require_no_leak(LEAKING)
    assert len(caught.value.details) == 16
    assert caught.value.details[0] == "same_bytes: a.jpg (fold 0) and b.jpg (holdout)"
    assert "near_duplicate" in str(caught.value.fix)


def test_only_the_accepted_kinds_pass_and_are_recorded() -> None:
    with pytest.raises(LeakError) as caught:
        require_no_leak(LEAKING, allow=["same_bytes"])
    assert all(line.startswith("near_duplicate") for line in caught.value.details)
    accepted = require_no_leak(LEAKING, allow=("near_duplicate", "same_bytes", "same_group"))
    assert accepted.accepted == ("same_bytes", "near_duplicate")
    assert not accepted.is_clean
    record = json.loads(json.dumps(accepted.to_dict()))
    assert record["accepted"] == ["same_bytes", "near_duplicate"]
    assert record["is_clean"] is False
    assert record["counts"]["same_bytes"] == {"n_pairs": 1, "n_samples": 2, "n_sets": 1}


def test_an_unknown_kind_is_told() -> None:
    with pytest.raises(UnknownNameError, match="same_bytes"):
        require_no_leak(CLEAN, allow=["same_byte"])
