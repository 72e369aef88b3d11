"""Suspects of every task shape: wrong labels that are planted stand in front, groups answer as a whole."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import podium
from podium.errors import DataError, UnknownNameError, UsageError
from podium.suspects import LabelSuspects
from podium.tables import DROP, Correction, Head, Predictions, Samples, Task, as_text_array, correct_samples

N = 240
TASK = Task(
    (
        Head("kind", "single", ("a", "b", "c")),
        Head("age", "ordinal", ("<30", "30-59", ">=60")),
        Head("tags", "multi", ("red", "round")),
    )
)


def make(*, n_wrong: int = 6) -> tuple[Samples, Predictions, list[tuple[str, str]]]:
    """Samples with wrong labels, out-of-fold predictions that know the truth, and which labels are wrong."""
    random = np.random.default_rng(0)
    person = np.arange(N) // 4
    truth = {
        "kind": random.integers(0, 3, N),
        "age": (person % 3).astype(np.int64),
        "tags": random.integers(0, 2, (N, 2)).astype(np.int8),
    }
    probs = {}
    for head in TASK.heads:
        if head.is_multi:
            probs[head.name] = np.clip(0.12 + 0.76 * truth[head.name] + random.normal(0, 0.06, (N, 2)), 0, 1)
        else:
            values = 0.1 + 0.7 * np.eye(3)[truth[head.name]] + random.random((N, 3)) * 0.1
            probs[head.name] = values / values.sum(axis=1, keepdims=True)
    given = {name: labels.copy() for name, labels in truth.items()}
    ids, wrong = as_text_array([f"{row:03d}.png" for row in range(N)]), []
    for row in random.choice(N, n_wrong, replace=False):
        given["kind"][row] = (truth["kind"][row] + 1) % 3
        given["tags"][row, 1] ^= 1
        wrong += [(ids[row], "kind"), (ids[row], "tags=round")]
    given["kind"][0] = -1
    group = as_text_array([f"p{number:02d}" for number in person])
    fold = (person % 5).astype(np.int64)
    samples = Samples(Path("images"), ids, ids, TASK, given, group=group)
    return samples, Predictions(TASK, ids, fold, probs), wrong


def named(found: LabelSuspects, n: int) -> set[tuple[str, str]]:
    return {(one.image, one.head) for one in found.top(n)}


def test_planted_errors_come_first_in_every_head() -> None:
    samples, predictions, wrong = make()
    found = podium.find_label_errors(predictions, samples)
    assert named(found, len(wrong)) == set(wrong)
    assert found.n_confident["kind"] == 6
    assert 0 < found.n_confident["tags=round"] <= 6  # only what reaches the class's mean
    assert len(found) == N - 1 + N + 2 * N  # a missing label is not judged
    one = found[0]
    row = int(samples.rows_of([one.image])[0])
    assert one.fold == predictions.fold[row]
    assert one.group == samples.group[row]  # type: ignore[index]
    only = podium.find_label_errors(predictions, samples, heads="kind")
    assert {suspect.head for suspect in only.top()} == {"kind"}
    assert set(only.to_frame(3).columns) > {"image", "given", "suggested", "score", "reason"}


def test_the_order_of_the_rows_does_not_matter() -> None:
    samples, predictions, _ = make()
    turned = np.random.default_rng(3).permutation(N)
    again = podium.find_label_errors(predictions.take(turned), samples)
    assert again.top() == podium.find_label_errors(predictions, samples).top()


def test_look_alikes_are_asked_too() -> None:
    samples, predictions, wrong = make()
    features = np.random.default_rng(1).normal(size=(N, 6)) * 0.2
    features[:, :3] += np.eye(3)[predictions.probs["kind"].argmax(axis=1)]
    found = podium.find_label_errors(predictions, samples, features=features, heads="kind")
    assert named(found, 6) == {item for item in wrong if item[1] == "kind"}
    assert "of the look-alikes are" in found[0].reason
    with pytest.raises(DataError, match="5 rows of features for 240 samples"):
        podium.find_label_errors(predictions, samples, features=features[:5])


def test_a_person_with_a_wrong_age_is_found_as_a_whole() -> None:
    samples, predictions, _ = make()
    labels = {name: column.copy() for name, column in samples.labels.items()}
    labels["age"][samples.group == "p07"] = 0  # it is 1
    found = podium.find_label_errors(predictions, replace(samples, labels=labels))
    assert set(found.groups) == {"age"}  # kind and tags differ inside groups
    first, second = found.top_groups(2)
    assert (first.group, first.given, first.suggested, first.n_images) == ("p07", "<30", "30-59", 4)
    rows = samples.rows_of(first.images)
    probs = predictions.probs["age"][rows]
    assert first.log_ratio == pytest.approx(np.log(probs[:, 1] / probs[:, 0]).mean())
    assert first.score < 0.5 < second.score
    draft = found.draft(1, whole_groups=True)
    assert {row.image for row in draft} == set(first.images)
    mended = correct_samples(replace(samples, labels=labels), draft)
    assert (mended.labels["age"] == samples.labels["age"]).all()


def test_a_draft_leaves_out_labels_that_are_believed() -> None:
    samples, predictions, _ = make(n_wrong=0)
    found = podium.find_label_errors(predictions, samples)
    assert found[0].score > 0.5
    assert found.draft(20) == []
    assert found.draft(20, whole_groups=True) == []


def test_a_draft_undoes_what_was_planted() -> None:
    samples, predictions, wrong = make()
    draft = podium.find_label_errors(predictions, samples).draft(len(wrong))
    mended = correct_samples(samples, draft)
    clean = make(n_wrong=0)[0]
    known = samples.labels["kind"] >= 0
    assert (mended.labels["kind"] == clean.labels["kind"])[known].all()
    assert (mended.labels["tags"] == clean.labels["tags"]).all()
    assert all(isinstance(row, Correction) and row.new != DROP for row in draft)


def test_what_cannot_be_judged_is_refused() -> None:
    samples, predictions, _ = make()
    with pytest.raises(UsageError, match="names no head"):
        podium.find_label_errors(predictions, samples, heads=[])
    with pytest.raises(UnknownNameError, match="kimd"):
        podium.find_label_errors(predictions, samples, heads="kimd")
    with pytest.raises(UsageError, match="of no fold"):
        podium.find_label_errors(replace(predictions, fold=np.full(N, -1)), samples)
    with pytest.raises(UsageError, match="at least 1"):
        podium.find_label_errors(predictions, samples, n_neighbours=0)
    with pytest.raises(DataError, match="same heads"):
        podium.find_label_errors(predictions, replace(samples, task=None, labels={}))


def test_a_label_that_no_model_of_another_fold_has_learnt_is_no_suspect() -> None:
    """Such a model cannot but contradict it: a class of one patient, or a tag of one fold."""
    samples, predictions, _ = make(n_wrong=0)
    kind, tags = samples.labels["kind"].copy(), samples.labels["tags"].copy()
    kind[kind == 2] = 0
    kind[predictions.fold == 3] = 2  # one fold has them all
    tags[:, 0] = predictions.fold == 1
    changed = replace(samples, labels={**samples.labels, "kind": kind, "tags": tags})
    found = podium.find_label_errors(predictions, changed)
    images = set(samples.ids[predictions.fold == 3].tolist())
    assert not {one.image for one in found.top(len(found)) if one.head == "kind"} & images
    red = {one.image for one in found.top(len(found)) if one.head == "tags=red"}
    assert red == set(samples.ids[predictions.fold != 1].tolist())
    assert [note for note in found.notes if "never learnt" in note] == [
        "Not judged, kind: images with c of which no other fold has one, so that their model never learnt it.",
        "Not judged, tags=red: images with 1 of which no other fold has one, so that their model never learnt it.",
    ]
    spread = replace(changed, labels={**changed.labels, "kind": np.where(predictions.fold == 3, 2, kind * 0)})
    one_more = spread.labels["kind"].copy()
    one_more[5] = 2  # an image of another fold has it, so the model of fold 3 knows it
    known = podium.find_label_errors(predictions, replace(spread, labels={**spread.labels, "kind": one_more}))
    assert images <= {one.image for one in known.top(len(known)) if one.head == "kind"}
