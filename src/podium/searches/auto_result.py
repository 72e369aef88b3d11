"""What `auto` came to: one answer, one honest number, and where everything is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from podium.listing import count_of
from podium.metric_words import metric_words
from podium.metrics import Interval, PairedDifference
from podium.overview import Overview, Shown
from podium.searches.auto_folder import AutoFolder
from podium.store import RunFolder
from podium.submission import SubmissionRecord
from podium.workflows.run import Run

__all__ = ["AutoResult", "Member"]


@dataclass(frozen=True)
class Member:
    """A run that was trained to the end.

    Args:
        run: Its folder.
        preset: Recipe that it started from.
        score: Its out-of-fold score.
        weight: Its weight in the answer; 0 where it has none.
    """

    run: RunFolder
    preset: str
    score: float
    weight: float

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        return self.__dict__ | {"run": str(self.run.path)}


@dataclass(frozen=True, eq=False, repr=False)
class AutoResult(Shown):
    """What `auto` came to.

    Args:
        folder: Where everything is.
        answer: The run that answers.
        metric: The metric.
        score: The answer's score on groups that nothing was chosen by: the number to believe.
        seen: Its out-of-fold score.
        baseline: The first recipe's score on the same groups.
        gain: The answer minus the first recipe there, with a verdict.
        n: Images of these groups, or bags.
        n_groups: These groups.
        n_learnt: Images that were learnt from.
        members: All runs that were trained to the end.
        n_trials: Trials of the search; 0 where there was no time for one.
        audit: Findings of the audit by level.
        minutes: Minutes that it took.
        submission: The submission; None where no sample was given.
        gate: What is known of it, a line each.
        notes: What the user should know.
    """

    folder: AutoFolder
    answer: RunFolder
    metric: str
    score: Interval
    seen: Interval
    baseline: Interval
    gain: PairedDifference
    n: int
    n_groups: int
    n_learnt: int
    members: tuple[Member, ...]
    n_trials: int
    audit: dict[str, int]
    minutes: float
    submission: SubmissionRecord | None = None
    gate: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def run(self) -> Run:
        """The answer, which predicts, submits and reports like any run."""
        return Run(self.answer)

    @property
    def verdict(self) -> str:
        """The answer in comparison with the first recipe, on the untouched groups."""
        return str(self.gain.verdict)

    def overview(self) -> Overview:
        """The number, and what answers."""
        facts = [
            f"{metric_words(self.metric)} {self.score}",
            count_of(self.n_groups, "untouched group"),
            str(self.answer.path),
        ]
        rows = [(one.run.name, one.preset, f"{one.score:.4f}", f"{one.weight:.2f}") for one in self.members]
        return Overview("Auto", facts, ("run", "recipe", "out of fold", "weight"), rows, notes=self.notes)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        plain = ("metric", "n", "n_groups", "n_learnt", "n_trials", "audit", "minutes")
        measured = ("score", "seen", "baseline", "gain")
        return {
            "auto": self.folder.name,
            "folder": str(self.folder.path),
            "run": str(self.answer.path),
            **{name: getattr(self, name) for name in plain},
            **{name: getattr(self, name).to_dict() for name in measured},
            "verdict": self.verdict,
            "members": [one.to_dict() for one in self.members],
            "submission": None if self.submission is None else self.submission.to_dict(),
            "gate": list(self.gate),
            "notes": list(self.notes),
        }
