"""Scores that a leaderboard gave, beside what cross-validation said of the same submissions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from podium import durable
from podium.advice import call
from podium.errors import CorruptFileError, UsageError
from podium.metrics import Interval, correlation_with_interval
from podium.metrics.correlation import FEWEST_POINTS
from podium.metrics.interval import none_if_nan
from podium.store.run_folder import RunFolder
from podium.store.submissions import LoggedSubmission, read_submissions

__all__ = ["LEADERBOARD_NAME", "LeaderboardEntry", "Ranked", "RankedSubmission", "add_entry", "rank_submissions"]

LEADERBOARD_NAME = "leaderboard.jsonl"
"""In the folder of runs; a line a score."""


@dataclass(frozen=True)
class LeaderboardEntry:
    """A score that a leaderboard gave.

    Args:
        at: When it was noted, in UTC as ISO 8601.
        sha256: Digest of the submission.
        score: The score.
        rank: The place among all teams; None where it was not noted.
        is_private: Whether it is of the private part, which is shown when a contest ends.
    """

    at: str
    sha256: str
    score: float
    rank: int | None = None
    is_private: bool = False


@dataclass(frozen=True)
class RankedSubmission:
    """A submission with what was expected of it and what it got.

    Args:
        run: The names of its runs.
        at: When it was written, in UTC as ISO 8601.
        sha256: Its digest.
        metric: Metric of its score; "" where it was not measured.
        cv: Score out of fold; nan where it was not measured.
        low: Lower end of its interval.
        high: Upper end.
        expected: Lower and upper end of the range on the leaderboard, of its public part where the share is known; nan.
        public: Score on the public leaderboard; nan.
        private: Score on the private one; nan.
        rank: Place on the public leaderboard.
        private_rank: Place on the private one.
    """

    run: str
    at: str
    sha256: str
    metric: str
    cv: float
    low: float
    high: float
    expected: tuple[float, float]
    public: float = math.nan
    private: float = math.nan
    rank: int | None = None
    private_rank: int | None = None

    @property
    def is_inside(self) -> bool | None:
        """Whether the public score lies in the range; None where one of them is not known."""
        if math.isnan(self.public) or math.isnan(self.expected[0]):
            return None
        return self.expected[0] <= self.public <= self.expected[1]

    @property
    def is_point(self) -> bool:
        """Whether it has both scores."""
        return not (math.isnan(self.public) or math.isnan(self.cv))

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts; nan is None."""
        record = {
            name: none_if_nan(value) if isinstance(value, float) else value for name, value in asdict(self).items()
        }
        return record | {"expected": [none_if_nan(one) for one in self.expected], "is_inside": self.is_inside}


@dataclass(frozen=True)
class Ranked:
    """All submissions of a folder of runs.

    Args:
        rows: The oldest first.
        pearson: Correlation of cross-validation with the public leaderboard; nan with fewer than three points.
        spearman: The same of their orders.
        advice: What they say together, in a line.
    """

    rows: tuple[RankedSubmission, ...]
    pearson: Interval
    spearman: Interval
    advice: str

    @property
    def points(self) -> list[RankedSubmission]:
        """Submissions with both scores."""
        return [row for row in self.rows if row.is_point]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        return {
            "submissions": [row.to_dict() for row in self.rows],
            "n_points": len(self.points),
            "pearson": self.pearson.to_dict(),
            "spearman": self.spearman.to_dict(),
            "advice": self.advice,
        }


def add_entry(
    root: Path,
    score: float,
    *,
    rank: int | None = None,
    is_private: bool = False,
    run: RunFolder | None = None,
    digest: str | None = None,
) -> LeaderboardEntry:
    """Note the score of a submission. Nothing is ever changed: a later line of the same submission counts.

    Args:
        root: Folder of all runs.
        score: The score.
        rank: The place among all teams.
        is_private: Whether it is of the private part.
        run: Run whose last submission it is; None takes the last of all.
        digest: Start of the digest of the submission, instead of a run.

    Raises:
        UsageError: If there is no such submission, several have that start, or the score or rank is none.
        CorruptFileError: If a line of the journal was changed.
    """
    if not math.isfinite(score):
        raise UsageError(f"a score is a number, got {score}.", field="score")
    if rank is not None and rank < 1:
        raise UsageError(f"the best rank is 1, got {rank}.", field="rank")
    found = _find(read_submissions(root, besides=() if run is None else (run,)), root, run, digest)
    entry = LeaderboardEntry(datetime.now(UTC).isoformat(timespec="seconds"), found.sha256, score, rank, is_private)
    with durable.wait_for_lock(root):
        durable.Journal(root / LEADERBOARD_NAME).append(asdict(entry))
    return entry


def _find(
    submissions: Sequence[LoggedSubmission], root: Path, run: RunFolder | None, digest: str | None
) -> LoggedSubmission:
    if run is not None:
        place = run.path.resolve()
        submissions = [one for one in submissions if place in {own.path.resolve() for own in one.runs}]
    if digest is not None:
        submissions = [one for one in submissions if one.sha256.startswith(digest)]
        if len({one.sha256 for one in submissions}) > 1:
            raise UsageError(f"several submissions have digests that start with {digest!r}.", fix="Write more of it.")
    if not submissions:
        of = f" of run {run.name!r}" if run is not None else f" with the digest {digest!r}" if digest else ""
        fix = "List them with podium leaderboard; podium submit writes one."
        raise UsageError(f"there is no submission{of} here.", where=root, fix=fix)
    return submissions[-1]


def _read_entries(root: Path) -> list[LeaderboardEntry]:
    path = root / LEADERBOARD_NAME
    try:
        return [LeaderboardEntry(**line) for line in durable.Journal(path).read()]
    except TypeError:
        raise CorruptFileError("this is no log of leaderboard scores.", where=path) from None


def rank_submissions(root: Path) -> Ranked:
    """Every submission from a folder of runs with its scores, and how well cross-validation foretells the leaderboard.

    A file that was written twice counts once, as it was written last.

    Raises:
        CorruptFileError: If a line of the journal was changed.
    """
    entries = _read_entries(root)
    latest = {one.sha256: one for one in read_submissions(root)}
    rows = tuple(_row(one, [entry for entry in entries if entry.sha256 == one.sha256]) for one in latest.values())
    points = [row for row in rows if row.is_point and row.metric == _main_metric(rows)]
    cv, board = [row.cv for row in points], [row.public for row in points]
    pearson, spearman = correlation_with_interval(cv, board), correlation_with_interval(cv, board, "spearman")
    return Ranked(rows, pearson, spearman, _advise(rows, len(points), spearman))


def _main_metric(rows: Sequence[RankedSubmission]) -> str:
    names = [row.metric for row in rows if row.is_point]
    return max(names, key=names.count) if names else ""


def _row(one: LoggedSubmission, entries: Sequence[LeaderboardEntry]) -> RankedSubmission:
    gate, score = one.gate, one.gate.get("score") or {}
    public = next((entry for entry in reversed(entries) if not entry.is_private), None)
    private = next((entry for entry in reversed(entries) if entry.is_private), None)
    return RankedSubmission(
        one.name,
        one.at,
        one.sha256,
        str(gate.get("metric") or ""),
        cv=_number(score, "value"),
        low=_number(score, "low"),
        high=_number(score, "high"),
        expected=_range(gate),
        public=math.nan if public is None else public.score,
        private=math.nan if private is None else private.score,
        rank=None if public is None else public.rank,
        private_rank=None if private is None else private.rank,
    )


def _range(gate: Mapping[str, Any]) -> tuple[float, float]:
    found = gate.get("public") or gate.get("expected") or {}
    return _number(found, "low"), _number(found, "high")


def _number(record: Mapping[str, Any], name: str) -> float:
    value = record.get(name)
    return float(value) if isinstance(value, int | float) else math.nan


def _advise(rows: Sequence[RankedSubmission], n: int, spearman: Interval) -> str:
    outside = sum(row.is_inside is False for row in rows)
    judged = sum(row.is_inside is not None for row in rows)
    if outside > max(1, 0.2 * judged):
        audit = call("podium.audit", "DATA", test="TEST")
        return (
            f"{outside} of {judged} leaderboard scores lie outside the expected range: the folds do not resemble the"
            f" test set; look for groups and leaks with {audit} before the next submission"
        )
    if n < FEWEST_POINTS:
        return (
            f"{n} of {FEWEST_POINTS} submissions with both scores that are needed to say whether cross-validation"
            " orders them as the leaderboard does"
        )
    if spearman.has_bounds and spearman.low > 0:
        return "cross-validation orders submissions as the leaderboard does: choose by cross-validation"
    if spearman.has_bounds and spearman.high < 0:
        return "cross-validation orders submissions against the leaderboard: mend the folds before the next submission"
    return "cannot tell yet whether cross-validation orders submissions as the leaderboard does: trust the intervals"
