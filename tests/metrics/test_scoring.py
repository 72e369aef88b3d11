"""Scores of whole tasks: matched by id, every target, intervals by group, exact records."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sklearn.metrics as oracle
from scipy.stats import entropy

from podium.errors import LabelError, SourceError, UnknownNameError, UsageError
from podium.metrics import Scores, score_predictions, score_targets_fast
from podium.tables import Composite, Head, Predictions, Samples, Task, as_text_array

CLASSES = {"mask": ("worn", "wrong", "none"), "gender": ("male", "female"), "age": ("<30", "30-59", ">=60")}
FACE = Task(
    (Head("mask", "single", CLASSES["mask"]), Head("gender", "single", CLASSES["gender"]),
     Head("age", "ordinal", CLASSES["age"])),
    Composite.from_formula("mask*6 + gender*3 + age", CLASSES),
)  # fmt: skip
LETTERS = Task((Head("letters", "multi", ("a", "b", "c")),))


def _face(n: int = 140, seed: int = 0) -> tuple[Predictions, Samples]:
    rng = np.random.default_rng(seed)
    assert FACE.composite is not None
    labels: dict[str, Any] = {name: rng.integers(0, len(classes), n) for name, classes in CLASSES.items()}
    labels["age"][::11] = -1
    probs = {name: rng.dirichlet(np.ones(len(classes)), n) for name, classes in CLASSES.items()}
    for name, values in probs.items():
        values[np.arange(n), np.maximum(labels[name], 0)] += 0.5
        values /= values.sum(axis=1, keepdims=True)
    probs["class"] = FACE.composite.joint_probs(probs)
    ids = as_text_array([f"{i}.jpg" for i in range(n)])
    people = as_text_array([f"person {i // 7}" for i in range(n)])
    samples = Samples(Path(), ids, ids, FACE, labels, group=people)
    return Predictions(FACE, ids, np.zeros(n, dtype=np.int64), probs), samples


def _letters(n: int = 90) -> tuple[Predictions, Samples]:
    rng = np.random.default_rng(1)
    labels = rng.integers(-1, 2, (n, 3)).astype(np.int8)
    ids = as_text_array([f"{i}.png" for i in range(n)])
    predictions = Predictions(LETTERS, ids, np.zeros(n, dtype=np.int64), {"letters": rng.random((n, 3))})
    return predictions, Samples(Path(), ids, ids, LETTERS, {"letters": labels})


def test_every_target_is_scored_the_composite_first() -> None:
    predictions, samples = _face()
    found = score_predictions(predictions, samples, n_resamples=300)
    assert list(found.targets) == ["class", "mask", "gender", "age"]
    assert (found.main_target, found.main_metric) == ("class", "f1_macro")
    labels = samples.target_labels("class")
    known = labels >= 0
    decided = predictions.probs["class"].argmax(axis=1)
    expected = oracle.f1_score(labels[known], decided[known], average="macro", labels=range(18), zero_division=0)
    assert found.main.value == pytest.approx(expected, abs=1e-12)
    assert found.main.low < found.main.value < found.main.high
    target = found.targets["class"]
    assert (target.n, target.n_groups) == (known.sum(), 20)
    np.testing.assert_array_equal(
        target.confusion, oracle.confusion_matrix(labels[known], decided[known], labels=range(18))
    )
    assert {"quadratic_kappa", "mean_absolute_error"} <= set(found.targets["age"].metrics)


def test_classes_equal_scikit_learn_s_report() -> None:
    predictions, samples = _face()
    classes = score_predictions(predictions, samples, n_resamples=200).targets["mask"].per_class
    labels, people = samples.labels["mask"], samples.group_keys
    table = oracle.precision_recall_fscore_support(labels, predictions.probs["mask"].argmax(axis=1), zero_division=0)
    for place, item in enumerate(classes):
        assert item.name == CLASSES["mask"][place]
        np.testing.assert_allclose([item.precision, item.recall, item.f1], [table[i][place] for i in range(3)])
        assert item.n == table[3][place]
        assert item.n_groups == len(set(people[labels == place]))
        assert item.f1_low <= item.f1 <= item.f1_high


def test_multi_label_counts_positives_and_known_labels() -> None:
    predictions, samples = _letters()
    found = score_predictions(predictions, samples, n_resamples=100)
    labels = samples.labels["letters"]
    target = found.targets["letters"]
    assert found.main_metric == "average_precision_macro"
    assert [item.n for item in target.per_class] == (labels == 1).sum(axis=0).tolist()
    assert [item.n_groups for item in target.per_class] == (labels == 1).sum(axis=0).tolist()
    assert target.n == (labels >= 0).any(axis=1).sum()
    assert target.confusion.sum() == (labels >= 0).sum()
    assert {"subset_accuracy", "f1_macro", "f1_micro", "label_accuracy"} <= set(target.metrics)


def test_every_score_of_every_target_has_its_chance() -> None:
    """The composite class too, whose best constant class is the most frequent one of 18."""
    predictions, samples = _face()
    found = score_predictions(predictions, samples, n_resamples=0)
    for name, target in found.targets.items():
        labels = samples.target_labels(name)
        shares = np.bincount(labels[labels >= 0]) / (labels >= 0).sum()
        assert set(target.chance) == set(target.metrics)
        assert target.chance["accuracy"] == pytest.approx(shares.max())
        assert target.chance["log_loss"] == pytest.approx(entropy(shares))
    assert found.chance == found.targets["class"].chance["f1_macro"]
    predictions, samples = _letters()
    labels = samples.labels["letters"]
    expected = [(column == 1).sum() / (column >= 0).sum() for column in labels.T]
    assert score_predictions(predictions, samples, n_resamples=0).chance == pytest.approx(np.mean(expected))


def test_rows_are_matched_by_id_whatever_their_order() -> None:
    predictions, samples = _face()
    order = np.random.default_rng(3).permutation(len(samples))
    straight = score_predictions(predictions, samples, n_resamples=150)
    shuffled = score_predictions(predictions.take(order), samples, n_resamples=150)
    assert straight.to_dict() == shuffled.to_dict()


def test_same_seed_same_interval_other_seed_other_interval() -> None:
    predictions, samples = _face()
    one, again, other = (score_predictions(predictions, samples, n_resamples=100, seed=seed).main for seed in (1, 1, 2))
    assert one == again
    assert one != other


def test_only_predicted_samples_count() -> None:
    predictions, samples = _face()
    part = score_predictions(predictions.take(np.arange(70)), samples, n_resamples=50)
    alone = score_predictions(predictions.take(np.arange(70)), samples.take(np.arange(70)), n_resamples=50)
    assert part.to_dict() == alone.to_dict()
    assert part.targets["mask"].n == 70


def test_without_resamples_values_are_the_same_and_bounds_are_missing() -> None:
    for predictions, samples in (_face(), _letters()):
        quick = score_predictions(predictions, samples, n_resamples=0)
        slow = score_predictions(predictions, samples, n_resamples=50)
        for name, target in quick.targets.items():
            for metric, interval in target.metrics.items():
                assert interval.value == slow.targets[name].metrics[metric].value
                assert not interval.has_bounds


def test_the_fast_path_gives_the_same_numbers_and_makes_the_composite() -> None:
    predictions, samples = _face()
    slow = score_predictions(predictions, samples, n_resamples=0)
    heads_only = {name: values for name, values in predictions.probs.items() if name != "class"}
    for probs in (predictions.probs, heads_only):
        fast = score_targets_fast(probs, samples.labels, FACE)
        assert fast == {name: target.metrics["f1_macro"].value for name, target in slow.targets.items()}
    assert list(fast) == ["class", "mask", "gender", "age"]
    losses = score_targets_fast(heads_only, samples.labels, FACE, metric="log_loss")
    assert losses["age"] == slow.targets["age"].metrics["log_loss"].value


def test_a_metric_asked_for_comes_first_and_is_the_main_one() -> None:
    predictions, samples = _face()
    found = score_predictions(predictions, samples, metric="top_3_accuracy", n_resamples=50)
    assert found.main_metric == "top_3_accuracy"
    assert next(iter(found.targets["class"].metrics)) == "top_3_accuracy"


def test_wrong_requests_say_what_fits() -> None:
    predictions, samples = _face()
    with pytest.raises(UsageError, match="These do: accuracy"):
        score_predictions(predictions, samples, metric="label_accuracy")
    with pytest.raises(UnknownNameError, match="f1_macro"):
        score_predictions(predictions, samples, metric="f1_marco")
    with pytest.raises(UsageError, match="level"):
        score_predictions(predictions, samples, level=95)


def test_samples_that_do_not_belong_are_refused() -> None:
    predictions, samples = _face()
    with pytest.raises(SourceError, match=r"no samples with these ids: .* more\."):
        score_predictions(predictions, samples.take(np.arange(100)))
    with pytest.raises(LabelError, match="no labels"):
        score_predictions(predictions, Samples(Path(), samples.ids, samples.ids))
    with pytest.raises(LabelError, match="different tasks"):
        score_predictions(_letters()[0], samples)


def test_no_rows_or_no_labels_give_nan_not_a_crash() -> None:
    predictions, samples = _face()
    empty = score_predictions(predictions.take(np.arange(0)), samples)
    assert np.isnan(empty.main.value)
    assert empty.targets["class"].n == 0
    unlabelled = Samples(Path(), samples.ids, samples.ids, FACE, {name: np.full(len(samples), -1) for name in CLASSES})
    assert np.isnan(score_predictions(predictions, unlabelled, n_resamples=20).main.value)


def test_records_survive_json_exactly() -> None:
    for predictions, samples in (_face(), _letters()):
        for n_resamples in (0, 60):
            found = score_predictions(predictions, samples, n_resamples=n_resamples)
            text = json.dumps(found.to_dict(), allow_nan=False)
            again = Scores.from_dict(json.loads(text))
            assert json.dumps(again.to_dict()) == text
            assert repr(again.main) == repr(found.main)
            assert again.targets[again.main_target].confusion.dtype == np.int64
