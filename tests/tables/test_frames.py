"""The tables as frames say what the arrays say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from podium.tables import Composite, Folds, Head, Predictions, Samples, Task, as_text_array

IDS = as_text_array(["a.jpg", "b.jpg", "c.jpg"])
TASK = Task((Head("mask", "single", ("worn", "none")), Head("tags", "multi", ("x", "y"))))


def make_samples() -> Samples:
    labels = {"mask": np.array([1, -1, 0]), "tags": np.array([[1, 0], [-1, 1], [0, -1]], dtype=np.int8)}
    numbers = {"age": np.array([3.0, np.nan, 7.5])}
    return Samples(Path(), IDS, IDS, TASK, labels, group=as_text_array(["p", "", "q"]), numbers=numbers)


def test_samples_frame_has_names_and_missing_values() -> None:
    frame = make_samples().to_frame()
    assert frame.index.tolist() == IDS.tolist()
    assert frame.loc["a.jpg", "mask"] == "none"
    assert frame.loc["c.jpg", "mask"] == "worn"
    assert pd.isna(frame.loc["b.jpg", "mask"])
    assert pd.isna(frame.loc["b.jpg", "tags=x"])
    assert frame["tags=y"].sum() == 1
    assert frame["age"].sum() == 10.5
    assert frame["group"].tolist() == ["p", "", "q"]


def test_folds_and_predictions_frames_follow_the_ids() -> None:
    samples = make_samples()
    folds = Folds(IDS, np.array([0, 1, -1]), 2, "random", 0, samples.digest)
    assert folds.to_frame()["fold"].to_dict() == {"a.jpg": 0, "b.jpg": 1, "c.jpg": -1}
    heads = (Head("m", "single", ("u", "v")), Head("n", "single", ("s", "t")))
    task = Task(heads, Composite.from_heads({head.name: head.classes for head in heads}))
    probs = {"m": np.array([[0.25, 0.75]]), "n": np.array([[0.5, 0.5]])}
    probs["class"] = task.composite.joint_probs(probs) if task.composite else probs["m"]
    frame = Predictions(task, IDS[:1], np.array([4]), probs).to_frame()
    assert frame.loc["a.jpg", "fold"] == 4
    assert frame.loc["a.jpg", "class=v, t"] == 0.375
    assert list(frame)[1] == "class=u, s"


def test_answers_are_named_as_the_labels_are() -> None:
    probs = {"mask": np.array([[0.2, 0.8], [0.6, 0.4]]), "tags": np.array([[0.6, 0.1], [0.45, 0.5]])}
    predictions = Predictions(TASK, IDS[:2], np.array([0, 1]), probs)
    answers = predictions.answers()
    assert answers.index.tolist() == ["a.jpg", "b.jpg"]
    assert answers["mask"].tolist() == ["none", "worn"]
    assert answers[["tags=x", "tags=y"]].to_numpy().tolist() == [[1, 0], [0, 1]]
    assert predictions.answers(threshold=0.4)["tags=x"].tolist() == [1, 1]
    assert set(answers) <= set(make_samples().to_frame())
