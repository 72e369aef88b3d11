"""`podium regions`: a table, a sheet, counts; in the terminal, as JSON and in Python."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

import podium
from podium.cli import main
from podium.errors import UsageError
from podium.machine import Silent
from podium.regions import register_detector
from podium.report.own_png import is_own_png
from tiny.contest import Notes, make_settings
from tiny.faces import FaceDetector, draw_faces


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    register_detector("skin", FaceDetector(), version="1")
    draw_faces(tmp_path / "photos", 6, without=[2])
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.long
def test_the_command_writes_a_table_and_a_sheet(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    words = ["regions", "photos", "--detect", "skin,centre", "--region", "face", "upper_face", "--pad", "20"]
    words += ["--out", "boxes.csv"]
    assert main(words) == 0
    out = capsys.readouterr().out
    assert "6 images, asked: skin>centre:0.8" in out
    assert "podium train photos --regions boxes.csv --set image.region=face" in out
    table = pd.read_csv("boxes.csv")
    assert table.groupby(["region", "source"]).size().to_dict() == {
        ("face", "centre"): 1, ("face", "skin"): 5, ("upper_face", "centre"): 1, ("upper_face", "skin"): 5
    }  # fmt: skip
    assert (table[["x0", "y0"]] >= 0).all(axis=None)
    assert (table.x1 <= 60).all()
    assert (table.y1 <= 80).all()
    assert is_own_png(Path("boxes.png").read_bytes())
    assert main([*words, "--json", "--quiet"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["counts"]["face"] == {"skin": 5, "centre": 1}
    assert record["files"] == ["boxes.csv", "boxes.png"]


def test_a_table_is_completed_by_the_chain(folder: Path) -> None:
    Path("mine.csv").write_text("image,x0,y0,x1,y1\n00.png,1,2,30,40\n")
    options = podium.ScanOptions(unlabelled=True, regions=Path("mine.csv"))
    settings = make_settings(folder)
    found = podium.find_regions("photos", detect="centre", options=options, settings=settings, progress=Silent())
    assert found.counts == {"face": {"centre": 5, "table": 1}}
    with pytest.raises(UsageError, match="5 of 6 images have no box"):
        podium.find_regions("photos", options=options, settings=settings, progress=Silent())


@pytest.mark.slow
def test_images_that_nothing_was_found_in_are_told(folder: Path) -> None:
    notes = Notes()
    found = podium.find_regions("photos", detect="skin", settings=make_settings(folder), progress=notes)
    assert found.counts == {"face": {"skin": 5, "none": 1}}
    assert any("1 of 6 images has no box of face" in note for note in notes.notes)
    assert "skin" in repr(found)


def test_what_cannot_be_is_said_before_the_search(folder: Path) -> None:
    Path("photo.png").write_bytes(b"mine")
    with pytest.raises(UsageError, match="did not draw it"):
        podium.find_regions("photos", detect="centre", out="photo.csv")
    assert main(["regions", "photos", "--detect", "centre,skin"]) == 2
    assert main(["regions", "photos", "--detect", "retinafase,centre"]) == 2
