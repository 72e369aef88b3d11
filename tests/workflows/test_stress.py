"""E9: the card is out of fold, clean images are answered as in the run, nothing is made twice, the report shows it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

import podium
from podium.cli import main
from podium.corruptions import CORRUPTIONS
from podium.data import MemoryImages
from podium.dataset.corrupted_images import CorruptedImages
from podium.errors import UnknownNameError, UsageError
from podium.images import store_as
from podium.report.contents import read_contents
from podium.report.robustness_section import describe_robustness
from podium.tables import Samples, load_predictions, no_boxes
from podium.workflows import Run, train
from podium.workflows.predict_corrupted import CorruptedPredictions
from tiny.contest import make_recipe, make_settings

Contest = Callable[[str], Samples]
CASES = {
    "frozen": ("single", ("features.depths=[2,last]",)),
    "whole": ("multi", ("model.freeze=none",)),
    "separate": ("attributes", ("model.freeze=none", "model.arrangement=separate", "image.fit=pad")),
}


@pytest.fixture(scope="module")
def runs(contest: Contest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    made = {}
    for name, (shape, lines) in CASES.items():
        settings = make_settings(tmp_path_factory.mktemp(name))
        made[name] = train(contest(shape), recipe=make_recipe(*lines), folds=2, name=name, settings=settings)
    return made


def read(run: Run, name: str, severity: int) -> podium.Predictions:
    seed = 0
    return load_predictions(run.folder.stress_predictions_file(name, severity, seed)).align(run.oof.ids)


@pytest.mark.long
@pytest.mark.parametrize("name", list(CASES))
def test_each_image_is_judged_by_the_model_that_did_not_learn_it(runs: dict[str, Run], name: str) -> None:
    run = runs[name]
    card = run.stress(corruptions=["jpeg", "gaussian_noise", "resize_kernel"], severities=[2, 5], images=0)
    oof, clean = run.oof, read(run, "clean", 0)
    np.testing.assert_array_equal(clean.fold, oof.fold)
    predictor = run.predictor()
    for target, probs in oof.probs.items():
        np.testing.assert_allclose(clean.probs[target], probs, atol=1e-6)
    samples = run.samples
    row = int(samples.rows_of(oof.ids[:1])[0])
    images = CorruptedImages(samples, predictor.recipe)
    pixels = CORRUPTIONS["jpeg"].apply(
        images.example(row, None), 5, seed=0, image_id=str(oof.ids[0]), frame=images.frame
    )
    stored = store_as(pixels, (32, 32), predictor.recipe.image.fit)
    np.testing.assert_array_equal(images.make(np.array([row]), CORRUPTIONS["jpeg"], 5).pixels[0], stored)
    ((_, alone),) = predictor.predict_folds(MemoryImages(oof.ids[:1], stored[None]), folds=[int(oof.fold[0])])
    for target, probs in read(run, "jpeg", 5).probs.items():
        np.testing.assert_allclose(probs[0], alone.probs[target][0], atol=1e-5)
    assert card.main.clean.value == pytest.approx(run.scores.main.value)
    assert set(card.others) == {head.name for head in samples.task.targets} - {card.main.target}  # type: ignore[union-attr]
    assert [one.name for one in card.main.curves] == ["gaussian_noise", "jpeg", "resize_kernel"]


@pytest.mark.slow
def test_nothing_is_made_twice_and_part_of_the_images_are_whole_groups(
    runs: dict[str, Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = runs["frozen"]
    first = run.stress(corruptions="rotation", severities=3, images=12)
    assert 10 <= first.n_images <= 14
    ids = load_predictions(run.folder.stress_predictions_file("rotation", 3, 0)).ids
    groups = run.samples.group_keys[run.samples.rows_of(ids)].tolist()
    assert len(groups) == 2 * len(set(groups))  # two photos a person

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("made again")

    monkeypatch.setattr(CorruptedPredictions, "_make", refuse)
    assert run.stress(corruptions="rotation", severities=3, images=12).to_dict() == first.to_dict()
    with pytest.raises(AssertionError, match="made again"):
        run.stress(corruptions="rotation", severities=3, images=12, seed=1)


def test_a_region_is_cut_after_the_corruption(contest: Contest) -> None:
    samples = contest("single")
    corners = np.tile(np.array([4, 4, 24, 30]), (len(samples), 1))
    whole = make_recipe("image.size_px=32")
    plain = CorruptedImages(samples, whole)
    boxed = replace(samples, boxes={"face": replace(no_boxes(len(samples)), corners=corners)})
    cut = CorruptedImages(boxed, make_recipe("image.region=face", "image.region_pad=0"))
    spoiled = plain.example(0, CORRUPTIONS["occlusion"], 3)
    made = cut.make(np.array([0]), CORRUPTIONS["occlusion"], 3).pixels[0]
    np.testing.assert_array_equal(made, store_as(spoiled[4:30, 4:24], (32, 32), "stretch"))


@pytest.mark.long
def test_the_command_its_record_and_the_report(runs: dict[str, Run], capsys: pytest.CaptureFixture[str]) -> None:
    run = runs["frozen"]
    words = ["stress", "frozen", "--runs", str(run.settings.runs), "--corruptions", "light", "--severities", "1", "5"]
    assert main([*words, "--quiet", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in told["main"]["curves"]] == ["brightness", "darkness", "contrast"]
    assert main([*words, "--quiet"]) == 0
    assert "darkness" in capsys.readouterr().out
    section = describe_robustness(read_contents(run.folder))
    assert section is not None
    assert len(section.panels) == 3
    page = run.folder.report_file.read_text(encoding="utf-8")
    assert 'id="robustness"' in page
    assert (run.folder.robustness_folder / "corruptions.png").read_bytes().startswith(b"\x89PNG")
    for wrong, status in ((["--severities", "6"], 2), (["--corruptions", "fog"], 2), (["--images", "-1"], 2)):
        assert main([*words, *wrong]) == status
        capsys.readouterr()


def test_what_is_refused(runs: dict[str, Run]) -> None:
    with pytest.raises(UsageError, match="severities"):
        runs["frozen"].stress(severities=())
    with pytest.raises(UnknownNameError):
        runs["frozen"].stress(metric="f1_samples", corruptions="jpeg")
