"""The folder of a study: what is tried, the prepared data, a run for each arm and seed, and how long each took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from podium import durable
from podium.errors import CorruptFileError
from podium.store import RunFolder
from podium.store.named_folders import RECORDS, check_free_name, find_named, next_name
from podium.studies.arms import StudyArm

__all__ = ["StudyFolder", "StudyRecord", "find_study", "name_study"]


@dataclass(frozen=True)
class StudyRecord:
    """study.json.

    Args:
        arms: What is tried, the base first.
        recipes: The recipe of each arm, as data, with the first seed.
        seeds: Seeds of each arm.
        level: At which all verdicts hold together.
        stops_early: Whether an arm that hurts after some folds is left.
        metric: The metric that was asked for.
        left_out: Arms that the recipe or the data do not allow, with the reason.
    """

    arms: tuple[StudyArm, ...]
    recipes: tuple[Mapping[str, Any], ...]
    seeds: tuple[int, ...]
    level: float
    stops_early: bool
    metric: str | None = None
    left_out: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        arms = [{"name": arm.name, "changes": dict(arm.changes)} for arm in self.arms]
        return self.__dict__ | {
            "arms": arms,
            "recipes": [dict(one) for one in self.recipes],
            "seeds": list(self.seeds),
            "left_out": dict(self.left_out),
        }

    @classmethod
    def from_dict(cls, record: Any, path: Path) -> StudyRecord:
        """What `to_dict` wrote.

        Raises:
            CorruptFileError: If it is something else.
        """
        try:
            arms = tuple(StudyArm(arm["name"], arm["changes"]) for arm in record["arms"])
            lists = {"arms": arms, "recipes": tuple(record["recipes"]), "seeds": tuple(record["seeds"])}
            return cls(**{**record, **lists})
        except (KeyError, TypeError, AttributeError) as problem:
            raise CorruptFileError(
                f"this is not the record of a study ({problem}).", where=path, fix="Restore the file."
            ) from None


@dataclass(frozen=True)
class StudyFolder:
    """Paths of one study; it is a folder of runs."""

    path: Path

    @property
    def name(self) -> str:
        """The study's name."""
        return self.path.name

    @property
    def record_file(self) -> Path:
        """What is tried."""
        return self.path / RECORDS["study"]

    @property
    def data_folder(self) -> Path:
        """The prepared data, which all runs share."""
        return self.path / "data"

    @property
    def times_file(self) -> Path:
        """A line for each fold of an arm that was trained: arm, seed, seconds."""
        return self.path / "times.jsonl"

    @property
    def page_file(self) -> Path:
        """The verdicts as a page."""
        return self.path / "study.html"

    @property
    def plot_file(self) -> Path:
        """The differences as a drawing."""
        return self.path / "study.svg"

    def run(self, place: int, arm: StudyArm, seed: int) -> RunFolder:
        """The run of an arm and a seed."""
        return RunFolder(self.path / f"{place:02d}-{arm.folder or 'arm'}-seed{seed}")

    def read(self) -> StudyRecord:
        """What is tried."""
        return StudyRecord.from_dict(durable.read_json(self.record_file), self.record_file)

    def minutes(self, runs: Sequence[RunFolder]) -> float:
        """Minutes that runs took, from first check to score."""
        names = {run.name for run in runs}
        lines = durable.Journal(self.times_file).read() if self.times_file.is_file() else []
        return sum(float(line["seconds"]) for line in lines if line["run"] in names) / 60


def name_study(root: Path, name: str | None) -> StudyFolder:
    """The folder of a study that may not exist yet.

    Raises:
        UsageError: If the name cannot be a folder's, or a run or something else has it.
    """
    if name is None:
        return StudyFolder(next_name(root, "study"))
    found = StudyFolder(root / name)
    if not found.record_file.is_file():
        check_free_name(found.path, "a study", names=("data",))
    return found


def find_study(root: Path, name: str) -> StudyFolder:
    """A study that exists, by name.

    Raises:
        UsageError: If there is none.
    """
    return StudyFolder(find_named(root, name, RECORDS["study"], what="study", start="podium.study"))
