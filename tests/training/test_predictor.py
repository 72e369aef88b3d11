"""A run's predictor: what was said of an image by its models is what it says of the image in memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from podium.data import open_cache
from podium.errors import ImageError, UsageError
from podium.images import decode_file
from podium.recipe import build_backbone_of, build_model
from podium.store import RunFolder
from podium.tables import MEAN_OF_FOLDS, Samples, Task, load_predictions
from podium.training import predictor as under_test
from podium.training.predictor import Predictor, TrainedModels
from podium.training.probabilities import probs_from_logits
from podium.workflows import Run, train
from tiny.contest import TASKS, make_recipe, make_settings

Contest = Callable[[str], Samples]
WHOLE = ("model.freeze=none", "predict_views=[plain]")
BLOCKS = ("model.freeze=blocks", "model.frozen_blocks=1", "model.cached_views=2", "predict_views=[plain,hflip]")
CASES = {
    "frozen single": ("single", ()),
    "whole multi": ("multi", WHOLE),
    "blocks attributes": ("attributes", BLOCKS),
    "frozen separate": ("attributes", ("model.arrangement=separate",)),
    "whole separate": ("attributes", (*WHOLE, "model.arrangement=separate")),
    "whole joint": ("attributes", (*WHOLE, "model.arrangement=joint")),
}


@pytest.fixture(scope="module", params=list(CASES))
def run(request: pytest.FixtureRequest, contest: Contest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    shape, lines = CASES[request.param]
    settings = make_settings(tmp_path_factory.mktemp("run"))
    return train(contest(shape), recipe=make_recipe(*lines), folds=2, settings=settings)


def photos(run: Run, rows: list[int]) -> list[NDArray[np.uint8]]:
    pixels = [decode_file(run.samples.file(row)).pixels for row in rows]
    return [image for image in pixels if image is not None]


@pytest.mark.long
def test_a_fold_says_of_its_valid_images_what_it_said_out_of_fold(run: Run) -> None:
    predictor = run.predictor()
    for fold in range(run.folds.n_folds):
        rows = run.folds.valid_rows(fold).tolist()
        found = predictor.predict(photos(run, rows), ids=run.samples.ids[rows].tolist(), folds=[fold])
        oof = load_predictions(run.folder.predictions_file("oof", fold)).align(found.ids)
        assert set(found.fold) == {fold}
        for name, values in found.probs.items():
            np.testing.assert_allclose(values, oof.probs[name], atol=2e-3, err_msg=name)  # float16 block outputs


@pytest.mark.slow
def test_images_in_memory_and_the_cache_get_the_same_mean(run: Run) -> None:
    predictor = run.predictor()
    found = predictor.predict(photos(run, [4, 0, 9]))
    assert found.ids.tolist() == ["0", "1", "2"]
    assert set(found.fold) == {MEAN_OF_FOLDS}
    record = run.folder.read()
    cache = open_cache(run.settings.cache_folder / record["cache_key"])
    folds = dict(predictor.predict_folds(cache, views=["hflip"]))
    mirrored = predictor.predict(photos(run, [4, 0, 9]), views=["hflip"])
    rows = cache.rows_of(run.samples.ids[[4, 0, 9]])
    for name, values in mirrored.probs.items():
        wanted = (folds[0].probs[name][rows] + folds[1].probs[name][rows]) / 2
        np.testing.assert_allclose(values, wanted, atol=1e-5)
        assert not np.array_equal(values, found.probs[name])


def test_the_whole_network_takes_raw_images(run: Run) -> None:
    predictor = run.predictor()
    image = photos(run, [3])
    said = predictor.predict(image, folds=[1], views=["plain"])
    stored = torch.from_numpy(predictor.store(image).pixels)
    for name, task in predictor.models.items():
        with torch.inference_mode():
            logits = {head: values.numpy() for head, values in predictor.network(1, name)(stored).items()}
        for head, values in probs_from_logits(logits, task).items():
            np.testing.assert_allclose(said.probs[head], values, atol=1e-5)


def test_each_model_is_loaded_once(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = []
    load = under_test.load_weights
    monkeypatch.setattr(
        under_test, "load_weights", lambda module, folder: (loaded.append(folder), load(module, folder))[1]
    )
    predictor = run.predictor()
    first = predictor.predict(photos(run, [0, 1]))
    again = predictor.predict(photos(run, [0, 1]))
    assert len(loaded) == len(set(loaded)) == 2 * len(predictor.models)
    for name, values in first.probs.items():
        np.testing.assert_array_equal(again.probs[name], values)


def test_what_cannot_be_predicted_is_refused(run: Run) -> None:
    predictor = run.predictor()
    with pytest.raises(ImageError, match=r"'1' is float64 of shape \(9, 9, 3\)"):
        predictor.predict([np.zeros((8, 8, 3), np.uint8), np.zeros((9, 9, 3))])  # type: ignore[list-item]
    with pytest.raises(ImageError, match="RGB"):
        predictor.predict([np.zeros((8, 8), np.uint8)])
    with pytest.raises(UsageError, match="no images"):
        predictor.predict([])
    with pytest.raises(UsageError, match="of fold 7"):
        predictor.predict(photos(run, [0]), folds=[7])
    with pytest.raises(UsageError, match="'nose'"):
        predictor.model(0, "nose")


def test_a_run_without_a_finished_fold_has_none(run: Run, tmp_path_factory: pytest.TempPathFactory) -> None:
    record = run.folder.read()
    empty = tmp_path_factory.mktemp("empty")
    for name in ("run.json", "recipe.yaml", "samples.csv", "samples.json", "folds.csv", "folds.json"):
        (empty / name).write_bytes((run.folder.path / name).read_bytes())
    assert record["folds"]
    with pytest.raises(UsageError, match="no fold of run"):
        Run(RunFolder(empty)).predictor()


@pytest.mark.long
@pytest.mark.parametrize("keep", [True, False])
def test_branches_of_training_are_fused(keep: bool, tmp_path: Path) -> None:
    lines = (*WHOLE, "model.name=mobileone_s0", "model.act_layer=silu")
    recipe, task = make_recipe(*lines), Task(TASKS["attributes"].heads)
    trained = build_model(recipe, build_backbone_of(recipe), task, seed=0).eval()
    loads: list[int] = []

    def load(model: torch.nn.Module, fold: int, _name: str) -> None:
        loads.append(fold)
        model.load_state_dict(trained.state_dict())

    models = TrainedModels(recipe, task, (0, 1), load_frozen=lambda: pytest.fail("nothing is frozen"), load=load)
    predictor = Predictor(models, torch.device("cpu"), make_settings(tmp_path), keep=keep)
    pixels = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), dtype=np.uint8)
    found = predictor.predict(list(pixels))
    assert loads == [0, 1]
    assert len(list(predictor.model(0, "all").parameters())) < len(list(trained.parameters()))
    with torch.inference_mode():
        wanted = probs_from_logits(trained(torch.from_numpy(pixels)), task)
    for name, values in wanted.items():
        np.testing.assert_allclose(found.probs[name], values, atol=1e-5)
