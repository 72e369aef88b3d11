"""Weights & Biases: offline, unless WANDB_MODE or WANDB_API_KEY says otherwise."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from io import BytesIO
from typing import Any

from PIL import Image

from podium.machine.extras import import_extra
from podium.trackers.tracker import TrackedEpoch, TrackedResults, TrackedRun, Tracker

__all__ = ["make"]


def make() -> Tracker:
    """The tracker."""
    return _Wandb()


class _Wandb(Tracker):
    def start(self, run: TrackedRun) -> None:
        """Begin or go on; nothing leaves the machine, or the run's folder, that the user's settings do not ask for."""
        own = {"ERROR_REPORTING": "false", "SILENT": "true", "CONSOLE": "off", "DISABLE_GIT": "true"}
        own |= {f"{kind}_DIR": str(run.folder / kind.lower()) for kind in ("CACHE", "DATA", "CONFIG", "ARTIFACT")}
        for name, value in own.items():
            os.environ.setdefault(f"WANDB_{name}", value)
        self._wandb: Any = import_extra("wandb", "wandb")
        default = "online" if os.environ.get("WANDB_API_KEY") else "offline"
        self._run = self._wandb.init(
            project=os.environ.get("WANDB_PROJECT", "podium"),
            dir=os.environ.get("WANDB_DIR", str(run.folder)),
            id=run.id,
            name=run.name,
            group=os.environ.get("WANDB_RUN_GROUP", run.group),
            config=dict(run.config),
            mode=os.environ.get("WANDB_MODE", default),
            resume="allow",
            settings=self._wandb.Settings(x_disable_stats=True, console="off", silent=True),
        )
        self._name, self._places = run.name, set[str]()

    def log(self, epochs: Sequence[TrackedEpoch]) -> None:
        """A row an epoch; each training has an axis of its own."""
        for epoch in epochs:
            if epoch.place not in self._places:
                self._places.add(epoch.place)
                self._run.define_metric(f"{epoch.place}/epoch", hidden=True)
                self._run.define_metric(f"{epoch.place}/*", step_metric=f"{epoch.place}/epoch")
            values = {f"{epoch.place}/{name}": value for name, value in epoch.values.items()}
            self._run.log(values | {f"{epoch.place}/epoch": epoch.epoch}, step=epoch.number)

    def finish(self, results: TrackedResults) -> None:
        """Scores as the summary, pictures and the page as media, small files as an artifact."""
        self._run.summary.update(dict(results.scores))
        self._run.summary.update({f"{place}/score": score for place, score in results.folds.items()})
        media: dict[str, Any] = {
            f"pictures/{name}": self._wandb.Image(Image.open(BytesIO(png)), caption=name)
            for name, png in results.pictures.items()
        }
        for page in (path for path in results.files if path.suffix == ".html"):
            media["report"] = self._wandb.Html(page.read_text(encoding="utf-8"), inject=False)
        self._run.log(media, step=results.n_epochs + results.number)
        safe = re.sub(r"[^\w.-]", "-", self._name)
        about = {"folder": str(results.model)}
        artifact = self._wandb.Artifact(f"podium-{safe}", type="model", metadata=about, description=str(results.model))
        for path in results.files:
            artifact.add_file(str(path))
        self._run.log_artifact(artifact)

    def close(self, *, is_done: bool) -> None:
        """End; a run that is not scored goes on later."""
        self._run.finish(exit_code=0)
