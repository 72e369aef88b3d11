"""The scikit-learn classifier does what scikit-learn expects of one, with paths and with arrays."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.exceptions import DataConversionWarning, NotFittedError
from sklearn.model_selection import GroupKFold, cross_val_predict, cross_val_score
from sklearn.utils import estimator_checks as checks

from podium import ImageClassifier
from podium.errors import ImageError, LabelError, UsageError
from podium.images import decode_file
from podium.recipe import Recipe
from podium.recipe import build as build_module
from podium.tables import Task, as_text_array
from podium.workflows import estimator as estimator_module
from tiny.contest import TINY, draw_images

FROZEN = (*TINY, "training.epochs=20")
WHOLE = ("model.freeze=none", "predict_views=[plain]", *TINY)


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("images")
    return [folder / name for name in draw_images(folder, 24)]


LABELS = np.array(["red", "green"] * 12)


def make_classifier(lines: tuple[str, ...] = FROZEN, **settings: object) -> ImageClassifier:
    return ImageClassifier(overrides=lines, device="cpu", **settings)  # type: ignore[arg-type]


def test_clone_and_parameters_follow_the_rules() -> None:
    classifier = make_classifier(random_state=3)
    assert clone(classifier).get_params() == classifier.get_params()
    assert classifier.get_params()["overrides"] is FROZEN
    assert classifier.set_params(random_state=5).random_state == 5
    with pytest.raises(NotFittedError):
        classifier.predict([])


@pytest.mark.parametrize("lines", [FROZEN, WHOLE], ids=["frozen", "whole"])
@pytest.mark.parametrize("labels", [LABELS, np.array([7, 3] * 12), np.array([True, False] * 12)], ids=str)
def test_probabilities_follow_the_sorted_classes(
    labels: NDArray[np.generic], lines: tuple[str, ...], paths: list[Path]
) -> None:
    classifier = make_classifier(lines).fit(paths, labels)
    np.testing.assert_array_equal(classifier.classes_, np.unique(labels))
    probs = classifier.predict_proba(paths)
    assert probs.shape == (24, 2)
    np.testing.assert_allclose(probs.sum(axis=1), 1, rtol=1e-9)
    predicted = classifier.predict(paths)
    np.testing.assert_array_equal(predicted, classifier.classes_[probs.argmax(axis=1)])
    assert predicted.dtype == labels.dtype


def test_what_can_be_learnt_is_learnt(paths: list[Path]) -> None:
    classifier = make_classifier().fit(paths[:16], LABELS[:16])
    assert classifier.score(paths[16:], LABELS[16:]) == 1.0, "a tint that a plain mean over pixels would tell"


@pytest.mark.slow
def test_paths_and_arrays_are_the_same_images(paths: list[Path]) -> None:
    arrays = np.stack([decode_file(path).pixels for path in paths])  # type: ignore[misc]
    by_path, by_array = make_classifier().fit(paths, LABELS), make_classifier().fit(arrays, LABELS)
    np.testing.assert_array_equal(by_path.predict_proba(paths), by_array.predict_proba(arrays))
    np.testing.assert_array_equal(by_path.predict_proba(arrays), by_array.predict_proba([str(path) for path in paths]))


@pytest.mark.slow
def test_the_seed_is_everything_that_is_random(paths: list[Path]) -> None:
    first, again, other = (make_classifier(random_state=seed).fit(paths, LABELS) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.predict_proba(paths), again.predict_proba(paths))
    assert not np.array_equal(first.predict_proba(paths), other.predict_proba(paths))


@pytest.mark.slow
def test_cross_validation_by_group(paths: list[Path]) -> None:
    groups = np.arange(24) // 4
    arrays = np.array([str(path) for path in paths])
    scores = cross_val_score(make_classifier(), arrays, LABELS, groups=groups, cv=GroupKFold(3))
    assert scores.shape == (3,)
    assert scores.mean() > 0.9
    probs = cross_val_predict(
        make_classifier(), arrays, LABELS, groups=groups, cv=GroupKFold(3), method="predict_proba"
    )
    assert probs.shape == (24, 2)


@pytest.mark.slow
def test_a_fitted_classifier_can_be_pickled(paths: list[Path]) -> None:
    classifier = make_classifier().fit(paths, LABELS)
    again = pickle.loads(pickle.dumps(classifier))
    np.testing.assert_array_equal(again.predict_proba(paths), classifier.predict_proba(paths))


def test_what_cannot_be_used_is_refused(paths: list[Path], tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="24 images, but 3 labels"):
        make_classifier().fit(paths, LABELS[:3])
    with pytest.raises(LabelError, match="at least 2"):
        make_classifier().fit(paths, ["red"] * 24)
    (tmp_path / "bad.png").write_bytes(b"no image")
    with pytest.raises(ImageError, match=r"bad\.png"):
        make_classifier().fit([*paths, tmp_path / "bad.png"], [*LABELS, "red"])
    with pytest.raises(ImageError, match="uint8"):
        make_classifier().fit(np.zeros((24, 8, 8, 3)), LABELS)


TAGS = np.array([[1, 0, 1], [0, 1, 1], [1, 1, 0], [0, 0, 0]] * 6)
TWO_OUTPUTS = pd.DataFrame({"tint": LABELS, "size": np.array([10, 10, 20, 30] * 6)})


@pytest.mark.slow
@pytest.mark.parametrize("lines", [FROZEN, WHOLE], ids=["frozen", "whole"])
def test_a_matrix_of_zeros_and_ones_is_several_labels(lines: tuple[str, ...], paths: list[Path]) -> None:
    classifier = make_classifier(lines).fit(paths, TAGS)
    probs, predicted = classifier.predict_proba(paths), classifier.predict(paths)
    assert probs.shape == TAGS.shape
    np.testing.assert_array_equal(predicted, (probs >= 0.5).astype(int))
    assert classifier.score(paths, TAGS) == (predicted == TAGS).all(axis=1).mean()
    named = make_classifier(lines).fit(paths, pd.DataFrame(TAGS, columns=["a", "b", "c"]))
    assert named.classes_.tolist() == ["a", "b", "c"]
    np.testing.assert_array_equal(named.predict_proba(paths), probs)
    sparse = make_classifier(lines).fit(paths, csr_array(TAGS))
    np.testing.assert_array_equal(sparse.predict_proba(paths), probs)


@pytest.mark.slow
@pytest.mark.parametrize("arrangement", ["shared", "separate", "joint"])
def test_columns_of_classes_are_several_outputs(arrangement: str, paths: list[Path]) -> None:
    lines = (*FROZEN, f"model.arrangement={arrangement}")
    classifier = make_classifier(lines).fit(paths, TWO_OUTPUTS)
    assert [known.tolist() for known in classifier.classes_] == [["green", "red"], [10, 20, 30]]
    tint, size = classifier.predict_proba(paths)
    assert (tint.shape, size.shape) == ((24, 2), (24, 3))
    predicted = classifier.predict(paths)
    assert predicted[:, 0].tolist() == classifier.classes_[0][tint.argmax(axis=1)].tolist()
    assert predicted[:, 1].tolist() == classifier.classes_[1][size.argmax(axis=1)].tolist()
    assert classifier.score(paths, TWO_OUTPUTS) == (predicted == TWO_OUTPUTS.to_numpy()).all(axis=1).mean()
    again = pickle.loads(pickle.dumps(classifier))
    for one, other in zip(again.predict_proba(paths), (tint, size), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.slow
def test_the_arrangements_are_different_models(paths: list[Path]) -> None:
    found = {}
    for arrangement in ("shared", "separate", "joint"):
        classifier = make_classifier((*FROZEN, f"model.arrangement={arrangement}")).fit(paths, TWO_OUTPUTS)
        found[arrangement] = classifier.predict_proba(paths)[1]
        assert len(classifier._weights) == (2 if arrangement == "separate" else 1)
    assert not np.array_equal(found["shared"], found["separate"])
    assert not np.array_equal(found["shared"], found["joint"])


@pytest.mark.slow
def test_images_of_every_kind_are_the_same_images(paths: list[Path]) -> None:
    classifier = make_classifier().fit(paths, LABELS)
    wanted = classifier.predict_proba(paths)
    pillow = [Image.open(path) for path in paths]
    arrays = [np.asarray(image) for image in pillow]
    for images in (
        pillow,
        arrays,
        np.array([str(path) for path in paths])[:, None],
        pd.Series(paths, index=range(7, 31)),
    ):
        np.testing.assert_array_equal(classifier.predict_proba(images), wanted)


@pytest.mark.slow
def test_the_best_epoch_is_chosen_on_the_validation_part(paths: list[Path]) -> None:
    lines = (*FROZEN, "training.epochs=6", "metric=log_loss", "optimizer.lr=0.5", "schedule.kind=constant")
    last = make_classifier(lines, validation_fraction=0.25).fit(paths, LABELS)
    best = make_classifier((*lines, "training.select=best"), validation_fraction=0.25).fit(paths, LABELS)
    scores = best.validation_scores_["all"]
    assert scores == last.validation_scores_["all"]
    assert len(scores) == 6
    epoch = int(np.argmin(scores))
    assert epoch < 5, "the learning rate is too high for the last epoch to be the best"
    shorter = make_classifier((*lines, f"training.epochs={epoch + 1}"), validation_fraction=0.25).fit(paths, LABELS)
    np.testing.assert_array_equal(best.predict_proba(paths), shorter.predict_proba(paths))
    assert not np.array_equal(best.predict_proba(paths), last.predict_proba(paths))
    patient = make_classifier((*lines, "training.patience=1"), validation_fraction=0.25).fit(paths, LABELS)
    assert len(patient.validation_scores_["all"]) < 6


def test_what_needs_validation_is_refused_without(paths: list[Path]) -> None:
    for line in ("training.select=best", "training.patience=2", "metric=accuracy"):
        with pytest.raises(UsageError, match=rf"{line} needs validation images") as refused:
            make_classifier((*FROZEN, line)).fit(paths, LABELS)
        assert "validation_fraction" in str(refused.value.fix)
    with pytest.raises(UsageError, match="random_state"):
        make_classifier((*FROZEN, "seed=3")).fit(paths, LABELS)
    with pytest.raises(UsageError, match="between 0 and 1"):
        make_classifier(validation_fraction=1.5).fit(paths, LABELS)


@pytest.mark.slow
def test_validation_images_are_not_trained_on(paths: list[Path]) -> None:
    one = make_classifier(validation_fraction=0.25).fit(paths, LABELS)
    _, valid = one._divide(one._given, as_text_array([str(row) for row in range(24)]), None)
    assert valid is not None
    assert np.bincount(valid.labels["label"]).tolist() == [3, 3]
    changed = np.stack([np.asarray(Image.open(path)) for path in paths])
    changed[valid.rows] = 0
    other = make_classifier(validation_fraction=0.25).fit(changed, LABELS)
    np.testing.assert_array_equal(one.predict_proba(paths), other.predict_proba(paths))
    assert one.validation_scores_ != other.validation_scores_


@pytest.mark.slow
@pytest.mark.parametrize("lines", [FROZEN, WHOLE], ids=["frozen", "whole"])
def test_the_backbone_is_built_once_and_gives_the_same_bits(
    lines: tuple[str, ...], paths: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    built = []
    build = build_module.build_backbone
    monkeypatch.setattr(build_module, "build_backbone", lambda *a, **k: built.append(a) or build(*a, **k))
    once = make_classifier(lines).fit(paths, LABELS)
    assert len(built) == 1

    # As before, with a backbone that no check has touched.
    def fresh(recipe: Recipe, task: Task) -> tuple[object, object]:
        return build_module.build_backbone_of(recipe), build_module.check_buildable(recipe, task)[1]

    monkeypatch.setattr(estimator_module, "check_buildable", fresh)
    anew = make_classifier(lines).fit(paths, LABELS)
    np.testing.assert_array_equal(once.predict_proba(paths), anew.predict_proba(paths))


def test_images_that_a_crop_leaves_whole_are_warned_of() -> None:
    images = [np.zeros((size, 30, 3), np.uint8) for size in (40,) * 6 + (20,) * 6]
    crop = "image.preprocessing=[{kind: centre_crop, size_px: [32, 16]}]"
    with pytest.warns(UserWarning, match="6 of 12 images are smaller than the centre crop of 32 x 16 px"):
        make_classifier((*FROZEN, crop)).fit(images, [0, 1] * 6)


@pytest.mark.parametrize("kind", ["paths", "pillow"])
def test_images_that_use_a_small_part_of_their_range_are_warned_of(kind: str, tmp_path: Path) -> None:
    """12 bits in 16: 17 grey levels are left, as `podium train` says."""
    values = np.random.default_rng(0).integers(0, 4096, (12, 16, 16)).astype(np.uint16)
    for row, image in enumerate(values):
        Image.fromarray(image).save(tmp_path / f"{row}.png")
    images: list[object] = [tmp_path / f"{row}.png" for row in range(12)]
    if kind == "pillow":
        images = [Image.open(path) for path in images]  # type: ignore[arg-type]
    with pytest.warns(UserWarning, match=r"17 of 256 grey levels.*image\.value_range=\[0, 4095\]"):
        make_classifier().fit(images, [0, 1] * 6)
    scaled = (*FROZEN, "image.value_range=[0,4095]")
    make_classifier(scaled).fit(images, [0, 1] * 6)  # warnings are errors


def test_what_a_weight_file_brings_besides_is_warned_of(paths: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    build = build_module.build_backbone
    noted = lambda *a, **k: replace(build(*a, **k), notes=("The classifier was left out.",))  # noqa: E731
    monkeypatch.setattr(build_module, "build_backbone", noted)
    with pytest.warns(UserWarning, match=r"The classifier was left out\."):
        make_classifier().fit(paths, LABELS)


def test_labels_that_are_no_classes_are_refused(paths: list[Path]) -> None:
    for labels, problem in (
        (np.linspace(0, 1, 24), "no classes"),
        (np.where(np.arange(24) == 3, np.nan, 1.0), "1 label of 'label' is missing"),
        (np.array(["a", 1] * 12, dtype=object), "several types"),
        (np.zeros((24, 2, 2)), "expected"),
    ):
        with pytest.raises(LabelError, match=problem):
            make_classifier().fit(paths, labels)
    with pytest.raises(ImageError, match="numbers of shape"):
        make_classifier().fit(np.zeros((24, 4)), LABELS)
    with pytest.warns(DataConversionWarning):
        make_classifier().fit(paths, LABELS[:, None])


@pytest.mark.slow
def test_a_random_state_of_numpy_is_drawn_from(paths: list[Path]) -> None:
    one, again = (make_classifier(random_state=np.random.RandomState(4)).fit(paths, LABELS) for _ in range(2))
    assert one.recipe_.seed == again.recipe_.seed
    np.testing.assert_array_equal(one.predict_proba(paths), again.predict_proba(paths))
    fresh = [make_classifier(random_state=None).fit(paths, LABELS).recipe_.seed for _ in range(2)]
    assert fresh[0] != fresh[1]


@pytest.mark.parametrize(
    "check",
    [
        checks.check_no_attributes_set_in_init,
        checks.check_parameters_default_constructible,
        checks.check_get_params_invariance,
        checks.check_set_params,
        checks.check_estimator_cloneable,
        checks.check_estimator_repr,
        checks.check_estimator_tags_renamed,
        checks.check_valid_tag_types,
        checks.check_mixin_order,
    ],
    ids=lambda check: check.__name__,
)
def test_scikit_learns_own_checks_pass(check: Callable[[str, ImageClassifier], None]) -> None:
    """Those that fit no tables of numbers: images are something else."""
    check("ImageClassifier", make_classifier())
