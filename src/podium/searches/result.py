"""What a search found: its trials, its winner, and what that is worth on groups that chose nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from podium.listing import count_of
from podium.metrics import Interval
from podium.metrics.interval import none_if_nan
from podium.overview import Overview, Shown
from podium.recipe import Recipe, load_recipe
from podium.searches.ask import START
from podium.searches.folder import SearchFolder, SearchRecord
from podium.searches.untouched import Untouched
from podium.searches.work import is_complete
from podium.store import RunFolder
from podium.workflows.run import Run

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

__all__ = ["SearchResult", "TrialRow", "describe_trial"]


@dataclass(frozen=True)
class TrialRow:
    """One trial.

    Args:
        number: Its number.
        start: The recipe that it started from.
        choices: What it changed or kept, by key.
        score: Its out-of-fold score; nan where it was not trained to the end.
        state: "done", "left" (it could not win), "impossible", "again" (an earlier recipe), or "open" (out of time).
        remark: Why.
        seconds: Seconds that it took.
        so_far: Its last score before it was left; nan without one.
    """

    number: int
    start: str
    choices: dict[str, Any]
    score: float
    state: str
    remark: str = ""
    seconds: float = 0.0
    so_far: float = math.nan

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        return self.__dict__ | {"score": none_if_nan(self.score), "so_far": none_if_nan(self.so_far)}


def describe_trial(trial: FrozenTrial) -> TrialRow:
    """A trial of the journal as a row."""
    about = trial.user_attrs
    state, remark = "done", ""
    if "impossible" in about:
        state, remark = "impossible", about["impossible"]
    elif "left" in about:
        state, remark = "left", about["left"]
    elif "same_as" in about:
        state, remark = "again", f"the recipe of trial {about['same_as']}"
    elif not is_complete(trial):
        state, remark = "open", "time was over"
    reported = trial.intermediate_values
    return TrialRow(
        trial.number,
        about.get(START, ""),
        {key: value for key, value in trial.params.items() if key != START},
        trial.value if is_complete(trial) and trial.value is not None else math.nan,
        state,
        remark,
        float(about.get("seconds", 0.0)),
        reported[max(reported)] if reported else math.nan,
    )


@dataclass(frozen=True, eq=False, repr=False)
class SearchResult(Shown):
    """A finished search.

    Args:
        folder: Where it is.
        record: What was searched.
        trials: All trials.
        winner: Number of the trial that won.
        winner_run: Its run, on all images but the untouched ones where finalists were trained.
        reference_run: The run of the first start, on the same images.
        seen: The winner's out-of-fold score, which chose it: too good.
        untouched: Both on groups that the search never used.
        n_searched: Images that could be searched on.
        changes: How the winner's recipe differs from the first start, a line each.
        importance_of: The start whose trials tell the importance of keys; "" where there are too few.
        importance: Share of the score's variation that each key explains.
        minutes: Minutes that the search took.
        n_looks: Winners that the untouched groups have judged.
        notes: What the user should know.
    """

    folder: SearchFolder
    record: SearchRecord
    trials: tuple[TrialRow, ...]
    winner: int
    winner_run: RunFolder
    reference_run: RunFolder
    seen: Interval
    untouched: Untouched
    n_searched: int
    changes: tuple[str, ...]
    importance_of: str = ""
    importance: dict[str, float] = field(default_factory=dict)
    minutes: float = 0.0
    n_looks: int = 1
    notes: tuple[str, ...] = ()

    @property
    def best(self) -> Run:
        """The winner's run."""
        return Run(self.winner_run)

    @property
    def recipe(self) -> Recipe:
        """The winner's recipe."""
        return load_recipe(self.folder.best_file)

    @property
    def score(self) -> Interval:
        """The winner's score on the untouched groups: the one to believe."""
        return self.untouched.score

    @property
    def verdict(self) -> str:
        """The winner in comparison with the first start, on the untouched groups."""
        return "the same recipe" if self.winner == 0 else str(self.untouched.gain.verdict)

    @property
    def page(self) -> Path:
        """The page."""
        return self.folder.page_file

    @property
    def counts(self) -> dict[str, int]:
        """Trials by state."""
        states = [row.state for row in self.trials]
        return {state: states.count(state) for state in dict.fromkeys(states)}

    def overview(self) -> Overview:
        """The winner, and what it is worth."""
        facts = [count_of(len(self.trials), "trial"), f"winner: trial {self.winner}", str(self.score)]
        rows = [(str(row.number), row.start, f"{row.score:.4f}", row.state) for row in self.trials[:20]]
        return Overview("Search", facts, ("trial", "start", "score", "state"), rows, notes=self.notes)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        return {
            "search": self.folder.name,
            "folder": str(self.folder.path),
            "metric": self.record.metric,
            "minutes": self.minutes,
            "space": [dimension.words for dimension in self.record.space],
            "starts": list(self.record.starts),
            "proxy": self.record.proxy,
            "n_searched": self.n_searched,
            "counts": self.counts,
            "trials": [row.to_dict() for row in self.trials],
            "winner": self.winner,
            "run": str(self.winner_run.path),
            "recipe": str(self.folder.best_file),
            "changes": list(self.changes),
            "verdict": self.verdict,
            "seen": self.seen.to_dict(),
            "untouched": self.untouched.to_dict(),
            "n_looks": self.n_looks,
            "importance_of": self.importance_of,
            "importance": self.importance,
            "notes": list(self.notes),
        }
