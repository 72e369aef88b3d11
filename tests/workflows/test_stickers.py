"""`podium stickers`: new images, labels that `--extra` takes, the same for the same seed."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

import podium
from podium.cli import main
from podium.durable import sha256_file
from podium.errors import UsageError
from podium.machine import Silent
from podium.regions import register_detector
from podium.tables import EXTRA
from tiny.contest import make_recipe, make_samples, make_settings
from tiny.faces import FaceDetector, draw_faces


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    register_detector("skin", FaceDetector(), version="1")
    draw_faces(tmp_path / "faces", 6, without=[2])
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.long
def test_the_command_makes_images_and_touches_no_original(capsys: pytest.CaptureFixture[str]) -> None:
    originals = {path.name: sha256_file(path) for path in Path("faces").iterdir()}
    words = ["stickers", "faces", "--sticker", "surgical", "cloth", "--label", "mask=worn", "--detect", "skin"]
    assert main([*words, "--copies", "2", "--out", "made", "--json", "--quiet"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["n_images"], record["n_left_out"]) == (10, 1)
    assert {path.name: sha256_file(path) for path in Path("faces").iterdir()} == originals
    table = pd.read_csv("made/labels.csv")
    assert set(table["mask"]) == {"worn"}
    assert set(table["sticker"]) <= {"surgical", "cloth"}
    made = {name: sha256_file(Path("made") / name) for name in table["image"]}
    for row in table.itertuples():
        before, after = cv2.imread(f"faces/{row.original}"), cv2.imread(f"made/{row.image}")
        assert before.shape == after.shape
        assert 50 < (before != after).any(axis=2).sum() < 1500
    assert main([*words, "--copies", "2", "--out", "again", "--quiet"]) == 0
    assert {name: sha256_file(Path("again") / name) for name in table["image"]} == made
    assert main([*words, "--copies", "2", "--out", "other", "--seed", "1", "--quiet"]) == 0
    assert {name: sha256_file(Path("other") / name) for name in table["image"]} != made


@pytest.mark.slow
@pytest.mark.parametrize("shape", ["single", "multi", "attributes"])
def test_a_training_takes_them_as_extra_data(folder: Path, shape: str) -> None:
    samples = make_samples(folder / "photos", shape)
    label = {"multi": {"tags": "red"}}.get(shape, {"mask": "worn"})
    settings = make_settings(folder)
    faces = samples.take(np.arange(6))
    draw_faces(samples.root, 6)
    made = podium.stickers(faces, "made", label=label, detect="skin", settings=settings, progress=Silent())
    run = podium.train(
        samples, recipe=make_recipe(), folds=2, extra={"worn": made.table}, settings=settings, progress=Silent()
    )
    is_extra = run.samples.split == EXTRA
    assert is_extra.sum() == 6
    if shape == "multi":
        assert (run.samples.labels["tags"][is_extra, 0] == 1).all()
        assert (run.samples.labels["tags"][is_extra, 1] == samples.labels["tags"][:6, 1]).all()
    else:
        assert set(run.samples.labels["mask"][is_extra]) == {0}


@pytest.mark.slow
def test_a_sticker_of_ones_own_fills_the_box_of_a_table(folder: Path) -> None:
    pixels = np.full((8, 8, 4), 255, np.uint8)
    pixels[..., :3] = (10, 20, 30)  # blue, green, red
    cv2.imwrite("logo.png", pixels)
    Path("boxes.csv").write_text("image,region,x0,y0,x1,y1\n00.png,logo,10,20,30,50\n")
    options = podium.ScanOptions(unlabelled=True, regions=Path("boxes.csv"))
    made = podium.stickers(
        "faces", "made", sticker="logo.png", region="logo", jitter=0, detect="skin", options=options, progress=Silent(),
        settings=make_settings(folder),
    )  # fmt: skip
    assert made.counts == {"logo": 5}
    picture = cv2.imread("made/images/00--sticker-0.png")
    assert (picture[23:47, 13:27] == [10, 20, 30]).all()


def test_what_is_no_sticker_is_refused(folder: Path) -> None:
    cv2.imwrite("flat.png", np.zeros((4, 4, 3), np.uint8))
    for sticker, words in (("flat.png", "alpha"), ("none.png", "no such"), ("surgicel", "surgical")):
        with pytest.raises(UsageError, match=words):
            podium.stickers("faces", "made", sticker=sticker, detect="skin")
    Path("taken").mkdir()
    Path("taken/mine.txt").write_text("mine")
    with pytest.raises(UsageError):
        podium.stickers("faces", "taken", detect="skin", progress=Silent(), settings=make_settings(folder))
