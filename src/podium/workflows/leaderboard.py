"""Leaderboard scores of submissions, noted beside what cross-validation said of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from podium.arguments import strict_arguments
from podium.errors import UsageError
from podium.listing import count_of
from podium.overview import Overview, Shown
from podium.store import Ranked, RankedSubmission, add_entry, find_run, rank_submissions

__all__ = ["Leaderboard", "leaderboard"]


@dataclass(frozen=True, repr=False)
class Leaderboard(Ranked, Shown):
    """All submissions of a folder of runs with what was expected of each, and what it got."""

    def overview(self) -> Overview:
        """A row a submission."""
        facts = [f"{count_of(len(self.points), 'submission')} with both scores", self.advice]
        return Overview("Leaderboard", facts, CELLS, [cells_of(row) for row in self.rows])

    def words(self) -> str:
        """The correlation in a line."""
        if not self.pearson.n_resamples:
            return f"{count_of(len(self.points), 'submission')} with both scores"
        bounds = [f"{name} {item}" for name, item in (("Pearson", self.pearson), ("Spearman", self.spearman))]
        return f"{', '.join(bounds)} over {count_of(self.pearson.n_groups, 'submission')}"

    def save(self, path: str | Path) -> Path:
        """Draw cross-validation against the leaderboard, as .png or .svg.

        Raises:
            UsageError: If the name ends otherwise.
            StorageError: If it cannot be written.
        """
        from podium.report.leaderboard_chart import draw_leaderboard, write_leaderboard

        write_leaderboard(draw_leaderboard([(row.cv, row.public) for row in self.points], self.words()), Path(path))
        return Path(path)


CELLS = ("submission", "run", "written", "out of fold", "expected", "public", "inside", "rank", "private", "rank")


def cells_of(row: RankedSubmission) -> tuple[str, ...]:
    """A submission as cells of a table."""

    def number(value: float) -> str:
        return "" if value != value else f"{value:.4f}"

    cv = number(row.cv) + (f" [{row.low:.4f}, {row.high:.4f}]" if row.low == row.low else "")
    low, high = row.expected
    inside = {None: "", True: "yes", False: "no"}[row.is_inside]
    return (
        row.sha256[:8],
        row.run,
        row.at[:16].replace("T", " "),
        cv or "not measured",
        f"[{low:.4f}, {high:.4f}]" if low == low else "",
        number(row.public),
        inside,
        "" if row.rank is None else str(row.rank),
        number(row.private),
        "" if row.private_rank is None else str(row.private_rank),
    )


@strict_arguments()
def leaderboard(
    score: float | None = None,
    *,
    runs: str | Path = "runs",
    rank: int | None = None,
    private: bool = False,
    run: str | None = None,
    submission: str | None = None,
) -> Leaderboard:
    """All submissions with what was expected of them and what they got; with a score, notes it first.

    Args:
        score: What the leaderboard says of a submission; None notes nothing.
        runs: Folder of all runs, where leaderboard.jsonl lies.
        rank: The place among all teams.
        private: Whether the score is of the private part, which is shown when a contest ends.
        run: Run whose last submission got it; None takes the last submission of all.
        submission: Start of the submission's digest, instead of a run.

    Raises:
        UsageError: If there is no such submission, or a rank comes without a score.
        CorruptFileError: If the journal was changed.

    Example:
        podium.leaderboard(0.9312, rank=14)
        podium.leaderboard().save("leaderboard.png")
    """
    root = Path(runs)
    if score is None:
        if rank is not None or private or run is not None or submission is not None:
            raise UsageError("these options go with a score.", fix="Give the score, or none of them.")
    else:
        if run is not None and submission is not None:
            raise UsageError("a run and a submission both say what got the score.", fix="Give one of them.")
        folder = None if run is None else find_run(root, run)
        add_entry(root, float(score), rank=rank, is_private=private, run=folder, digest=submission)
    return Leaderboard(**vars(rank_submissions(root)))
