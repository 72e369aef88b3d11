"""The table of samples: what it refuses, that it cannot be changed, and what its digest notices."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from podium.errors import LabelError, SourceError, UnknownNameError
from podium.tables import Head, Samples, Task, as_text_array


def test_an_id_may_occur_once_only(samples: Samples) -> None:
    with pytest.raises(SourceError, match=r"'a/1\.jpg' occurs twice"):
        samples.take([0, 1, 0])


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"paths": as_text_array(["x"])}, SourceError, "'paths' has 1 row, but there are 5"),
        ({"group": as_text_array(["x"])}, SourceError, "'group' has 1 row"),
        ({"numbers": {"years": np.zeros(4)}}, SourceError, "'number:years' has 4 rows"),
        ({"labels": {}}, LabelError, "the task has heads"),
        ({"task": None}, LabelError, "there are labels for"),
    ],
)
def test_columns_that_do_not_fit_are_refused(
    samples: Samples, changes: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        replace(samples, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("head", "column", "message"),
    [
        ("mask", np.array([0, 1, 2, 3, 0]), "are 0 to 3, expected -1 to 2"),
        ("age", np.array([0, -2, 0, 0, 0]), "are -2 to 0"),
        ("tags", np.full((5, 3), 2, dtype=np.int8), "expected -1 to 1"),
        ("tags", np.zeros((5, 2), dtype=np.int8), r"shape \(5, 2\), expected \(5, 3\)"),
        ("mask", np.zeros((5, 3), dtype=np.int64), r"expected \(5,\)"),
    ],
)
def test_labels_outside_their_head_are_refused(samples: Samples, head: str, column: object, message: str) -> None:
    with pytest.raises(LabelError, match=message):
        replace(samples, labels={**samples.labels, head: column})


def test_no_column_can_be_written_to(samples: Samples) -> None:
    taken = samples.take([3, 1])
    for table in (samples, taken):
        assert table.group is not None
        columns = [table.ids, table.paths, table.group, *table.labels.values(), *table.numbers.values()]
        for column in columns:
            with pytest.raises(ValueError, match="read-only"):
                column[0] = column[1]


def test_take_moves_every_column_together(samples: Samples) -> None:
    mask = np.array([False, True, False, True, False])
    for taken in (samples.take([1, 3]), samples.take(mask), samples.take(np.array([1, 3]))):
        assert taken.ids.tolist() == ["a/2.jpg", "b/2.jpg"]
        assert taken.labels["mask"].tolist() == [1, -1]
        assert taken.labels["tags"].tolist() == [[1, -1, 0], [0, 0, 0]]
        assert taken.numbers["years"].tolist() == [0.1, 1e300]
    assert samples.rows_of(["c.jpg", "a/1.jpg"]).tolist() == [4, 0]
    with pytest.raises(SourceError, match=r"no samples with these ids: x\.jpg\."):
        samples.rows_of(["c.jpg", "x.jpg"])


def test_a_sample_without_a_group_is_a_group_of_its_own(samples: Samples) -> None:
    assert samples.has_groups
    assert samples.group_keys.tolist() == ["p1", "p1", "p2", "p2", "c.jpg"]
    assert replace(samples, group=None).group_keys.tolist() == samples.ids.tolist()


def test_the_composite_has_labels_too(samples: Samples) -> None:
    assert samples.target_labels("class").tolist() == [-1, 3, 7, -1, 2]
    with pytest.raises(UnknownNameError, match="mask"):
        samples.target_labels("maks")


def test_the_digest_does_not_know_order_root_or_column_order(samples: Samples) -> None:
    same = [
        samples.take([4, 2, 0, 1, 3]),
        replace(samples, root=Path("/elsewhere")),
        replace(samples, labels=dict(reversed(samples.labels.items()))),
        replace(samples, source=None, split=None, numbers={}),
    ]
    assert {table.digest for table in same} == {samples.digest}


def test_the_digest_notices_ids_labels_groups_and_classes(samples: Samples) -> None:
    def relabelled(head: str, row: int, value: int) -> Samples:
        column = samples.labels[head].copy()
        column[row] = value
        return replace(samples, labels={**samples.labels, head: column})

    assert samples.task is not None
    renamed = Head("mask", "single", ("on", "wrong", "none"))
    changed = [
        samples.take([0, 1, 2, 3]),
        replace(samples, ids=as_text_array(["a/1.jpg", "a/2.jpg", "b/1.jpg", "b/2.jpg", "d.jpg"])),
        replace(samples, group=as_text_array(["p1", "p2", "p2", "p2", ""])),
        relabelled("mask", 0, 1),
        relabelled("age", 4, -1),
        relabelled("tags", 2, 0),
        replace(samples, task=Task((renamed, *samples.task.heads[1:]))),
    ]
    assert len({table.digest for table in [samples, *changed]}) == len(changed) + 1


def test_the_digests_of_a_table_that_was_made_years_ago_are_still_the_same(samples: Samples) -> None:
    """Folds of older runs go by the first; it was computed once by a slow and plain loop."""
    lines = [json.dumps(samples.task.to_dict() if samples.task else None)]
    assert samples.task is not None
    for row in sorted(range(len(samples)), key=lambda row: samples.ids[row]):
        labels = [samples.labels[head.name][row].tolist() for head in samples.task.heads]
        lines.append(json.dumps([samples.ids[row], samples.group_keys[row], labels], separators=(",", ":")))
    assert samples.digest == hashlib.sha256("\n".join(lines).encode()).hexdigest()
    bare = Samples(Path("x"), samples.ids, samples.paths)
    lines = ["null", *(json.dumps([name, name, []], separators=(",", ":")) for name in sorted(samples.ids))]
    assert bare.digest == hashlib.sha256("\n".join(lines).encode()).hexdigest()


def test_the_digest_of_the_table_knows_every_cell_but_not_the_order(samples: Samples) -> None:
    assert samples.table_digest == samples.take([4, 2, 0, 1, 3]).table_digest
    assert samples.table_digest == replace(samples, root=Path("/elsewhere")).table_digest
    swapped = samples.paths.copy()
    swapped[:2] = swapped[1::-1]
    changed = [
        replace(samples, paths=swapped),
        replace(samples, split=None),
        replace(samples, source=None),
        replace(samples, source=samples.split, split=samples.source),
        replace(samples, numbers={}),
        replace(samples, numbers={"years": np.array([0.0, 0.1, 45, 1e300, 1 / 3])}),
        replace(samples, numbers={"year": samples.numbers["years"]}),
        replace(samples, borders={"age": (30.0,)}),
        replace(samples, borders={"age": (31.0,)}),
        replace(samples, group=None),
        samples.take([0, 1, 2, 3]),
    ]
    assert len({table.table_digest for table in [samples, *changed]}) == len(changed) + 1


def test_ids_and_groups_cannot_run_into_each_other_in_the_digest() -> None:
    def table(name: str, group: str) -> Samples:
        ids = as_text_array([name])
        return Samples(Path("x"), ids, ids, group=as_text_array([group]))

    assert table('a","b', "c").digest != table("a", 'b","c').digest
