"""Findings over many images equal those of a slow and plain loop."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from podium.curate.findings import find_conflicts, find_duplicates, find_emptied_classes
from podium.tables import Head, Samples, Task, as_text_array


def make_samples(rng: np.random.Generator, n: int) -> Samples:
    heads = Head("kind", "single", tuple("abcdef")), Head("tags", "multi", tuple("xyz"))
    labels = {"kind": rng.integers(-1, 6, n), "tags": rng.integers(-1, 2, (n, 3)).astype(np.int8)}
    ids = as_text_array([f"{row:03d}" for row in range(n)])
    return Samples(Path("x"), ids, ids, Task(heads), labels)


def test_emptied_classes_and_conflicts_are_those_of_a_plain_loop() -> None:
    rng = np.random.default_rng(0)
    n_emptied = n_conflicts = 0
    for _ in range(60):
        samples, n = make_samples(rng, 14), 14
        is_ok = rng.random(n) < 0.4
        emptied = []
        for index, name in enumerate("abcdef"):
            members = [row for row in range(n) if samples.labels["kind"][row] == index]
            if members and not any(is_ok[row] for row in members):
                emptied.append(f"kind: {name}")
        for index, name in enumerate("xyz"):
            members = [row for row in range(n) if samples.labels["tags"][row, index] == 1]
            if members and not any(is_ok[row] for row in members):
                emptied.append(f"tags: {name}")
        assert find_emptied_classes(samples, is_ok) == tuple(emptied)
        n_emptied += len(emptied)

        digests = [f"{number}" if number else "" for number in rng.integers(0, 8, n)]
        duplicates = find_duplicates(samples.ids.tolist(), digests)
        conflicts = []
        for members in duplicates:
            rows = [int(name) for name in members]
            columns = [samples.labels["kind"][rows], *samples.labels["tags"][rows].T]
            if any(len({int(value) for value in column if value >= 0}) > 1 for column in columns):
                conflicts.append(members)
        assert find_conflicts(samples, duplicates) == tuple(conflicts)
        n_conflicts += len(conflicts)
    assert n_emptied > 20
    assert n_conflicts > 20
    assert find_conflicts(samples, ()) == ()
