"""Event files as a table: what TensorBoard itself reads from them, whoever wrote them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import podium
from podium.cli import main
from podium.errors import CorruptFileError, SourceError

pytest.importorskip("tensorboard")
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.scalar.metadata import create_summary_metadata
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from tensorboard.util.tensor_util import make_tensor_proto


def write(folder: Path, values: dict[str, list[float]], *, start: int = 0, version: int = 1, suffix: str = "") -> None:
    """Scalars of TensorFlow 1 (and torch), or of TensorFlow 2, whose metadata comes with the first of each tag."""
    writer = EventFileWriter(str(folder), filename_suffix=suffix)
    for tag, numbers in values.items():
        for place, number in enumerate(numbers):
            if version == 1:
                value = Summary.Value(tag=tag, simple_value=number)
            else:
                value = Summary.Value(tag=tag, tensor=make_tensor_proto(np.float32(number)))
                if place == 0:
                    value.metadata.CopyFrom(create_summary_metadata("", ""))
            event = Event(step=start + place, wall_time=1000.0 + start + place, summary=Summary(value=[value]))
            writer.add_event(event)
    writer.close()


def test_both_kinds_of_scalars_in_several_folders_are_those_of_tensorboard(tmp_path: Path) -> None:
    write(tmp_path / "b" / "train", {"loss": [3.0, 2.0, 1.5], "f1": [0.1, 0.2]})
    write(tmp_path / "a", {"loss": [9.0, 8.0]}, version=2)
    write(tmp_path, {"top": [0.25]})
    table = podium.read_events(tmp_path)
    assert list(table.columns) == ["run", "tag", "step", "wall_time", "value"]
    assert list(dict.fromkeys(table["run"])) == [".", "a", "b/train"]
    for run in (".", "b/train"):
        judge = EventAccumulator(str(tmp_path / run), size_guidance={"scalars": 0})
        judge.Reload()
        for tag in judge.Tags()["scalars"]:
            mine = table[(table["run"] == run) & (table["tag"] == tag)]
            theirs = [(event.step, event.wall_time, event.value) for event in judge.Scalars(tag)]
            assert list(mine[["step", "wall_time", "value"]].itertuples(index=False, name=None)) == theirs
    assert table[table["run"] == "a"]["value"].tolist() == [9.0, 8.0]


def test_torch_writes_and_resumes_what_is_read(tmp_path: Path) -> None:
    tensorboard = pytest.importorskip("torch.utils.tensorboard")
    with tensorboard.SummaryWriter(str(tmp_path), filename_suffix=".1") as writer:
        for step in range(6):
            writer.add_scalar("loss", 10 - step, step)
        writer.add_histogram("weights", np.arange(9), 0)
        writer.add_text("note", "hello", 0)
    with tensorboard.SummaryWriter(str(tmp_path), purge_step=4, filename_suffix=".2") as writer:
        for step in range(4, 8):
            writer.add_scalar("loss", 100 + step, step)
    table = podium.read_events(tmp_path)
    assert table["step"].tolist() == list(range(8)), "steps 4 and 5 were written twice"
    assert table["value"].tolist() == [10, 9, 8, 7, 104, 105, 106, 107]
    assert set(table["tag"]) == {"loss"}


@pytest.mark.slow
def test_a_file_in_the_making_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    write(tmp_path, {"loss": [1.0, 2.0, 3.0]})
    (file,) = tmp_path.iterdir()
    data = file.read_bytes()
    for cut in range(1, len(data) - 1, 7):
        file.write_bytes(data[:-cut])
        assert podium.read_events(tmp_path)["value"].tolist() == [1.0, 2.0, 3.0][: len(podium.read_events(tmp_path))]
    assert len(podium.read_events(file)) == 0


def test_damage_and_absence_are_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such folder"):
        podium.read_events(tmp_path / "nowhere")
    with pytest.raises(SourceError, match="no event files"):
        podium.read_events(tmp_path)
    write(tmp_path, {"loss": [1.0, 2.0, 3.0]})
    (file,) = tmp_path.iterdir()
    data = file.read_bytes()
    place = len(data) // 2
    file.write_bytes(data[:place] + bytes(12) + data[place:])
    with pytest.raises(CorruptFileError, match="damaged"):
        podium.read_events(tmp_path)
    file.write_bytes(b"PNG or whatever else it may be")
    with pytest.raises(CorruptFileError, match="no event file"):
        podium.read_events(tmp_path)
    assert main(["events", str(tmp_path)]) == 1
    assert main(["events", str(tmp_path / "nowhere")]) == 3


def test_the_command_prints_and_writes_the_same_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "logs" / "a", {"loss": [3.0, 2.0, float("nan")], "=f1": [0.5]})
    assert main(["events", str(tmp_path / "logs"), "--out", str(tmp_path / "all.csv"), "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert [(line["tag"], line["rows"], line["last_value"]) for line in record["tags"]] == [
        ("=f1", 1, 0.5),
        ("loss", 3, None),
    ]
    assert main(["events", str(tmp_path / "logs"), "--out", str(tmp_path / "all.parquet")]) == 0
    assert "loss" in capsys.readouterr().out
    table = podium.read_events(tmp_path / "logs")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "all.parquet"), table)
    assert pd.read_csv(tmp_path / "all.csv")["value"].tolist()[:2] == [3.0, 2.0]
    assert main(["events", str(tmp_path / "logs"), "--out", str(tmp_path / "all.csv")]) == 0
    (tmp_path / "mine.csv").write_text("a,b\n1,2\n")
    for refused in ("mine.csv", "all.txt"):
        assert main(["events", str(tmp_path / "logs"), "--out", str(tmp_path / refused)]) == 2
