"""The scikit-learn classifier does what scikit-learn expects of one, with paths and with arrays."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GroupKFold, cross_val_predict, cross_val_score

from podium import ImageClassifier
from podium.errors import ImageError, LabelError
from podium.images import decode_file
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


def test_paths_and_arrays_are_the_same_images(paths: list[Path]) -> None:
    arrays = np.stack([decode_file(path).pixels for path in paths])  # type: ignore[misc]
    by_path, by_array = make_classifier().fit(paths, LABELS), make_classifier().fit(arrays, LABELS)
    np.testing.assert_array_equal(by_path.predict_proba(paths), by_array.predict_proba(arrays))
    np.testing.assert_array_equal(by_path.predict_proba(arrays), by_array.predict_proba([str(path) for path in paths]))


def test_the_seed_is_everything_that_is_random(paths: list[Path]) -> None:
    first, again, other = (make_classifier(random_state=seed).fit(paths, LABELS) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.predict_proba(paths), again.predict_proba(paths))
    assert not np.array_equal(first.predict_proba(paths), other.predict_proba(paths))


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


def test_a_fitted_classifier_can_be_pickled(paths: list[Path]) -> None:
    classifier = make_classifier().fit(paths, LABELS)
    again = pickle.loads(pickle.dumps(classifier))
    np.testing.assert_array_equal(again.predict_proba(paths), classifier.predict_proba(paths))


def test_what_cannot_be_used_is_refused(paths: list[Path], tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="24 images but 3 labels"):
        make_classifier().fit(paths, LABELS[:3])
    with pytest.raises(LabelError, match="at least 2"):
        make_classifier().fit(paths, ["red"] * 24)
    (tmp_path / "bad.png").write_bytes(b"no image")
    with pytest.raises(ImageError, match=r"bad\.png"):
        make_classifier().fit([*paths, tmp_path / "bad.png"], [*LABELS, "red"])
    with pytest.raises(ImageError, match="uint8"):
        make_classifier().fit(np.zeros((24, 8, 8, 3)), LABELS)
