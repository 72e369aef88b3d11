"""Shares beside labels, and weights: checked row by row, kept to the bit, followed through every change of a table."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from podium.errors import LabelError, TableChangedError
from podium.tables import (
    Composite,
    Head,
    Samples,
    Task,
    as_text_array,
    concat_samples,
    fit_to_task,
    load_samples,
    save_samples,
)
from podium.tables.soft_labels import check_shares, check_weights, harden, one_hot

KIND, SIZE = Head("kind", "single", ("a", "b", "c")), Head("size", "single", ("s", "l"))
TAGS = Head("tags", "multi", ("x", "y"))
SHARES = np.array([[0.2, 0.5, 0.3], [1 / 3, 1 / 3, 1 / 3], [-1, -1, -1], [0, 0, 1]])
MARKS = np.array([[0.2, 0.5], [1, -1], [-1, -1], [0, 1]])


def make(n: int = 4, *, prefix: str = "", soft: bool = True) -> Samples:
    ids = as_text_array([f"{prefix}{row}.png" for row in range(n)])
    labels = {"kind": harden(KIND, SHARES), "size": np.array([0, 1, 1, -1]), "tags": harden(TAGS, MARKS)}
    task = Task((KIND, SIZE, TAGS), Composite.from_heads({"kind": KIND.classes, "size": SIZE.classes}))
    samples = Samples(Path(prefix or "."), ids, ids, task, labels)
    given = {"kind": SHARES, "tags": MARKS}
    return replace(samples, soft=given, weight=np.array([1.0, 0.1, 0, 3])) if soft else samples


def test_shares_come_down_to_the_class_with_the_most_and_marks_of_half() -> None:
    assert harden(KIND, SHARES).tolist() == [1, 0, -1, 2]
    assert harden(TAGS, MARKS).tolist() == [[0, 1], [1, -1], [-1, -1], [0, 1]]
    for head, labels in ((KIND, np.array([2, -1, 0])), (TAGS, np.array([[1, 0], [-1, 1]], dtype=np.int8))):
        assert np.array_equal(harden(head, one_hot(head, labels)), labels)


@pytest.mark.parametrize(
    ("head", "row", "words"),
    [
        (KIND, [0.5, 0.4, 0.0], "row 1 are .* expected from 0 to 1, with a sum of 1"),
        (KIND, [1.5, -0.5, 0.0], "row 1"),
        (KIND, [np.nan, 0.5, 0.5], "row 1"),
        (KIND, [-1, 1, 1], "row 1"),
        (TAGS, [0.5, 1.2], "row 1 are .* expected each from 0 to 1"),
        (TAGS, [0.5, -0.2], "row 1"),
        (TAGS, [np.inf, 0], "row 1"),
    ],
)
def test_wrong_shares_are_refused_with_their_row(head: Head, row: list[float], words: str) -> None:
    good = one_hot(head, np.zeros((1, 2), dtype=np.int8) if head.is_multi else np.zeros(1, dtype=np.int64))[0]
    with pytest.raises(LabelError, match=words):
        check_shares(head, np.array([good, row]), 2)
    with pytest.raises(LabelError, match="shape"):
        check_shares(head, np.array([good]), 2)


@pytest.mark.parametrize("weight", [-1.0, np.nan, np.inf])
def test_wrong_weights_are_refused_with_their_row(weight: float) -> None:
    with pytest.raises(LabelError, match="the weight of row 2"):
        check_weights(np.array([1.0, 0, weight]))
    with pytest.raises(LabelError, match="all 0"):
        check_weights(np.zeros(3))


def test_shares_of_a_head_that_is_not_there_are_refused() -> None:
    with pytest.raises(LabelError, match="shares for 'colour'"):
        replace(make(), soft={"colour": SHARES})


def test_a_saved_table_keeps_every_bit_and_notices_edits(tmp_path: Path) -> None:
    samples = make()
    save_samples(samples, tmp_path)
    again = load_samples(tmp_path)
    assert again.weight is not None
    assert np.array_equal(again.weight, np.array([1.0, 0.1, 0, 3]))
    assert {name: shares.tolist() for name, shares in again.soft.items()} == {
        "kind": SHARES.tolist(),
        "tags": MARKS.tolist(),
    }
    assert again.table_digest == samples.table_digest
    assert again.digest == make(soft=False).digest  # folds do not depend on them
    table = (tmp_path / "samples.csv").read_bytes()
    for old, new in ((b",0.1\r\n", b",0.2\r\n"), (b",0.5,", b",0.6,")):
        assert old in table
        (tmp_path / "samples.csv").write_bytes(table.replace(old, new, 1))
        with pytest.raises(TableChangedError):
            load_samples(tmp_path)


def test_they_follow_rows_and_frames() -> None:
    taken = make().take([3, 0])
    assert taken.weight is not None
    assert taken.weight.tolist() == [3, 1]
    assert taken.soft["kind"].tolist() == [SHARES[3].tolist(), SHARES[0].tolist()]
    frame = make().to_frame()
    assert frame["weight"].tolist() == [1.0, 0.1, 0, 3]
    assert frame["share:kind=b"].isna().tolist() == [False, False, True, False]


def test_sources_without_them_get_weight_one_and_their_labels() -> None:
    joined = concat_samples({"main": make(), "extra": make(prefix="other", soft=False)})
    assert joined.weight is not None
    assert joined.weight.tolist() == [1, 0.1, 0, 3, 1, 1, 1, 1]
    assert joined.soft["kind"][4:].tolist() == one_hot(KIND, harden(KIND, SHARES)).tolist()


def test_another_order_of_classes_moves_the_shares() -> None:
    other = Task((Head("kind", "single", ("c", "d", "b", "a")), SIZE, TAGS))
    fitted = fit_to_task(make(), other)
    assert fitted.soft["kind"][0].tolist() == [0.3, 0, 0.5, 0.2]
    assert fitted.soft["kind"][2].tolist() == [-1] * 4
    assert fitted.labels["kind"].tolist() == [2, 3, -1, 0]


def test_a_composite_class_takes_the_product_of_its_attributes() -> None:
    samples = make()
    name = samples.task.composite.name  # type: ignore[union-attr]
    shares = samples.target_shares(name)
    assert shares is not None
    assert shares[0].tolist() == pytest.approx([0.2, 0, 0.5, 0, 0.3, 0])
    assert shares[2].tolist() == shares[3].tolist() == [-1] * 6
    assert make(soft=False).target_shares(name) is None
    assert samples.target_shares("size") is None
