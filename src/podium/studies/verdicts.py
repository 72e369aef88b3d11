"""What a study found so far: every arm in comparison with the base, and the arms that were left early."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from podium.advice import option
from podium.metrics import ArmDifference, TargetComparison
from podium.store import RunFolder
from podium.studies.folder import StudyFolder, StudyRecord
from podium.workflows.compare import Comparison, compare_folders

__all__ = ["StoppedArm", "StudyResult", "judge_study", "runs_of"]


@dataclass(frozen=True)
class StoppedArm:
    """An arm that was left before its last fold.

    Args:
        name: The arm.
        n_folds: Folds that it was tried on.
        n_of: Folds that there are.
        difference: The arm in comparison with the base on these folds.
    """

    name: str
    n_folds: int
    n_of: int
    difference: ArmDifference

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        return self.__dict__ | {"difference": self.difference.to_dict()}


@dataclass(frozen=True, eq=False)
class StudyResult:
    """The verdicts of a study.

    Args:
        folder: Where it is.
        comparison: The arms that were tried on all folds, in comparison with the base; None where the base is alone.
        names: Name of each arm, by the name of its first run.
        minutes: Minutes that each arm took, by its name.
        stopped: Arms that were left early.
        missing: Arms that are not tried to the end yet.
        left_out: Arms that the recipe or the data do not allow, with the reason.
        level: At which all verdicts hold together.
    """

    folder: StudyFolder
    comparison: Comparison | None
    names: dict[str, str]
    minutes: dict[str, float]
    stopped: tuple[StoppedArm, ...]
    missing: tuple[str, ...]
    left_out: dict[str, str]
    level: float

    @property
    def notes(self) -> tuple[str, ...]:
        """What the reader should know besides."""
        found = () if self.comparison is None else self.comparison.notes
        if self.main is None or self.main.n_seeds > 1:
            return found
        own = f"One seed each: another seed of the same recipe may score otherwise. Try several with {option('seeds')}."
        return (own, *(note for note in found if "seed" not in note))

    @property
    def main(self) -> TargetComparison | None:
        """The comparison on the main target."""
        return None if self.comparison is None else self.comparison.main

    @property
    def verdicts(self) -> dict[str, str]:
        """The verdict on each arm that was compared, those that were left early too."""
        arms = () if self.main is None else self.main.arms
        found = {self.names[arm.name]: str(arm.verdict) for arm in arms}
        return found | {left.name: str(left.difference.verdict) for left in self.stopped}

    @property
    def helpful(self) -> list[str]:
        """Arms that help, the best first."""
        arms = () if self.main is None else self.main.arms
        sign = 1 if self.main is None or self.main.greater_is_better else -1
        best = sorted(arms, key=lambda arm: -sign * arm.difference.value)
        return [self.names[arm.name] for arm in best if arm.verdict == "helps"]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        main = self.main
        return {
            "study": self.folder.name,
            "folder": str(self.folder.path),
            "arms": [] if main is None else [arm.to_dict() | {"name": self.names[arm.name]} for arm in main.arms],
            "base": None
            if main is None
            else {"score": main.reference_score, "metric": main.metric, "target": main.target},
            "targets": [] if self.comparison is None else [one.to_dict() for one in self.comparison.targets],
            "names": self.names,
            "minutes": self.minutes,
            "stopped": [arm.to_dict() for arm in self.stopped],
            "missing": list(self.missing),
            "left_out": self.left_out,
            "helpful": self.helpful,
            "verdicts": self.verdicts,
            "notes": list(self.notes),
        }


def runs_of(folder: StudyFolder, record: StudyRecord) -> Iterator[tuple[str, list[RunFolder]]]:
    """Name and runs of each arm that is not left out, one run a seed."""
    for place, arm in enumerate(record.arms):
        if arm.name in record.left_out:
            continue
        yield arm.name, [folder.run(place, arm, seed) for seed in record.seeds]


def judge_study(folder: StudyFolder, n_folds: int) -> StudyResult:
    """The verdicts on what is trained by now.

    Args:
        folder: The study.
        n_folds: Folds of its data.
    """
    record = folder.read()
    arms = dict(runs_of(folder, record))
    base = arms["base"]
    whole = {name: runs for name, runs in arms.items() if all(_n_done(run) == n_folds for run in runs)}
    partly = {name: runs for name, runs in arms.items() if name not in whole and all(_n_done(run) for run in runs)}
    comparison = None
    if "base" in whole and len(whole) > 1:
        comparison = compare_folders(list(whole.values()), metric=record.metric, level=record.level)
    stopped = []
    if record.stops_early and "base" in whole:
        for name, runs in partly.items():
            found = compare_folders([base, runs], metric=record.metric, level=record.level).main.arms[0]
            stopped.append(StoppedArm(name, min(map(_n_done, runs)), n_folds, found))
    names = {runs[0].name: name for name, runs in arms.items()}
    missing = [name for name in arms if name not in whole and name not in {arm.name for arm in stopped}]
    minutes = {name: folder.minutes(runs) for name, runs in arms.items()}
    return StudyResult(
        folder, comparison, names, minutes, tuple(stopped), tuple(missing), dict(record.left_out), record.level
    )


def _n_done(run: RunFolder) -> int:
    return len(run.read()["folds"]) if run.is_finished else 0
