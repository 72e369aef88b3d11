"""MLflow: a database in the run's folder, or in that of its study, unless MLFLOW_TRACKING_URI says otherwise."""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from podium import durable
from podium.machine.extras import import_extra
from podium.trackers.tracker import TrackedEpoch, TrackedResults, TrackedRun, Tracker

__all__ = ["make"]

_MOST_PARAMS = 100
_MOST_METRICS = 1000
_LONGEST_PARAM = 6000
_ID = "podium.id"


def make() -> Tracker:
    """The tracker."""
    return _Mlflow()


class _Mlflow(Tracker):
    def start(self, run: TrackedRun) -> None:
        """Find the run by its id, or make it."""
        for name in ("MLFLOW_DISABLE_TELEMETRY", "DO_NOT_TRACK"):
            os.environ.setdefault(name, "true")
        place = os.environ.get("MLFLOW_TRACKING_URI")
        is_local = place is None
        if is_local:
            import_extra("sqlalchemy", "mlflow")
            place = f"sqlite:///{durable.make_folder(run.home).resolve() / 'mlflow.db'}"
        self._mlflow: Any = import_extra("mlflow", "mlflow")
        self._client: Any = import_extra("mlflow.tracking", "mlflow").MlflowClient(tracking_uri=place)
        experiment = self._experiment(os.environ.get("MLFLOW_EXPERIMENT_NAME") or run.group or "podium", run, is_local)
        found = self._client.search_runs([experiment], filter_string=f"tags.`{_ID}` = '{run.id}'")
        if found:
            self._id = found[0].info.run_id
            self._client.update_run(self._id, status="RUNNING")
            return
        tags = {_ID: run.id, "podium.folder": str(run.folder.parents[1])}
        tags |= {"podium.group": run.group} if run.group else {}
        self._id = self._client.create_run(experiment, tags=tags, run_name=run.name).info.run_id
        make_param = self._mlflow.entities.Param
        params = [make_param(_safe(key), str(value)[:_LONGEST_PARAM]) for key, value in run.config.items()]
        for few in _pieces(params, _MOST_PARAMS):
            self._client.log_batch(self._id, params=few)

    def _experiment(self, name: str, run: TrackedRun, is_local: bool) -> str:
        found = self._client.get_experiment_by_name(name)
        if found is not None:
            return str(found.experiment_id)
        files = (run.home.resolve() / "artifacts").as_uri() if is_local else None
        return str(self._client.create_experiment(name, artifact_location=files))

    def last_epochs(self) -> Mapping[str, int]:
        """What the database holds."""
        metrics = self._client.get_run(self._id).data.metrics
        places = {name: name.removesuffix("/train/loss") for name in metrics if name.endswith("/train/loss")}
        history = self._client.get_metric_history
        return {place: max(point.step for point in history(self._id, name)) for name, place in places.items()}

    def log(self, epochs: Sequence[TrackedEpoch]) -> None:
        """A metric a value, at the step of its epoch."""
        make_metric, now = self._mlflow.entities.Metric, int(1000 * time.time())
        metrics = [
            make_metric(_safe(f"{epoch.place}/{name}"), value, now, epoch.epoch)
            for epoch in epochs
            for name, value in epoch.values.items()
        ]
        for few in _pieces(metrics, _MOST_METRICS):
            self._client.log_batch(self._id, metrics=few)

    def finish(self, results: TrackedResults) -> None:
        """Scores as metrics, pictures and files as artifacts, the model as a tag."""
        now, told = int(1000 * time.time()), dict(results.scores)
        told |= {f"{place}/score": score for place, score in results.folds.items()}
        metrics = [
            self._mlflow.entities.Metric(_safe(name), value, now, results.number) for name, value in told.items()
        ]
        for few in _pieces(metrics, _MOST_METRICS):
            self._client.log_batch(self._id, metrics=few)
        with tempfile.TemporaryDirectory() as folder:
            for name, png in results.pictures.items():
                path = Path(folder, f"{_safe(name)}.png")
                durable.write_bytes(path, png)
                self._client.log_artifact(self._id, str(path), "pictures")
        for path in results.files:
            self._client.log_artifact(self._id, str(path))
        self._client.set_tag(self._id, "podium.model", str(results.model))

    def close(self, *, is_done: bool) -> None:
        """End; a run that is not scored goes on later."""
        self._client.set_terminated(self._id, "FINISHED" if is_done else "KILLED")


def _safe(name: str) -> str:
    """A name of the letters that MLflow takes."""
    return re.sub(r"[^\w\-./ ]", "_", name)


def _pieces(items: Sequence[Any], most: int) -> Iterable[Sequence[Any]]:
    return (items[start : start + most] for start in range(0, len(items), most))
