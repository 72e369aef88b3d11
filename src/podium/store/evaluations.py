"""evaluations.jsonl: a line each time that a run was scored on images that it did not learn from."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from podium import durable
from podium.errors import StorageError
from podium.metrics import Scores
from podium.store.run_folder import RunFolder, list_runs

__all__ = ["Evaluation", "count_evaluations", "log_evaluation", "read_evaluations", "unreadable_logs"]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """One look at a holdout or a labelled test set.

    Args:
        kind: "holdout", or "test" for images from elsewhere.
        name: Name of its files among the predictions.
        number: Which look at these images it was, over all runs in the folder; 1 is the first. Whoever chooses by
            looking often finds a score that is too good.
        at: When, in UTC as ISO 8601.
        n: Images.
        data_digest: Digest of the images' ids, groups and labels.
        recipe_sha256: Digest of the run's recipe.yaml.
        weights: Digest of every model's weights.
        known_fraction: Share of the images that were in the training data too, also as near-duplicates; None where that
            is not known.
        scores: Scores with intervals, as the run decides.
        without_rules: The same without the rules of `podium decide`; None where there were none.
    """

    kind: Literal["holdout", "test"]
    name: str
    number: int
    at: str
    n: int
    data_digest: str
    recipe_sha256: str
    weights: dict[str, str]
    known_fraction: float | None
    scores: Scores
    without_rules: Scores | None = None

    @property
    def main_without_rules(self) -> float | None:
        """The main score without the run's rules; None where they do not change it."""
        plain = None if self.without_rules is None else self.without_rules.main.value
        return None if plain in (None, self.scores.main.value) else plain

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        plain = self.without_rules
        return self.__dict__ | {
            "scores": self.scores.to_dict(),
            "without_rules": None if plain is None else plain.to_dict(),
        }

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Evaluation:
        """The evaluation that `to_dict` wrote."""
        plain = record.get("without_rules")
        return cls(
            **record
            | {
                "scores": Scores.from_dict(record["scores"]),
                "without_rules": None if plain is None else Scores.from_dict(plain),
            }
        )


def read_evaluations(run: RunFolder) -> list[Evaluation]:
    """Every evaluation of a run, the oldest first.

    Raises:
        CorruptFileError: If a line was changed.
    """
    return [Evaluation.from_dict(record) for record in durable.Journal(run.evaluations_file).read()]


def count_evaluations(run: RunFolder, data_digest: str) -> dict[str, int]:
    """How often each run in the same folder of runs looked at these images; those that did not are left out.

    A log of another run that cannot be read counts as none, see `unreadable_logs`: one run never blocks the others.

    Raises:
        CorruptFileError: If a line of this run's log was changed.
    """
    counts = {run.name: _count(run, data_digest)}
    for other in _others(run):
        with contextlib.suppress(StorageError):
            counts[other.name] = _count(other, data_digest)
    return {name: n for name, n in counts.items() if n}


def unreadable_logs(run: RunFolder) -> list[str]:
    """Names of other runs in the same folder whose log of evaluations cannot be read."""
    names = []
    for other in _others(run):
        try:
            durable.Journal(other.evaluations_file).read()
        except StorageError:
            names.append(other.name)
    return names


def _others(run: RunFolder) -> list[RunFolder]:
    return [other for other in list_runs(run.path.parent) if other.path.resolve() != run.path.resolve()]


def _count(run: RunFolder, data_digest: str) -> int:
    return sum(line.get("data_digest") == data_digest for line in durable.Journal(run.evaluations_file).read())


def log_evaluation(run: RunFolder, **facts: Any) -> Evaluation:
    """Add a line, with its number and the time; gives what was written.

    Hold the run's lock.
    """
    number = 1 + sum(count_evaluations(run, facts["data_digest"]).values())
    made = Evaluation(
        number=number,
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        recipe_sha256=durable.sha256_file(run.definition_file),
        **facts,
    )
    durable.Journal(run.evaluations_file).append(made.to_dict())
    return made
