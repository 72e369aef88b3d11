"""Features of several depths in a run: what the network says, by either engine, kept apart from other choices."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

import podium
from podium.backbone.features import state_digest
from podium.backbone.frozen_forward import Way, make_forward
from podium.errors import UsageError
from podium.images import decode_file
from podium.models import Classifier, build_backbone, read_depths
from podium.recipe import load_recipe
from podium.tables import Head, Samples, Task, load_predictions
from podium.training.timed_choice import choose_frozen
from podium.workflows import Run, train
from tiny.contest import Notes, make_recipe, make_settings

Contest = Callable[[str], Samples]
CPU = torch.device("cpu")
TASK = Task((Head("label", "single", ("a", "b")),))


def build(name: str, depths: object, size: tuple[int, int]) -> Classifier:
    torch.manual_seed(0)
    return Classifier(read_depths(build_backbone(name, "random", size), depths, "auto", size), TASK).eval()  # type: ignore[arg-type]


SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in ("test_efficientnet", "test_vit")]


@pytest.mark.long
@pytest.mark.parametrize("name", ["tiny", *SLOW])
def test_openvino_reads_what_torch_reads(name: str) -> None:
    pytest.importorskip("openvino", reason="the extra `openvino` is not installed")
    model, size = build(name, "auto", (32, 64)), (32, 64)
    images = torch.randint(0, 256, (5, *size, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        wanted = model.features(images)
    # what the first precision traced is kept for the second
    ways = [make_forward(model, None, size, Way("openvino", word), CPU, 1, keep=True) for word in ("fp32", "bf16")]
    exact, near = (forward(images) for forward in ways)
    torch.testing.assert_close(exact, wanted, rtol=1e-3, atol=1e-4)
    assert near.shape == wanted.shape
    sections = list(model.backbone.sections)  # type: ignore[arg-type]
    pairs = zip(torch.split(near, sections, dim=1), torch.split(wanted, sections, dim=1), strict=True)
    assert min(float(torch.cosine_similarity(*pair, dim=1).min()) for pair in pairs) > 0.97


def test_two_choices_have_two_keys_and_one_network() -> None:
    digests = [state_digest(build("tiny", depths, (32, 32)).backbone) for depths in ("all", (1, "last"), (1,))]
    assert len(set(digests)) == 3
    assert digests[0] == state_digest(build("tiny", "all", (32, 32)).backbone)


def test_a_depth_of_small_numbers_must_agree_too() -> None:
    large, small = 100 * torch.rand(4, 6) + 1, torch.rand(4, 3) - 0.5
    exact, wrong = torch.cat([large, small], dim=1), torch.cat([large, -small], dim=1)
    runs = {Way("torch", "fp32"): lambda: exact, Way("torch", "bf16"): lambda: wrong}
    assert len(choose_frozen(runs, CPU).seconds) == 2
    assert list(choose_frozen(runs, CPU, sections=(6, 3)).seconds) == ["torch fp32"]


@pytest.fixture(scope="module", params=["single", "multi", "attributes"])
def run(request: pytest.FixtureRequest, contest: Contest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    settings = make_settings(tmp_path_factory.mktemp("run"))
    return train(contest(request.param), recipe=make_recipe("features.depths=all"), folds=2, settings=settings)


@pytest.mark.slow
def test_a_run_records_its_depths_and_predicts_as_it_trained(run: Run) -> None:
    features = load_recipe(run.folder.recipe_file).features
    assert (features.depths, features.statistics) == ("all", ("mean", "std"))
    predictor = run.predictor()
    rows = run.folds.valid_rows(0)
    pixels = [decode_file(run.samples.file(row)).pixels for row in rows.tolist()]
    found = predictor.predict([image for image in pixels if image is not None], folds=[0])
    oof = load_predictions(run.folder.predictions_file("oof", 0)).align(run.samples.ids[rows])
    for name, values in found.probs.items():
        np.testing.assert_allclose(values, oof.probs[name], atol=1e-5)
    for name in predictor.models:
        assert predictor.model(0, name).n_features == predictor.network(0, name).n_features == 80


@pytest.mark.slow
def test_features_on_disk_are_those_of_the_network(contest: Contest, tmp_path: Path) -> None:
    samples, settings = contest("single"), make_settings(tmp_path)
    for depths in ("all", "last"):
        train(samples, recipe=make_recipe(f"features.depths={depths}"), folds=2, settings=settings)
    kept = sorted((settings.cache_folder / "features").glob("*/features.bin"), key=lambda path: path.stat().st_size)
    last, every = (np.fromfile(path, dtype=np.float32).reshape(2, len(samples), -1) for path in kept)
    assert (last.shape[2], every.shape[2]) == (16, 80)
    np.testing.assert_array_equal(every[..., -16:], last)


@pytest.mark.slow
def test_the_classifier_reads_them_and_is_pickled_with_them(contest: Contest) -> None:
    import pickle

    rng = np.random.default_rng(0)
    images, labels = list(rng.integers(0, 256, (12, 32, 32, 3), dtype=np.uint8)), ["a", "b"] * 6
    lines = ["model.name=tiny", "model.weights=random", "image.size_px=32", "head.kind=gradient"]
    said = {}
    for depths in ("all", "last"):
        model = podium.ImageClassifier("baseline", overrides=[*lines, f"features.depths={depths}"], device="cpu")
        said[depths] = model.fit(images, labels).predict_proba(images)
        np.testing.assert_allclose(pickle.loads(pickle.dumps(model)).predict_proba(images), said[depths], atol=1e-6)
    assert not np.allclose(said["all"], said["last"])


def test_a_depth_that_is_not_there_is_refused_before_anything_is_decoded(contest: Contest, tmp_path: Path) -> None:
    settings, notes = make_settings(tmp_path), Notes()
    with pytest.raises(UsageError, match=r"'tiny' has no block 9.*1 to 3"):
        train(contest("single"), recipe=make_recipe("features.depths=[9]"), settings=settings, progress=notes)
    assert notes.stages == []
