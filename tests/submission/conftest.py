"""Tasks, predictions and sample files that the tests share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from podium.tables import Composite, Head, Predictions, Task, as_text_array

FACE_HEADS = (
    Head("mask", "single", ("worn", "wrong", "none")),
    Head("gender", "single", ("male", "female")),
    Head("age", "ordinal", ("<30", "30-59", ">=60")),
)
SIZES = {head.name: head.classes for head in FACE_HEADS}
TASKS = {
    "faces": Task(FACE_HEADS, Composite.from_formula("mask*6 + gender*3 + age", SIZES)),
    "attributes": Task(FACE_HEADS),
    "letters": Task((Head("letters", "multi", tuple("abcdefghijklmnopqrstuvwxyz")),)),
    "abc": Task((Head("letters", "multi", ("a", "b", "c")),)),
    "pets": Task((Head("pet", "single", ("cat", "dog", "owl")),)),
    "two": Task((Head("pet", "single", ("cat", "dog")),)),
    "digits": Task((Head("digit", "single", tuple("0123456789")),)),
    "grades": Task((Head("grade", "ordinal", ("1", "2", "3")),)),
}


@pytest.fixture(scope="session")
def tasks() -> dict[str, Task]:
    return TASKS


@pytest.fixture
def sample(tmp_path: Path) -> Callable[..., Path]:
    """Write a sample submission; text becomes UTF-8."""

    def write(content: str | bytes, name: str = "sample.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.fixture(scope="session")
def predict() -> Callable[..., Predictions]:
    """Random predictions of a task for some ids; `sure` gives class indices or rows of 0 and 1 per target instead."""

    def make(task: Task, ids: Sequence[str], *, seed: int = 0, **sure: Sequence[object]) -> Predictions:
        rng = np.random.default_rng(seed)
        probs = {}
        for head in task.targets:
            if head.name in sure and head.is_multi:
                probs[head.name] = np.array(sure[head.name], dtype=np.float64)
            elif head.name in sure:
                probs[head.name] = np.eye(head.n_classes)[np.array(sure[head.name])]
            elif head.is_multi:
                probs[head.name] = rng.random((len(ids), head.n_classes))
            else:
                probs[head.name] = rng.dirichlet(np.ones(head.n_classes), len(ids))
        return Predictions(task, as_text_array(list(ids)), np.zeros(len(ids), dtype=np.int64), probs)

    return make
