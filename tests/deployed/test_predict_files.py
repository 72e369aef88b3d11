"""A folder through an exported model: the same answers, broken files, and what a stop leaves."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

import podium
from podium.cli import main
from podium.deployed import predict_files
from podium.deployed.deployed_model import DeployedModel
from podium.errors import SourceError, Stopped, UsageError
from podium.stopping import StopRequest
from podium.tables import Samples, normalise_id
from podium.workflows import train
from tiny.contest import draw_images, make_recipe, make_settings

pytestmark = pytest.mark.long  # what all of them need takes seconds to make

Contest = Callable[[str], Samples]


@pytest.fixture(scope="module", params=["attributes", "multi", "single"])
def exported(request: pytest.FixtureRequest, contest: Contest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    samples = contest(request.param)
    run = train(samples, recipe=make_recipe(), folds=2, settings=make_settings(folder))
    run.export(folder / "model")
    return folder / "model"


@pytest.fixture(scope="module")
def model(exported: Path) -> DeployedModel:
    return podium.load_model(exported, threads=1)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """36 photos, one of them broken, one in a folder of its own."""
    draw_images(tmp_path / "photos", 36, seed=3)
    (tmp_path / "photos" / "07.png").write_bytes(b"no image")
    (tmp_path / "photos" / "more").mkdir()
    (tmp_path / "photos" / "35.png").rename(tmp_path / "photos" / "more" / "a.png")
    return tmp_path / "photos"


def test_answers_are_those_of_predict_and_a_broken_file_says_why(
    model: DeployedModel, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predict_files, "PART", 10)
    done = model.predict_files(photos, out=tmp_path / "answers.parquet", workers=1)
    assert (done.n_images, done.n_kept, done.n_failed) == (36, 0, 1)
    table = pq.read_table(tmp_path / "answers.parquet").to_pydict()
    good = [row for row, why in enumerate(table["decode_error"]) if why is None]
    assert [table["id"][row] for row in range(36) if row not in good] == list(done.failures)
    files = {normalise_id(str(path.relative_to(photos))): path for path in photos.rglob("*.png")}
    wanted = model.predict([files[table["id"][row]] for row in good])
    for head in model.task.targets:
        assert [table[head.name][row] for row in good] == wanted.names(head.name)
        for place, label in enumerate(head.classes):
            column = np.array([table[f"{head.name}={label}"][row] for row in good])
            np.testing.assert_allclose(column, wanted.probs[head.name][:, place], atol=1e-6)
    assert not list(tmp_path.glob("*.parts"))

    model.predict_files(photos, out=tmp_path / "answers.csv", workers=1)
    with (tmp_path / "answers.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    first = model.task.targets[0]
    told = table[first.name][good[0]]
    assert rows[good[0]][first.name] == ("|".join(told) if first.is_multi else told)
    assert [row["id"] for row in rows] == table["id"]


def test_a_start_after_a_stop_goes_on(
    model: DeployedModel, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predict_files, "PART", 10)
    whole = model.predict_files(photos, out=tmp_path / "whole.parquet", workers=1)
    written = predict_files._write_part
    asked: list[Path] = []

    def stop_after_two(part: Path, table: object) -> None:
        written(part, table)  # type: ignore[arg-type]
        asked.append(part)

    monkeypatch.setattr(predict_files, "_write_part", stop_after_two)
    monkeypatch.setattr(StopRequest, "is_made", property(lambda _: len(asked) == 2))
    with pytest.raises(Stopped):
        model.predict_files(photos, out=tmp_path / "answers.parquet", workers=1)
    assert not (tmp_path / "answers.parquet").exists()
    monkeypatch.setattr(predict_files, "_write_part", written)
    asked.clear()
    draw_images(photos.parent / "other", 1, seed=9)
    (photos.parent / "other" / "00.png").rename(photos / "03.png")  # an image of the first part changes
    done = model.predict_files(photos, out=tmp_path / "answers.parquet", workers=1)
    assert (done.n_images, done.n_kept) == (36, 10)
    first, second = (pq.read_table(path).to_pylist() for path in (whole.file, done.file))
    assert [row["id"] for row, other in zip(first, second, strict=True) if row != other] == [second[3]["id"]]


def test_the_command_writes_a_table_and_refuses_what_only_runs_have(
    model: DeployedModel, exported: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["predict", str(exported), str(photos), "-q", "--threads", "1"]
    assert main([*words, "--out", str(tmp_path / "answers.csv"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["n_images"], told["n_failed"], told["model_id"]) == (36, 1, model.model_id)
    assert main(words) == 2
    assert "--out answers.parquet" in capsys.readouterr().err
    assert main([*words, "--out", str(tmp_path / "a.csv"), "--tta", "hflip"]) == 2
    assert "--tta is for runs" in capsys.readouterr().err
    broken = tmp_path / "broken"
    broken.mkdir()
    (photos / "07.png").rename(broken / "07.png")
    assert main(["predict", str(exported), str(broken), "-q", "--out", str(tmp_path / "b.csv")]) == 3


def test_wrong_wishes_are_refused(model: DeployedModel, photos: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="says no format"):
        model.predict_files(photos, out=tmp_path / "answers.xlsx")
    (tmp_path / "answers.csv").touch()
    with pytest.raises(UsageError, match="already"):
        model.predict_files(photos, out=tmp_path / "answers.csv")
    with pytest.raises(SourceError, match="does not exist"):
        model.predict_files(tmp_path / "nowhere", out=tmp_path / "answers.parquet")
