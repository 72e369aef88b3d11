"""All runs of a folder as rows: score, recipe, time and state of each, in the order of creation or the best first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

from podium import durable
from podium.advice import call
from podium.errors import CorruptFileError, StorageError, UnknownNameError, UsageError
from podium.listing import count_of, part_of
from podium.metrics import Interval
from podium.store.edits import is_torn
from podium.store.ensemble_record import read_ensemble
from podium.store.lineage import check_scores
from podium.store.plain_yaml import read_plain_yaml
from podium.store.results import read_seconds
from podium.store.run_folder import RunFolder, list_runs

__all__ = ["RunOrder", "RunRow", "list_run_rows"]

RunOrder = Literal["created", "score"]


@dataclass(frozen=True)
class RunRow:
    """What a list of runs says of one.

    Args:
        name: Its name.
        created: When it was started, in UTC as ISO 8601; "" where that cannot be read.
        folds: The folds that it was asked for.
        preset: Preset of its recipe.
        model: Backbone.
        metric: Primary metric; "" where the run has no score.
        target: Main target; "" where the run has no score.
        score: Score of the out-of-fold predictions; None where there is none to trust.
        chance: What guessing by the classes' shares would score; None where that is not known.
        seconds: Time of all its epochs so far.
        state: "finished", or what it lacks and how to go on.
    """

    name: str
    created: str = ""
    folds: tuple[int, ...] = ()
    preset: str = ""
    model: str = ""
    metric: str = ""
    target: str = ""
    score: Interval | None = None
    chance: float | None = None
    seconds: float = 0.0
    state: str = "finished"

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        return self.__dict__ | {
            "folds": list(self.folds),
            "score": None if self.score is None else self.score.to_dict(),
        }


def list_run_rows(root: Path, order: RunOrder = "created") -> list[RunRow]:
    """A row a run; one that is damaged does not hide the others.

    Args:
        root: Folder of all runs.
        order: "created", the oldest first; or "score", the best first. Scores of another metric or target cannot be
            compared, so those of the metric and target that most runs have come first, and runs without a score last.

    Raises:
        UnknownNameError: If there is no such order.
    """
    if order not in get_args(RunOrder):
        raise UnknownNameError("order", order, get_args(RunOrder), field="sort")
    rows = [_describe_or_excuse(run) for run in list_runs(root)]
    return rows if order == "created" else list(_best_first(rows))


def _best_first(rows: list[RunRow]) -> Iterator[RunRow]:
    from podium.metrics import metric

    kinds = [(row.metric, row.target) for row in rows if row.score is not None]
    for kind in sorted(dict.fromkeys(kinds), key=lambda kind: -kinds.count(kind)):
        scored = [(row.score.value, row) for row in rows if row.score and (row.metric, row.target) == kind]
        sign = -1 if metric(kind[0]).greater_is_better else 1
        yield from (row for _, row in sorted(scored, key=lambda pair: sign * pair[0]))
    yield from (row for row in rows if row.score is None)


def _describe_or_excuse(run: RunFolder) -> RunRow:
    try:
        return _describe(run)
    except (StorageError, KeyError, TypeError, AttributeError, ValueError) as problem:
        why = str(problem) if isinstance(problem, StorageError) else "a damaged file"
        return RunRow(run.name, state=f"cannot be read: {why}")


def _describe(run: RunFolder) -> RunRow:
    record = run.read()
    preset, model = _recipe_of(run)
    about: dict[str, Any] = {
        "name": run.name,
        "created": record["created"],
        "folds": tuple(record["folds"]),
        "preset": preset,
        "model": model,
        "seconds": sum(read_seconds(run).values()),
    }
    resume = call("podium.resume", run.name)
    if not run.is_finished:
        n_done = len(record["folds"]) - len(run.folds_left())
        return RunRow(**about, state=f"{part_of(n_done, len(record['folds']), 'fold')} trained; {resume} goes on")
    try:
        check_scores(run)
    except UsageError:
        is_damaged = is_torn(run.scores_file)
        what = "scores.json is damaged" if is_damaged else "scores were changed, or are older than its predictions"
        return RunRow(**about, state=f"{what}; {resume} scores again")
    return RunRow(**about, **_score_of(run))


def _score_of(run: RunFolder) -> dict[str, Any]:
    """What a row says of scores.json.

    Raises:
        CorruptFileError: If that is not what Podium writes.
    """
    from podium.metrics import METRICS

    try:
        scores = durable.read_json(run.scores_file)
        target, metric = scores["main_target"], scores["main_metric"]
        interval = Interval.from_dict(scores["targets"][target]["metrics"][metric])
        chance = scores["targets"][target].get("chance", {}).get(metric)
        chance = None if chance is None else float(chance)
        if metric not in METRICS:
            raise ValueError(f"there is no metric {metric!r}")
    except (KeyError, TypeError, AttributeError, ValueError) as problem:
        what = f"{problem} is missing" if isinstance(problem, KeyError) else str(problem)
        fix = f"Restore the file, or score again with {call('podium.resume', run.name)}."
        raise CorruptFileError(f"these are not the scores of a run: {what}.", where=run.scores_file, fix=fix) from None
    return {"metric": metric, "target": str(target), "score": interval, "chance": chance}


def _recipe_of(run: RunFolder) -> tuple[str, str]:
    """Preset and backbone of a run's recipe; "" for what a recipe of another version does not have."""
    ensemble = read_ensemble(run)
    if ensemble is not None:
        return "ensemble", f"of {count_of(len(ensemble.members), 'run')}"
    try:
        recipe = read_plain_yaml(durable.read_bytes(run.recipe_file))
    except (StorageError, yaml.YAMLError):
        return "", ""
    recipe = recipe if isinstance(recipe, dict) else {}
    model = recipe.get("model")
    return str(recipe.get("preset", "")), str(model.get("name", "") if isinstance(model, dict) else "")
