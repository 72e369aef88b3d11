"""Leaks between sides that the data itself gives (train, valid, test), and between the data and a test set."""

from __future__ import annotations

from collections.abc import Iterator

from podium.auditing.finding import MOST_SHOWN, Finding
from podium.auditing.looked_at import LookedAt
from podium.errors import PodiumError
from podium.splits import LeakReport, choose_method, find_leaks, find_twins_between, make_folds
from podium.twins import NearDuplicates

__all__ = ["TEST_MARK", "find_given_leaks", "find_test_leaks"]

TEST_MARK = "test:"
"""Stands before the ids of a test set, where those of the data stand beside them."""


def find_given_leaks(looked: LookedAt, near: NearDuplicates) -> Iterator[Finding]:
    """What the data's own train, valid and test rows, or its own folds, share.

    Args:
        looked: Images that can be used.
        near: Near-duplicates among them.
    """
    samples = looked.samples
    has_test = samples.split is not None and bool((samples.split == "test").any())
    try:
        if samples.task is None or not (has_test or choose_method(samples, "auto", None) == "predefined"):
            return
        folds = make_folds(samples)
    except PodiumError as problem:
        yield Finding(
            "error", "split", f"The data's own split cannot be followed: {problem.what}", todo=problem.fix or ""
        )
        return
    report = find_leaks(samples, folds, sha256=looked.audit.sha256, near=near)
    is_given = folds.method == "predefined"
    if not report.is_clean:
        yield Finding(
            "error",
            "leaks",
            f"The data's own split leaks: {report.verdict}",
            n=report.n_samples,
            sets=_pairs(report),
            todo="Its score would be too good. "
            + ("Make folds that keep them on one side." if is_given else "Take one of each pair out."),
            change={"split_method": "stratified"} if is_given else {},
        )


def find_test_leaks(looked: LookedAt, test: LookedAt) -> Iterator[Finding]:
    """What a test set shares with the data.

    Args:
        looked: Usable images of the data.
        test: Usable images of the test set.
    """
    report = find_twins_between(
        looked.samples,
        test.samples,
        sha256=(looked.audit.sha256, test.audit.sha256),
        phash=(looked.audit.phash, test.audit.phash),
        thumbnails=(looked.thumbnails, test.thumbnails),
    )
    if not report.is_clean:
        yield Finding(
            "caution",
            "test_leaks",
            f"The test set is known in part: {report.verdict}",
            n=report.n_samples,
            sets=tuple((one, TEST_MARK + other) for one, other in _pairs(report)),
            todo="A score on these test images says nothing about new ones.",
        )


def _pairs(report: LeakReport) -> tuple[tuple[str, str], ...]:
    return tuple((pair.a, pair.b) for pair in report.pairs[:MOST_SHOWN])
