"""TensorBoard event files: a subfolder a training, and the scores in the folder itself."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from podium.machine.extras import import_extra
from podium.trackers.read_events import read_events
from podium.trackers.tracker import TrackedEpoch, TrackedResults, TrackedRun, Tracker

__all__ = ["make"]


def make() -> Tracker:
    """The tracker."""
    return _TensorBoard()


class _TensorBoard(Tracker):
    def start(self, run: TrackedRun) -> None:
        """Open the folder; its files show which epochs it has."""
        files = import_extra("tensorboard.summary.writer.event_file_writer", "tensorboard")
        self._make_writer = files.EventFileWriter
        self._event = import_extra("tensorboard.compat.proto.event_pb2", "tensorboard").Event
        self._summary = import_extra("tensorboard.compat.proto.summary_pb2", "tensorboard").Summary
        self._folder, self._writers = run.folder, dict[str, Any]()
        self._is_known = any(run.folder.rglob("*.tfevents.*"))
        if not self._is_known:
            lines = ["| key | value |", "|---|---|", *(f"| {key} | {value} |" for key, value in run.config.items())]
            self._write("", 0, [self._text("config", "\n".join(lines))])

    def last_epochs(self) -> Mapping[str, int]:
        """What the files hold."""
        if not self._is_known:
            return {}
        table = read_events(self._folder)
        table = table[table["tag"] == "train/loss"]
        return {str(run): int(last) for run, last in table.groupby("run")["step"].max().items()}

    def log(self, epochs: Sequence[TrackedEpoch]) -> None:
        """A scalar a value, at the step of its epoch."""
        for epoch in epochs:
            self._write(epoch.place, epoch.epoch, [self._scalar(*pair) for pair in epoch.values.items()])
        for place in {epoch.place for epoch in epochs}:
            self._writers[place].flush()

    def finish(self, results: TrackedResults) -> None:
        """Scores, pictures, and where the rest is."""
        self._write("", results.number, [self._scalar(*pair) for pair in results.scores.items()])
        for place, score in results.folds.items():
            self._write(place, results.number, [self._scalar("score", score)])
        for name, png in results.pictures.items():
            self._write("", results.number, [self._picture(name, png)])
        lines = [f"- {path.resolve()}" for path in (*results.files, *filter(None, [results.model]))]
        self._write("", results.number, [self._text("files", "\n".join(lines))])

    def close(self, *, is_done: bool) -> None:
        """Close all files."""
        for writer in self._writers.values():
            writer.close()

    def _write(self, place: str, step: int, values: Sequence[Any]) -> None:
        if place not in self._writers:
            self._writers[place] = self._make_writer(str(self._folder / place), filename_suffix=f".{os.getpid()}")
        event = self._event(step=step, wall_time=time.time(), summary=self._summary(value=values))
        self._writers[place].add_event(event)

    def _scalar(self, tag: str, number: float) -> Any:
        return self._summary.Value(tag=tag, simple_value=number)

    def _picture(self, name: str, png: bytes) -> Any:
        width, height = (int.from_bytes(png[at : at + 4], "big") for at in (16, 20))
        image = self._summary.Image(height=height, width=width, colorspace=3, encoded_image_string=png)
        return self._summary.Value(tag=name, image=image)

    def _text(self, tag: str, words: str) -> Any:
        metadata = import_extra("tensorboard.plugins.text.metadata", "tensorboard").create_summary_metadata(tag, "")
        tensors = import_extra("tensorboard.util.tensor_util", "tensorboard")
        tensor = tensors.make_tensor_proto(np.array([words.encode()], dtype=object))
        return self._summary.Value(tag=tag, metadata=metadata, tensor=tensor)
