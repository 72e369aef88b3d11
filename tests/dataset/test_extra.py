"""Extra data: they train and are never judged, on the same folds as without them, and not beside their twins."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas
import pytest

import podium
from podium.cli import main
from podium.curate import Scan, ScanOptions
from podium.dataset import FoldOptions, read_source, save_scan
from podium.dataset.extra import add_extra, read_words
from podium.dataset.prepared import load_prepared
from podium.errors import LabelError, PodiumError, UsageError
from podium.tables import ALWAYS_TRAIN, LEFT_OUT, Samples, as_text_array
from podium.workflows import resume, train
from tiny.contest import TASKS, TINY, draw_images, make_recipe, make_samples, make_settings, results_of

SHAPES = ("single", "multi", "attributes")


def lay_out(root: Path, classes: tuple[str, ...] = ("a", "b"), seed: int = 0, n: int = 8) -> Path:
    for place, name in enumerate(classes):
        draw_images(root / name, n, seed=seed + place)
    return root


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    """A main folder, and an extra one that holds a copy of one main image."""
    mine, web = lay_out(tmp_path / "main"), lay_out(tmp_path / "web", seed=50)
    shutil.copy(mine / "a" / "00.png", web / "a" / "copy.png")
    return mine, web


def test_folds_are_those_without_extra_and_a_copy_stays_out_of_its_fold(
    places: tuple[Path, Path], tmp_path: Path
) -> None:
    mine, web = places
    plain = podium.prepare(mine, folds=2, settings=make_settings(tmp_path), recipe=make_recipe())
    both = podium.prepare(
        mine, folds=2, extra={"web": (web, 0.5)}, settings=make_settings(tmp_path), recipe=make_recipe()
    )
    fold = dict(zip(both.folds.ids, both.folds.fold, strict=True))
    assert all(fold[name] == number for name, number in zip(plain.folds.ids, plain.folds.fold, strict=True))
    is_extra = both.samples.is_extra
    assert is_extra.sum() == 17
    assert (both.folds.fold[is_extra] == ALWAYS_TRAIN).all()
    copy = both.samples.rows_of(["web:a/copy.png"])[0]
    judge = fold["a/00.png"]
    assert copy not in both.folds.train_rows(judge)
    assert copy in both.folds.train_rows(1 - judge)
    assert set(both.samples.weight[is_extra]) == {0.5}  # type: ignore[index]
    assert set(both.samples.weight[~is_extra]) == {1.0}  # type: ignore[index]
    assert any("17 extra images (web 17) train and are never judged. 1 is equal" in note for note in both.notes)
    both.save(tmp_path / "kept")
    again = load_prepared(tmp_path / "kept")
    assert again.folds.digest == both.folds.digest
    assert np.array_equal(again.folds.train_rows(judge), both.folds.train_rows(judge))


def test_what_is_like_the_holdout_trains_nowhere(places: tuple[Path, Path], tmp_path: Path) -> None:
    mine, web = places
    for name in ("a", "b"):
        for file in (mine / name).iterdir():
            shutil.copy(file, web / name / f"twin_{file.name}")
    how = FoldOptions(folds=2, holdout_fraction=0.3)
    both = podium.prepare(mine, folds=how, extra={"web": web}, settings=make_settings(tmp_path), recipe=make_recipe())
    held = both.samples.ids[both.folds.holdout_rows]
    twins = both.samples.rows_of([f"web:{name.replace('/', '/twin_')}" for name in held])
    assert len(held)
    assert (both.folds.fold[twins] == LEFT_OUT).all()
    assert not set(twins) & set(both.folds.learnt_rows)


@pytest.mark.long
@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_trains_with_extra_and_resumes_to_the_bit(shape: str, tmp_path: Path) -> None:
    mine = make_samples(tmp_path / "main", shape)
    web = _one_head(make_samples(tmp_path / "web", shape), tmp_path / "web")
    given = {"extra": {"web": (web, 0.5)}, "recipe": make_recipe(), "folds": 2, "name": "mine"}
    run = train(mine, settings=make_settings(tmp_path / "one"), **given)  # type: ignore[arg-type]
    assert set(run.oof.ids) == set(mine.ids)
    before = results_of(run.folder.path)
    for fold in run.folder.path.glob("fold-*"):
        shutil.rmtree(fold)
    shutil.rmtree(run.folder.path / "predictions")
    resume("mine", settings=make_settings(tmp_path / "one"))
    assert results_of(run.folder.path) == before
    plain = train(mine, settings=make_settings(tmp_path / "two"), recipe=make_recipe(), folds=2, name="mine")
    target = plain.oof.task.main_target.name
    assert not np.array_equal(plain.oof.probs[target], run.oof.probs[target])


def _one_head(samples: Samples, root: Path) -> Samples:
    """Other images with labels of the first head alone."""
    draw_images(root, len(samples), seed=7)
    head = samples.task.heads[0]  # type: ignore[union-attr]
    task = replace(TASKS["single"], heads=(head,))
    return replace(samples, task=task, labels={head.name: samples.labels[head.name]}, group=None)


def test_classes_are_known_respelt_dropped_or_refused_with_the_nearest(tmp_path: Path) -> None:
    found = read_source(lay_out(tmp_path / "main", ("cat", "dog")))
    respelt = add_extra(found, {"web": lay_out(tmp_path / "web", ("Cat", "dog"), seed=9)})
    assert np.bincount(respelt.samples.labels["label"]).tolist() == [16, 16]
    assert any("Took class 'Cat' for 'cat'" in note for note in respelt.notes)
    rare = add_extra(found, {"rare": lay_out(tmp_path / "rare", ("Dog",), seed=29)})
    assert np.bincount(rare.samples.labels["label"]).tolist() == [8, 16]
    wild = lay_out(tmp_path / "wild", ("cat", "doge", "rat"), seed=19)
    with pytest.raises(
        LabelError, match=r"'doge', 'rat'.*'doge' may be 'dog'.*extra_drop=\{'web': \['doge', 'rat'\]\}"
    ):
        add_extra(found, {"web": wild})
    for drop in (["*"], ["doge", "rat"]):
        kept = add_extra(found, {"web": wild}, drop={"web": drop})
        assert kept.samples.is_extra.sum() == 8
        assert kept.samples.split is not None


def test_soft_labels_stay_soft_under_the_classes_of_the_task(tmp_path: Path) -> None:
    found = read_source(lay_out(tmp_path / "main", ("cat", "dog")))
    names = as_text_array(draw_images(tmp_path / "soft", 4, seed=5))
    assert found.samples.task is not None
    soft = Samples(
        tmp_path / "soft",
        names,
        names,
        found.samples.task,
        {"label": np.array([0, 1, 0, 1])},
        soft={"label": np.array([[0.7, 0.3], [0.4, 0.6], [1.0, 0.0], [0.1, 0.9]])},
    )
    save_scan(Scan(soft), tmp_path / "kept")
    both = add_extra(found, {"soft": (tmp_path / "kept" / "samples.csv", 2)}).samples
    assert np.allclose(both.soft["label"][-4:], soft.soft["label"])
    assert set(both.soft["label"][:16].ravel()) == {0.0, 1.0}


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ({"web": ("web", 0)}, "weight of 'web' must be a number above 0"),
        ({"a:b": "web"}, "cannot name a source"),
        (["web"], "expected names with data"),
        ({"web": "nowhere"}, "extra data 'web': there is no such file or folder"),
    ],
)
def test_wrong_extra_data_are_refused(
    extra: object, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lay_out(tmp_path / "main")
    lay_out(tmp_path / "web", seed=9)
    with pytest.raises(PodiumError, match=message):
        podium.scan("main", extra=extra)  # type: ignore[arg-type]


def test_words_of_the_command_line() -> None:
    assert read_words(["web=a:b", "old=c:2"]) == {"web": "a:b", "old": ("c", 2.0)}
    for word in ("web", "=a", "web="):
        with pytest.raises(UsageError, match="cannot read"):
            read_words([word])
    with pytest.raises(UsageError, match="twice"):
        read_words(["a=b", "a=c"])


@pytest.mark.long
def test_the_commands_take_extra_data_and_say_how_many(
    places: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    common = ["--device", "cpu", "--threads", "1", "-q"]
    assert main(["train", "main", "--folds", "2", "--name", "plain", "--set", *TINY, *common]) == 0
    capsys.readouterr()
    words = ["train", "main", "--extra", "web=web:0.5", "--folds-from", "runs/plain", "--name", "more", "--set", *TINY]
    assert main([*words, *common]) == 0
    assert "17 extra images (web 17)" in capsys.readouterr().out
    assert main(["split", "main", "--extra", "web=web", "--folds-from", "runs/more", "--out", "kept", "-q"]) == 0
    assert main(["scan", "main", "--extra", "web=web", "-q"]) == 0
    assert "33 images" in capsys.readouterr().out
    assert main(["runs", "--diff", "plain", "more", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["score"]["verdict"] in ("helps", "hurts", "cannot tell")
    assert main(["runs", "--diff", "plain", "more"]) == 0
    assert "more against plain, on the same images: macro F1" in capsys.readouterr().out
    assert main(["train", "kept", "--extra", "web=web", "--set", *TINY, *common]) == 2


def test_boxes_of_extra_images_stand_in_the_table_of_the_main_data(places: tuple[Path, Path], tmp_path: Path) -> None:
    mine, web = places
    names = [path.relative_to(mine).as_posix() for path in sorted(mine.rglob("*.png"))]
    table = pandas.DataFrame({"image": [*names, "web:a/00.png", "web:b/01.png"], "x0": 1, "y0": 2, "x1": 9, "y1": 8})
    options = ScanOptions(regions=table)
    found = add_extra(read_source(mine, options), {"web": web}, options)
    boxes, ids = found.samples.boxes["face"], found.samples.ids
    has = {name for name, known in zip(ids, boxes.is_there, strict=True) if known}
    assert has == {*names, "web:a/00.png", "web:b/01.png"}
    assert (boxes.corners[boxes.is_there] == [1, 2, 9, 8]).all()
    assert any(note.startswith("web: Boxes of ") and "2 images of 17" in note for note in found.notes)
    cut = make_recipe("image.region=face")
    with pytest.raises(PodiumError, match="15 of 33 images have no box") as refused:
        podium.prepare(mine, folds=2, extra={"web": web}, options=options, settings=make_settings(tmp_path), recipe=cut)
    assert "NAME:image" in str(refused.value.fix)
    with pytest.raises(PodiumError, match="extra data 'web': no row names an image"):
        add_extra(read_source(mine), {"web": web}, ScanOptions(regions=table.assign(image="web:strange.png")))
