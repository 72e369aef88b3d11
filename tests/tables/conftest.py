"""Small tables that hold one of everything."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from podium.tables import Composite, Head, Predictions, Samples, Task, as_text_array

SINGLE = Head("mask", "single", ("worn", "wrong", "none"))
ORDINAL = Head("age", "ordinal", ("<30", "30-59", ">=60"))
MULTI = Head("tags", "multi", ("a", "=b", "c,d"))


@pytest.fixture
def task() -> Task:
    return Task(
        (SINGLE, ORDINAL, MULTI), Composite.from_heads({"mask": SINGLE.classes, "age": ORDINAL.classes}, name="class")
    )


@pytest.fixture
def samples(task: Task) -> Samples:
    return make_samples(task)


def make_samples(task: Task) -> Samples:
    """Five samples with missing labels of all three kinds, groups, a given split, sources and numbers."""
    names = ["a/1.jpg", "a/2.jpg", "b/1.jpg", "b/2.jpg", "c.jpg"]
    return Samples(
        root=Path("/data/faces"),
        ids=as_text_array(names),
        paths=as_text_array(names),
        task=task,
        labels={
            "mask": np.array([0, 1, 2, -1, 0]),
            "age": np.array([-1, 0, 1, 2, 2]),
            "tags": np.array([[0, 1, 0], [1, -1, 0], [-1, -1, -1], [0, 0, 0], [1, 1, 1]], dtype=np.int8),
        },
        group=as_text_array(["p1", "p1", "p2", "p2", ""]),
        split=as_text_array(["train", "train", "valid", "", "test"]),
        source=as_text_array(["", "", "", "extra", ""]),
        numbers={"years": np.array([np.nan, 0.1, 45, 1e300, 1 / 3])},
    )


@pytest.fixture
def predictions(task: Task) -> Predictions:
    rng = np.random.default_rng(0)
    mask, age = rng.dirichlet(np.ones(3), size=4), rng.dirichlet(np.ones(3), size=4)
    assert task.composite is not None
    joint = task.composite.joint_probs({"mask": mask, "age": age})
    return Predictions(
        task,
        as_text_array(["d.jpg", "a.jpg", "c.jpg", "b.jpg"]),
        np.array([0, 0, 1, 1]),
        {"class": joint, "mask": mask, "age": age, "tags": rng.random((4, 3))},
    )
