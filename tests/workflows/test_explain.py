"""E2: maps come from the model that did not learn the image, over what it saw, for all task shapes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from podium.cli import main
from podium.data import eval_batch
from podium.errors import UnknownNameError, UsageError
from podium.explain import enlarge, find_layers, make_maps
from podium.explain.choose_shown import choose_shown
from podium.explain.region_masks import region_masks
from podium.images import resize_to
from podium.machine import Silent
from podium.tables import Boxes, Samples, as_text_array, no_boxes
from podium.workflows import Run, train
from podium.workflows.explain import explain_run
from tiny.contest import MASK, TAGS, make_recipe, make_settings

Contest = Callable[[str], Samples]
CASES = {
    "frozen": ("single", ("features.depths=[2,last]",)),
    "multi": ("multi", ("model.freeze=none", "predict_views=[plain]")),
    "separate": ("attributes", ("model.freeze=none", "model.arrangement=separate", "image.fit=pad")),
}


@pytest.fixture(scope="module")
def runs(contest: Contest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    made = {}
    for name, (shape, lines) in CASES.items():
        settings = make_settings(tmp_path_factory.mktemp(name))
        made[name] = train(contest(shape), recipe=make_recipe(*lines), folds=2, name=name, settings=settings)
    return made


@pytest.mark.long
@pytest.mark.parametrize("name", list(CASES))
def test_an_image_is_explained_by_the_model_that_did_not_learn_it(runs: dict[str, Run], name: str) -> None:
    run = runs[name]
    made = run.explain(n=4, curves=2)
    oof = run.oof
    fold_of = dict(zip(oof.ids.tolist(), oof.fold.tolist(), strict=True))
    predictor = run.predictor()
    for one in made.heads:
        model = next(key for key, task in predictor.models.items() if one.head in [head.name for head in task.heads])
        head = next(head for head in predictor.models[model].heads if head.name == one.head)
        for place in (0, len(one.shown) - 1):
            image = one.shown[place]
            assert image.fold == fold_of[image.id]
            seen = torch.from_numpy(one.pictures[place : place + 1])
            stored = predictor.store([run.samples.file(int(run.samples.rows_of([image.id])[0]))])
            wanted = np.empty_like(one.pictures[:1])
            eval_batch(stored.pixels, np.array([0]), wanted)
            np.testing.assert_array_equal(one.pictures[place], wanted[0])  # the picture is what the network saw
            network = predictor.network(image.fold, model)
            layers = find_layers(network, seen, one.head)
            number = torch.tensor([head.classes.index(image.explained)])
            maps = make_maps(network, seen, layers, one.head, number, one.method)
            np.testing.assert_allclose(one.maps[place], enlarge(maps, (32, 32))[0], rtol=1e-4, atol=1e-6)
        assert one.removal is not None
        assert one.removal.n == 2


@pytest.mark.slow
def test_heads_classes_and_titles(runs: dict[str, Run]) -> None:
    run = runs["separate"]
    assert [one.head for one in run.explain(n=2, curves=0).heads] == ["mask", "age", "tags"]
    (one,) = run.explain(heads="mask", classes="none", n=20, curves=0).heads
    assert {image.explained for image in one.shown} == {"none"}
    assert {"none", "worn"} >= {image.truth for image in one.shown}
    for image in one.shown:
        assert image.is_right == (image.truth == image.answer)
        assert image.words.startswith(f"{image.truth}-{image.answer} ({'O' if image.is_right else 'X'})")
    assert runs["frozen"].explain(n=2, curves=0).main.method == "hirescam"
    assert run.explain(heads="mask", n=2, curves=0).main.method == "gradcam"


def test_other_images_get_the_mean_of_all_models(runs: dict[str, Run]) -> None:
    run = runs["multi"]
    files = [run.samples.file(row) for row in (3, 8)]
    made = run.explain(files, classes=["green", "red"]).main
    assert made.sheets == ["green", "red"]
    predictor = run.predictor()
    seen, total = torch.from_numpy(made.pictures[:1]), np.zeros((1, 4, 4))
    for fold in predictor.folds:
        network = predictor.network(fold, "all")
        maps = make_maps(network, seen, find_layers(network, seen, "tags"), "tags", torch.tensor([1]), "gradcam")
        total += maps / max(maps.sum(), 1e-30) / 2
    np.testing.assert_allclose(made.maps[0], enlarge(total.astype(np.float32), (32, 32))[0], rtol=1e-3, atol=1e-6)
    assert made.shown[0].prob == pytest.approx(run.predict(files).probs["tags"][0, 1], abs=1e-5)


@pytest.mark.long
def test_the_command_writes_sheets_numbers_and_the_report(
    runs: dict[str, Run], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = runs["frozen"]
    words = ["explain", "frozen", "--runs", str(run.settings.runs), "--n", "3", "--curves", "2", "--quiet"]
    assert main([*words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["heads"][0]["layers"] == ["network.stage1"]
    sheets = told["heads"][0]["sheets"]
    assert all((run.folder.explanation_folder / file).is_file() for file in sheets.values())
    page = run.folder.report_file.read_text(encoding="utf-8")
    assert 'id="explanation"' in page
    assert page.count("data:image/jpeg") >= len(sheets)
    assert main(words) == 0
    assert "deletion" in capsys.readouterr().out
    image = str(run.samples.file(0))
    assert main(["explain", "frozen", "--runs", str(run.settings.runs), "--images", image, "--out", str(tmp_path)]) == 0
    assert (tmp_path / "maps-1-1.png").is_file()
    run.explain(classes="none", n=2, curves=1).save(run.folder.explanation_folder)
    assert len(list(run.folder.explanation_folder.glob("*.png"))) == 1  # the sheets of the call before are gone
    (tmp_path / "maps-1-1.png").write_bytes(b"mine")
    with pytest.raises(UsageError, match="no sheet that Podium wrote"):
        run.explain(image).save(tmp_path)


@pytest.mark.slow
def test_maps_of_other_weights_are_not_shown(runs: dict[str, Run]) -> None:
    run = runs["multi"]
    made = run.explain(n=2, curves=0)
    replace(made, weights={"fold-0/all": "other"}).save(run.folder.explanation_folder)
    assert 'id="explanation"' not in run.report().read_text(encoding="utf-8")
    made.save(run.folder.explanation_folder)
    assert 'id="explanation"' in run.report().read_text(encoding="utf-8")


def test_a_box_goes_the_way_of_the_image(runs: dict[str, Run]) -> None:
    """40 x 36 pixels in a letterbox of 32: the right half is the right half of 29 rows."""
    run = runs["separate"]
    samples, recipe = run.samples, run.predictor().recipe
    boxes = no_boxes(len(samples))
    corners = boxes.corners.copy()
    corners[:] = (20, 0, 40, 36)
    corners[1] = 0
    found = Boxes(corners, as_text_array(["table"] * len(samples)), boxes.score.copy(), boxes.points.copy())
    masks = region_masks(samples, found, [0, 1], recipe, recipe.image.region)
    drawn = np.zeros((36, 40, 3), np.uint8)
    drawn[:, 20:] = 255
    np.testing.assert_allclose(masks[0], resize_to(drawn, 32, 32, "pad")[..., 0] / 255, atol=1e-6)
    assert masks[1].max() == 0
    with_boxes = replace(samples, boxes={"mark": found})
    one = explain_run(run.folder, run.settings, Silent(), heads=["mask"], n=6, n_curves=0, samples=with_boxes).main
    assert [line.name for line in one.energy] == ["", "worn", "none"]
    known = [image for image in one.shown if image.energy is not None]
    assert known
    place = one.shown.index(known[0])
    row = int(samples.rows_of([known[0].id])[0])
    inside = region_masks(samples, found, [row], recipe, recipe.image.region)[0] * one.maps[place]
    assert known[0].energy == pytest.approx(inside.sum() / one.maps[place].sum(), rel=1e-4)


def test_a_sheet_has_right_and_wrong_answers_and_stays_the_same() -> None:
    rng = np.random.default_rng(0)
    labels, decisions, keys = rng.integers(-1, 2, 300), rng.integers(0, 2, 300), rng.permutation(300).astype(np.uint64)
    found = choose_shown(MASK, labels, decisions, keys, 25)
    for number in (0, 1):
        own = found.sheet == number
        assert own.sum() == 25
        assert (~found.is_right[own]).sum() == 10
        assert (labels[found.rows[own]] == number).all()
    np.testing.assert_array_equal(found.explained, decisions[found.rows])
    order = rng.permutation(300)
    again = choose_shown(MASK, labels[order], decisions[order], keys[order], 25)
    np.testing.assert_array_equal(order[again.rows], found.rows)
    tags, answers = rng.integers(-1, 2, (50, 2)), rng.integers(0, 2, (50, 2))
    several = choose_shown(TAGS, tags, answers, keys[:50], 9)
    for row, number in zip(several.rows, several.explained, strict=True):
        assert tags[row, number] >= 0
        assert tags[row, number] == 1 or answers[row, number] == 1


def test_what_cannot_be_explained_is_refused(runs: dict[str, Run], tmp_path: Path) -> None:
    run = runs["frozen"]
    with pytest.raises(UnknownNameError, match="unknown head 'nose'"):
        run.explain(heads="nose")
    with pytest.raises(UnknownNameError, match="'warn'"):
        run.explain(classes="warn")
    with pytest.raises(UnknownNameError, match="method"):
        run.explain(method="lime")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="vision transformer"):
        run.explain(method="rollout")
    with pytest.raises(UsageError, match="no boxes of face"):
        run.explain(region="face")
    with pytest.raises(UsageError, match="no images"):
        run.explain(tmp_path)
    with pytest.raises(UsageError, match="own images"):
        run.explain(run.samples.file(0), region="face")
    with pytest.raises(UsageError, match="n=0"):
        run.explain(n=0)
