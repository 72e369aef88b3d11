"""Several annotators of every task shape, in both forms of table; and labels that several runs find wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import podium
from podium.errors import DataError, TableError, UnknownNameError, UsageError
from podium.suspects.annotations import read_annotations
from podium.tables import Head, Predictions, Samples, Task, as_text_array

N = 200
ONE = Task((Head("kind", "single", ("a", "b", "c")),))
BOTH = Task((*ONE.heads, Head("tags", "multi", ("red", "round"))))


def make(task: Task = ONE) -> tuple[Samples, Predictions, pd.DataFrame]:
    """Labels by the majority of ann, bob and eve, of whom eve guesses; a fair model; the table of who said what."""
    random = np.random.default_rng(1)
    ids = as_text_array([f"{row:03d}.png" for row in range(N)])
    truth = random.integers(0, 3, N)
    said = {name: np.where(random.random(N) < right, truth, random.integers(0, 3, N)) for name, right in SKILL.items()}
    table = pd.DataFrame(
        {"image": ids} | {name: [ONE.heads[0].classes[place] for place in own] for name, own in said.items()}
    )
    values = 0.15 + 0.6 * np.eye(3)[truth] + random.random((N, 3)) * 0.1
    probs = {"kind": values / values.sum(axis=1, keepdims=True)}
    labels: dict[str, np.ndarray] = {"kind": said["eve"].astype(np.int64)}
    if len(task.heads) > 1:
        red = np.stack([truth == 0, truth == 1], axis=1)
        labels["tags"] = red.astype(np.int8)
        probs["tags"] = np.where(red, 0.8, 0.2)
    return Samples(Path("images"), ids, ids, task, labels), Predictions(task, ids, np.arange(N) % 5, probs), table


SKILL = {"ann": 0.95, "bob": 0.9, "eve": 0.3}


def test_who_guesses_is_named_and_the_consensus_corrects_the_labels() -> None:
    samples, predictions, table = make()
    found = podium.find_label_errors(predictions, samples, annotators=table)
    assert [one.annotator for one in found.annotators] == ["eve", "bob", "ann"]
    eve = found.annotators[0]
    assert eve.quality < 0.7 < found.annotators[1].quality
    assert eve.n_labels == eve.n_shared == N
    assert " for " in eve.mistake
    first = found[0]
    assert first.votes is not None
    assert set(first.votes[first.suggested]) == {"ann", "bob"}
    assert "2 of 3 annotators say" in first.reason
    draft = found.draft(N)
    wrong = [row for row in range(N) if table.eve[row] != table.ann[row] == table.bob[row]]
    assert {row.image for row in draft} >= {f"{row:03d}.png" for row in wrong}
    assert found.more_columns == ("votes",)
    assert found.to_frame(1).votes[0] == first.votes


def test_rows_say_the_same_as_columns() -> None:
    samples, predictions, table = make()
    rows = table.melt("image", var_name="annotator", value_name="label")
    by_columns = podium.find_label_errors(predictions, samples, annotators=table)
    by_rows = podium.find_label_errors(predictions, samples, annotators=rows.sample(frac=1, random_state=0))
    assert by_rows.top() == by_columns.top()
    assert by_rows.annotators == by_columns.annotators


def test_names_without_an_ending_and_unknown_images() -> None:
    samples, _, table = make()
    table["image"] = [name.removesuffix(".png") for name in table.image]
    more = pd.concat([table, pd.DataFrame([{"image": "strange", "ann": "a", "bob": "a", "eve": "a"}])])
    read = read_annotations(more, samples)
    assert (read.votes["kind"] >= 0).all()
    assert "such as strange" in read.notes[0]


def test_several_heads_and_sets_of_labels() -> None:
    samples, predictions, table = make(BOTH)
    with pytest.raises(TableError, match="does not say which one"):
        podium.find_label_errors(predictions, samples, annotators=table)
    tags = [
        "|".join(name for name, yes in zip(("red", "round"), row, strict=True) if yes) or "[]"
        for row in samples.labels["tags"]
    ]
    named = pd.DataFrame(
        {"image": table.image, "tags=ann": tags, "tags=bob": tags, "kind=ann": table.ann, "kind=eve": table.eve}
    )
    found = podium.find_label_errors(predictions, samples, annotators=named)
    assert {one.head for one in found.annotators} == {"kind", "tags=red", "tags=round"}
    assert all(one.agreement == 1 for one in found.annotators if one.head.startswith("tags"))
    only = podium.find_label_errors(predictions, samples, annotators=named, heads="kind")
    assert {one.annotator for one in only.annotators} == {"ann", "eve"}


def test_what_cannot_be_read_is_named() -> None:
    samples, predictions, table = make()
    with pytest.raises(TableError, match="1 label cannot be read") as refused:
        read_annotations(table.assign(bob=["d", *table.bob[1:]]), samples)
    assert "row 2: 'bob' says 'd' of 000.png" in str(refused.value.details)
    with pytest.raises(TableError, match="two annotators"):
        read_annotations(table[["image", "ann"]], samples)
    with pytest.raises(TableError, match="no column of the images"):
        read_annotations(table.rename(columns={"image": "which"}), samples)
    with pytest.raises(UnknownNameError, match="kind"):
        read_annotations(table.rename(columns={"ann": "kin=ann"}), samples)
    alone = table.copy()
    alone.loc[: N // 2, ["bob", "eve"]] = ""
    alone.loc[N // 2 + 1 :, ["ann", "eve"]] = ""
    with pytest.raises(UsageError, match="labels of two annotators for 'kind'"):
        podium.find_label_errors(predictions, samples, annotators=alone)
    twice = pd.DataFrame({"image": ["000.png"] * 2, "annotator": ["ann", "ann"], "label": ["a", "b"]})
    with pytest.raises(TableError):
        read_annotations(pd.concat([twice, twice.assign(annotator="bob", label="a")]), samples)


def test_labels_that_more_runs_find_wrong_come_first() -> None:
    samples, predictions, _ = make()
    random = np.random.default_rng(5)
    runs = []
    for _ in range(4):
        noisy = predictions.probs["kind"] + random.random((N, 3)) * 0.6
        runs.append(replace(predictions, probs={"kind": noisy / noisy.sum(axis=1, keepdims=True)}))
    found = podium.find_label_errors(runs[0], samples, repeats=[one.take(random.permutation(N)) for one in runs[1:]])
    labels = samples.labels["kind"]
    counts = np.sum([one.probs["kind"].argmax(axis=1) != labels for one in runs], axis=0)
    listed = [(one.wrong_in, one.score) for one in found.top()]
    assert listed == sorted(listed, key=lambda item: (-item[0], item[1]))  # type: ignore[operator]
    assert all(one.wrong_in == counts[samples.rows_of([one.image])[0]] and one.n_runs == 4 for one in found.top())
    assert "wrong in 4 of 4 runs" in found[0].reason
    assert found[0].more_cells(found.more_columns) == ["4", "4"]
    with pytest.raises(DataError, match="run 2 answers other images"):
        podium.find_label_errors(runs[0], samples, repeats=[runs[1].take(np.arange(9))])
