"""What an ensemble is made of: a run whose models are those of other runs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from podium import durable
from podium.errors import CorruptFileError, UsageError
from podium.listing import list_some
from podium.store.run_folder import RunFolder

__all__ = ["EnsembleRecord", "MemberRecord", "asked_metric", "read_ensemble", "refuse_ensemble"]


@dataclass(frozen=True)
class MemberRecord:
    """A run of an ensemble.

    Args:
        name: Its name.
        path: Its folder, from the folder of runs that holds the ensemble; "" for predictions that somebody gave.
        oof_sha256: Digest of its out-of-fold predictions when the ensemble was made.
        score: Its main score on the images of the ensemble.
        without: What the ensemble scores without it; None where it is one of two.
        value: Interval and verdict of the ensemble in comparison with the one without it, as data.
        files: Of given predictions, the files that were read, by "oof" and "test".
        views: Digest of its chosen test-time views, with which it was judged; empty where it had none, None where its
            views did not count.
    """

    name: str
    path: str
    oof_sha256: str
    score: float
    without: float | None = None
    value: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    views: str | None = None

    @property
    def is_given(self) -> bool:
        """Whether it is no run but predictions that somebody gave."""
        return bool(self.files)


@dataclass(frozen=True)
class EnsembleRecord:
    """ensemble.json.

    Args:
        members: Its runs.
        blend: How their probabilities are combined, see `podium.decisions.Blend`.
        weighing: How the weights were found.
        by_fold: Weights of the main target that were chosen without each fold; empty where no label chose them.
        metric: The metric that was asked for; None for the default one.
        pool: How the probabilities of a bag's images become one, that of the first run; None takes the usual one.
        against: Paired comparisons with the best member and with equal weights, as data.
        same_folds: Whether all runs have the same folds, so that each fold's models are an ensemble of their own.
        correlation: Correlation between the mistakes of every two members.
        notes: What was found out about given predictions, in sentences.
    """

    members: tuple[MemberRecord, ...]
    blend: Mapping[str, Any]
    weighing: str
    by_fold: Mapping[str, list[float]] = field(default_factory=dict)
    metric: str | None = None
    pool: str | None = None
    against: Mapping[str, Any] = field(default_factory=dict)
    same_folds: bool = False
    correlation: tuple[tuple[float, ...], ...] = ()
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        members = [dict(member.__dict__) for member in self.members]
        lists = {"correlation": [list(row) for row in self.correlation], "notes": list(self.notes)}
        return self.__dict__ | {"members": members} | lists

    @property
    def runs(self) -> list[MemberRecord]:
        """The members that are runs."""
        return [member for member in self.members if not member.is_given]

    def folders(self, run: RunFolder) -> list[RunFolder]:
        """The run folders of the members that are runs.

        Raises:
            UsageError: If one is gone.
        """
        found = [RunFolder(Path(os.path.normpath(run.path.parent / member.path))) for member in self.runs]
        gone = [folder.name for folder in found if not folder.run_file.is_file()]
        if gone:
            raise UsageError(
                f"run {run.name!r} is an ensemble, and these runs of it are gone: {list_some(gone)}.",
                where=run.path,
                fix="Put them back, or make the ensemble again.",
            )
        return found


def read_ensemble(run: RunFolder) -> EnsembleRecord | None:
    """What a run is made of; None where it has models of its own.

    Raises:
        CorruptFileError: If the record is damaged.
    """
    if not run.is_ensemble:
        return None
    record = durable.read_json(run.ensemble_file)
    try:
        members = tuple(MemberRecord(**member) for member in record["members"])
        correlation = tuple(tuple(row) for row in record["correlation"])
        notes = tuple(record.get("notes", ()))
        return EnsembleRecord(**{**record, "members": members, "correlation": correlation, "notes": notes})
    except (TypeError, KeyError) as problem:
        raise CorruptFileError(
            f"this is not the record of an ensemble ({problem}).", where=run.ensemble_file, fix="Restore the file."
        ) from None


def refuse_ensemble(run: RunFolder, what: str) -> None:
    """Raise UsageError where a run has no models of its own.

    Args:
        run: The run.
        what: What needs them, such as "A refit".
    """
    found = read_ensemble(run)
    if found is not None:
        names = [member.name for member in found.members]
        raise UsageError(
            f"{what} needs a run with models of its own, and {run.name!r} is an ensemble of {list_some(names)}.",
            fix="Name one of these.",
        )


def asked_metric(run: RunFolder) -> str | None:
    """The metric that a run was asked for, also one whose recipe is of another version; None for the default one."""
    from podium.store.plain_yaml import read_plain_yaml

    found = read_ensemble(run)
    if found is not None:
        return found.metric
    if not run.recipe_file.is_file():
        return None
    recipe = read_plain_yaml(durable.read_bytes(run.recipe_file))
    name = recipe.get("metric") if isinstance(recipe, dict) else None
    return name if isinstance(name, str) else None
