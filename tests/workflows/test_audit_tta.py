"""The audit of test-time views: honest rows, exact combinations, nothing made twice, and what predictions do since."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from podium import durable
from podium.data import MemoryImages, open_cache
from podium.errors import Stopped, UnknownNameError, UsageError
from podium.predicting import predict_views
from podium.recipe import load_recipe
from podium.report.contents import read_contents
from podium.report.plots import write_plots
from podium.report.views_section import describe_views
from podium.store import ChosenViews, digest_views, find_stale, load_tables
from podium.tables import Samples, load_predictions
from podium.training.predictor import open_predictor
from podium.workflows import Run, load_run, train
from podium.workflows.audit_tta import _Answers
from tiny.contest import Notes, copy_run, draw_images, make_recipe, make_settings

Contest = Callable[[str], Samples]
WHOLE = ("model.freeze=none", "predict_views=[plain]")
CASES = {
    "frozen single": ("single", ("feature_views=[plain]", "predict_views=[plain]")),
    "whole multi": ("multi", WHOLE),
    "whole separate": ("attributes", (*WHOLE, "model.arrangement=separate")),
    "frozen joint": ("attributes", ("feature_views=[plain]", "predict_views=[plain]", "model.arrangement=joint")),
}
VIEWS = ("hflip", "hflip+rot90", "scale-0.8")


@pytest.fixture(scope="module", params=list(CASES))
def run(request: pytest.FixtureRequest, contest: Contest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    shape, lines = CASES[request.param]
    settings = make_settings(tmp_path_factory.mktemp("run"))
    return train(contest(shape), recipe=make_recipe(*lines), folds=2, settings=settings)


only_one = pytest.mark.parametrize("run", ["frozen single"], indirect=True)


def follow(run: Run, *views: str) -> None:
    """Make the run predict with these views, as an audit that chose them."""
    record = durable.read_json(run.folder.views_file)
    durable.write_sealed(run.folder.views_file, record | {"chosen": {"follow": True, "views": ["plain", *views]}})


@pytest.mark.long
def test_a_mean_over_views_is_what_the_predictor_says_of_each_folds_valid_images(run: Run) -> None:
    run.audit_tta(views=VIEWS)
    samples, folds = load_tables(run.folder)
    made = predict_views.predict_views(run.folder, ("plain", *VIEWS), run.settings, Notes())
    found, _ = _Answers(made, load_recipe(run.folder.recipe_file), samples, run.folder).of(("plain", *VIEWS))
    cache = open_cache(run.settings.cache_folder / run.folder.read()["cache_key"])
    predictor = open_predictor(run.folder, run.settings, Notes(), chosen=ChosenViews(("plain", *VIEWS)))
    for fold, wanted in predictor.predict_folds(cache):
        ids = samples.ids[folds.valid_rows(fold)]
        for name, values in wanted.align(ids).probs.items():
            np.testing.assert_allclose(found.align(ids).probs[name], values, atol=1e-6, err_msg=name)


@pytest.mark.slow
def test_the_plain_view_is_the_out_of_fold_table(run: Run) -> None:
    made = predict_views.predict_views(run.folder, ("plain",), run.settings, Notes()).by_view["plain"]
    for name, values in run.oof.align(made.ids).probs.items():
        np.testing.assert_allclose(made.probs[name], values, atol=1e-5)


@pytest.mark.slow
@only_one
def test_a_second_call_makes_nothing_and_other_weights_are_noticed(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = copy_run(run, tmp_path)
    first = mine.audit_tta(views=VIEWS)
    opened: list[str] = []
    real = predict_views.open_predictor
    monkeypatch.setattr(predict_views, "open_predictor", lambda *a, **k: opened.append("once") or real(*a, **k))
    assert mine.audit_tta(views=VIEWS).to_dict() == first.to_dict()
    assert not opened
    mine.folder.view_predictions_file("hflip", 1).unlink()  # as after a kill
    assert mine.audit_tta(views=VIEWS).to_dict()["lines"][1]["score"] == first.lines[1].score
    assert opened == ["once"]
    assert not [item for item in find_stale(mine.folder) if item.file == "tta.json"]
    about = next((mine.folder.path / "fold-0").glob("*/model.json"))
    durable.write_json(about, durable.read_json(about) | {"sha256": "another"})
    assert "tta.json" in [item.file for item in find_stale(mine.folder)]
    assert predict_views._Maker(mine.folder, mine.settings, Notes()).read("plain", 0) is None
    assert predict_views._Maker(mine.folder, mine.settings, Notes()).read("plain", 1) is not None


@pytest.mark.slow
def test_predictions_use_what_was_chosen_unless_views_are_named(run: Run, tmp_path: Path) -> None:
    mine = copy_run(run, tmp_path)
    draw_images(tmp_path / "test", 4, seed=9)
    mine.audit_tta(views=VIEWS)
    follow(mine, "hflip")
    kept = mine.folder.predictions_file("test").with_suffix(".json")
    chosen = mine.predict(tmp_path / "test")
    assert durable.read_json(kept)["views"] == ["plain", "hflip"]
    named = mine.predict(tmp_path / "test", tta=["hflip"], name="named")
    plain = mine.predict(tmp_path / "test", tta="none", name="plain")
    in_memory = mine.predict(sorted((tmp_path / "test").iterdir()))
    for name, values in chosen.probs.items():
        np.testing.assert_array_equal(values, named.probs[name])
        np.testing.assert_allclose(values, in_memory.probs[name], atol=1e-5)
        assert not np.array_equal(values, plain.probs[name])
    assert digest_views(mine.folder)
    follow(mine, "rot90")
    stale = [item.file for item in find_stale(mine.folder)]
    assert "predictions/test.parquet" in stale
    assert "predictions/named.parquet" not in stale


@pytest.mark.long
@only_one
def test_the_report_shows_what_every_view_adds(run: Run, tmp_path: Path) -> None:
    audit = run.audit_tta(views=VIEWS)
    section = describe_views(read_contents(run.folder))
    assert section is not None
    assert [row.view for row in section.rows] == ["plain", *VIEWS]
    assert section.gain == audit.gain.difference
    page = run.folder.report_file.read_text()
    assert '<section id="views">' in page
    assert f"{audit.lines[1].added.difference.value:+.4f}" in page  # type: ignore[union-attr]
    assert tmp_path / "views.png" in write_plots(run.folder, tmp_path)


@pytest.mark.slow
def test_one_answer_for_several_images_is_judged_by_its_answers(contest: Contest, tmp_path: Path) -> None:
    samples = contest("single")
    bags = replace(samples, bag=samples.group)
    mine = train(bags, recipe=make_recipe(*CASES["frozen single"][1]), folds=2, settings=make_settings(tmp_path))
    audit = mine.audit_tta(views=["hflip"])
    assert audit.n == len(set(samples.group_keys)) == 18
    assert audit.score == pytest.approx(mine.scores.main.value)


@pytest.mark.slow
@only_one
def test_the_plain_view_alone_goes_back_to_the_recipe(run: Run, tmp_path: Path) -> None:
    mine = copy_run(run, tmp_path)
    mine.audit_tta(views=["hflip"])
    follow(mine, "hflip")
    assert mine.predictor().views == ("plain", "hflip")
    assert not mine.audit_tta(views="plain").follow
    assert mine.predictor().views == ("plain",)


@pytest.mark.slow
@only_one
def test_a_stop_keeps_what_is_predicted(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = copy_run(run, tmp_path)
    shutil.rmtree(mine.folder.view_predictions_file("plain", 0).parent, ignore_errors=True)
    real = predict_views._Maker._time

    def time_then_stop(maker: predict_views._Maker, view: str, fold: int) -> None:
        real(maker, view, fold)
        if view == "hflip":
            os.kill(os.getpid(), signal.SIGTERM)

    with monkeypatch.context() as patch:
        patch.setattr(predict_views._Maker, "_time", time_then_stop)
        with pytest.raises(Stopped, match="Go on with"):
            mine.audit_tta(views=VIEWS)
    assert mine.folder.view_predictions_file("hflip", 1).is_file()
    assert not mine.folder.view_predictions_file("scale-0.8", 0).is_file()
    assert mine.audit_tta(views=VIEWS).to_dict()["lines"][1]["view"] == "hflip"


@only_one
def test_what_cannot_be_audited_is_refused(run: Run) -> None:
    with pytest.raises(UnknownNameError, match="'hflip'"):
        run.audit_tta(views=["hflop"])
    with pytest.raises(UsageError, match=r"8 x 8 stored pixels.*32 x 32"):
        run.audit_tta(views=["tiles-4x4"])
    with pytest.raises(UnknownNameError, match="metric"):
        run.audit_tta(views=["hflip"], metric="quadratic_kapa")
    with pytest.raises(UsageError, match="level"):
        run.audit_tta(level=1.5)


def draw_letters(folder: Path, n: int) -> Samples:
    """A small bright square; its size, 6 or 9 pixels of 32, is the class, so a smaller scale is another class."""
    from PIL import Image

    from podium.tables import Head, Task, as_text_array

    rng = np.random.default_rng(0)
    folder.mkdir()
    labels = np.arange(n) % 2
    names = [f"{row:03d}.png" for row in range(n)]
    for name, label in zip(names, labels, strict=True):
        pixels = rng.integers(0, 90, (32, 32, 3), dtype=np.uint8)
        side = 9 if label else 6
        x, y = rng.integers(2, 30 - side, 2)
        pixels[y : y + side, x : x + side] = 255
        Image.fromarray(pixels).save(folder / name)
    task = Task((Head("size", "single", ("small", "large")),))
    return Samples(folder, as_text_array(names), as_text_array(names), task, {"size": labels})


@pytest.mark.long
def test_scale_fell_and_turns_stayed_as_a_contest_saw_it(tmp_path: Path) -> None:
    """On letters rot90 gave +0.0067 and scale -0.056: here the size is the class, and a turn says nothing of it."""
    lines = ("model.freeze=none", "predict_views=[plain]", "training.epochs=8", "optimizer.lr=0.02")
    samples = draw_letters(tmp_path / "images", 160)
    run = train(samples, recipe=make_recipe(*lines), folds=2, settings=make_settings(tmp_path))
    audit = run.audit_tta(views=["rot90", "scale-0.6"])
    by_view = {line.view: line for line in audit.lines}
    assert by_view["scale-0.6"].alone is not None
    assert by_view["scale-0.6"].alone.verdict == "hurts"
    assert "scale-0.6" not in audit.views
    assert audit.harmful == ["scale-0.6"]
    assert by_view["rot90"].score > by_view["scale-0.6"].score + 0.2
    assert load_run(run.name, runs=run.settings.runs).predict(tmp_path / "images").ids.size == 160
    kept = durable.read_json(run.folder.predictions_file("test").with_suffix(".json"))
    assert "scale-0.6" not in kept["views"]
    assert load_predictions(run.folder.view_predictions_file("scale-0.6", 0)).ids.size == 80


@pytest.mark.slow
@only_one
def test_tiles_are_cut_from_larger_images_and_predictions_decode_theirs_as_large(run: Run, tmp_path: Path) -> None:
    mine = copy_run(run, tmp_path)
    audit = mine.audit_tta(views=["tiles-2x2-max"], stored_px=64)
    assert audit.stored_px == (64, 64)
    assert [line.passes for line in audit.lines] == [1, 4]
    plain = predict_views.predict_views(mine.folder, ("plain",), mine.settings, Notes()).by_view["plain"]
    large = predict_views.predict_views(mine.folder, ("plain",), mine.settings, Notes(), stored_px=(64, 64))
    assert not np.array_equal(plain.probs["mask"], large.by_view["plain"].probs["mask"])
    record = durable.read_json(mine.folder.views_file)
    chosen = {"follow": True, "views": ["plain", "tiles-2x2-max"], "stored_px": [64, 64]}
    durable.write_sealed(mine.folder.views_file, record | {"chosen": chosen})
    draw_images(tmp_path / "test", 4, seed=9)
    found = mine.predict(tmp_path / "test")
    named = mine.predict(tmp_path / "test", tta="tiles-2x2-max", name="named")
    np.testing.assert_array_equal(found.probs["mask"], named.probs["mask"])
    predictor = mine.predictor()
    assert predictor.recipe.image.stored_sides == (64, 64)
    pieces = predictor.store(sorted((tmp_path / "test").iterdir())).pixels[:, :32, 32:]  # the second tile
    alone = predictor.predict(sorted((tmp_path / "test").iterdir()), views=["box:0.5,0,1,0.5"])
    by_hand = predictor.inputs(MemoryImages(alone.ids, np.ascontiguousarray(pieces)), views=["plain"])
    for fold in predictor.folds:
        made = predictor.predict_rows(fold, alone.ids, {"all": by_hand}, np.arange(4), ["plain"])
        own = predictor.predict(sorted((tmp_path / "test").iterdir()), views=["box:0.5,0,1,0.5"], folds=[fold])
        np.testing.assert_allclose(made.probs["mask"], own.probs["mask"], atol=1e-5)
    with pytest.raises(UsageError, match="32 x 32"):
        mine.audit_tta(views=["hflip"], stored_px=16)
    with pytest.raises(UsageError, match="shows pieces") as refused:
        mine.audit_tta(views=["tiles-2x2"])
    assert refused.value.field == "views"
