"""Corrections named at the door: a file or a frame, for every kind of source."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import podium
from podium.curate import read_corrections
from podium.errors import LabelError, TableError, UsageError
from podium.tables import Correction, save_corrections
from tiny.contest import draw_images


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for name in ("cat", "dog"):
        draw_images(tmp_path / "photos" / name, 4, seed=len(name))
    return tmp_path / "photos"


def test_a_file_is_laid_over_a_folder(photos: Path, tmp_path: Path) -> None:
    file = tmp_path / "corrections.csv"
    rows = [Correction("cat/00.png", "label", "cat", "dog", "kim"), Correction("dog/01.png", "", "", "drop")]
    save_corrections(rows, file)
    before = {path: path.read_bytes() for path in photos.rglob("*.png")}
    found = podium.scan(photos, corrections=file)
    assert found.samples.corrections == tuple(rows)
    names = dict(zip(found.samples.ids, found.samples.labels["label"].tolist(), strict=True))
    assert names["cat/00.png"] == 1
    assert names["cat/01.png"] == 0
    assert "dog/01.png" not in names
    assert "1 label corrected, 1 image dropped" in found.notes[-1]
    assert before == {path: path.read_bytes() for path in photos.rglob("*.png")}


@pytest.mark.slow
def test_a_frame_and_samples_and_several_sources(photos: Path, tmp_path: Path) -> None:
    frame = pd.DataFrame({"image": ["cat/00.png"], "head": ["label"], "old": ["cat"], "new": ["dog"], "seen": ["x"]})
    samples = podium.scan(photos).samples
    assert podium.scan(samples, corrections=frame).samples.labels["label"][0] == 1
    draw_images(tmp_path / "more" / "cat", 2, seed=9)
    draw_images(tmp_path / "more" / "dog", 2, seed=10)
    frame["image"] = "more:cat/00.png"
    both = podium.scan([photos, tmp_path / "more"], corrections=frame).samples
    assert both.labels["label"][both.rows_of(["more:cat/00.png"])] == 1
    prepared = podium.prepare(samples, folds=2, settings=podium.Settings(runs=tmp_path / "runs"))
    with pytest.raises(UsageError, match="keeps its folds"):
        podium.prepare(prepared, options=podium.ScanOptions(corrections=frame))


def test_formulas_and_names_come_back_as_they_were(tmp_path: Path) -> None:
    rows = [Correction("=a.png", "label", "-1", "+1"), Correction("'b.png", "label", "'t", "x", when="@noon")]
    save_corrections(rows, tmp_path / "c.csv")
    assert read_corrections(tmp_path / "c.csv") == (rows, [2, 3])


@pytest.mark.parametrize("ending", ["csv", "parquet", "frame"])
def test_a_table_without_a_row_corrects_nothing(ending: str, photos: Path, tmp_path: Path) -> None:
    frame, file = pd.DataFrame(columns=["image", "head", "old", "new"], dtype=str), tmp_path / f"none.{ending}"
    if ending == "csv":
        frame.to_csv(file, index=False)
    elif ending == "parquet":
        frame.to_parquet(file)
    found = podium.scan(photos, corrections=frame if ending == "frame" else file)
    assert found.samples.digest == podium.scan(photos).samples.digest
    assert "none yet, the table has a header alone" in found.notes[-1]


def test_what_is_wrong_names_its_row(photos: Path, tmp_path: Path) -> None:
    file = tmp_path / "c.csv"
    file.write_text("image,head,old,new\ncat/00.png,label,dog,cat\n")
    with pytest.raises(LabelError, match=r"row 2: 'cat/00.png' has the label 'cat' for 'label', not 'dog'"):
        podium.scan(photos, corrections=file)
    file.write_text("image,head,old,new\ncat/00.png,label,cat,\n")
    with pytest.raises(TableError, match="row 2: the cell 'new' is empty"):
        podium.scan(photos, corrections=file)
    file.write_text("image,label,old,new\ncat/00.png,label,cat,dog\n")
    with pytest.raises(TableError, match=r"missing: head\."):
        podium.scan(photos, corrections=file)
