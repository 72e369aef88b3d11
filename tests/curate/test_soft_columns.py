"""Tables of votes, shares and annotators become soft labels; what does not add up is refused with its row."""

from __future__ import annotations

import numpy as np
import pytest

from podium.curate import ScanOptions, scan
from podium.errors import LabelError


def make(make_tree, header, rows, **options):
    lines = "".join(f"{i}.jpg,{','.join(map(str, row))}\n" for i, row in enumerate(rows))
    root = make_tree(*(f"{i}.jpg" for i in range(len(rows))), t=f"image,{','.join(header)}\n{lines}")
    return scan(root, ScanOptions(label_columns=tuple(header), **options))


ANIMALS = ("cat", "dog", "owl")


@pytest.mark.parametrize(
    "rows",
    [
        [(3, 1, 0), (0, 4, 0), ("", "", ""), (1, 1, 2)],
        [(0.75, 0.25, 0), (0, 1, 0), ("", "", ""), (0.25, 0.25, 0.5)],
        [(75, 25, 0), (0, 100, 0), ("", "", ""), (25, 25, 50)],
        [(6, 2, ""), ("", 1, ""), (0, 0, 0), (1, 1, 2)],  # other sums, empty cells for no votes
    ],
)
def test_votes_shares_and_percentages_are_the_same_soft_labels(make_tree, rows):
    samples = make(make_tree, ANIMALS, rows, label_kind="votes").samples
    wanted = [[0.75, 0.25, 0], [0, 1, 0], [-1, -1, -1], [0.25, 0.25, 0.5]]
    assert samples.task.heads[0].classes == ANIMALS
    assert samples.soft["label"].tolist() == wanted
    assert samples.labels["label"].tolist() == [0, 1, -1, 2]


def test_ties_are_counted_and_the_first_class_in_order_counts(make_tree):
    found = make(make_tree, ANIMALS, [(1, 2, 2), (3, 0, 0), (0, 0, 1)], label_kind="votes", head_name="kind")
    assert found.samples.labels["kind"].tolist() == [1, 0, 2]
    assert any("disagree on 1 of 3" in note and "1 have a tie" in note for note in found.notes)


def test_rounded_shares_are_made_to_add_up(make_tree):
    soft = make(make_tree, ANIMALS, [(0.33, 0.33, 0.33), (0.5, 0.5, 0)], label_kind="votes").samples.soft["label"]
    np.testing.assert_allclose(soft.sum(axis=1), 1, atol=1e-12)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([(0.5, 0.2, 0.1), (0.5, 0.5, 0)], r"do not add up to 1 in 1 of 2 rows.*"),
        ([(1, -1, 0), (0, 1, 0)], "1 cell of .* is no number of at least 0"),
        ([(1, "two", 0), (0, 1, 0)], "no number of at least 0"),
    ],
)
def test_what_does_not_add_up_is_refused_with_its_row(make_tree, rows, words):
    with pytest.raises(LabelError, match=words) as caught:
        make(make_tree, ANIMALS, rows, label_kind="votes")
    assert caught.value.details[0].startswith("row 2")


def test_several_annotators_vote(make_tree):
    rows = [("cat", "cat", "dog"), ("dog", "", "dog"), ("", "", ""), ("owl", "owl", "owl")]
    samples = make(make_tree, ("ann", "bob", "eve"), rows, label_kind="annotators", head_name="animal").samples
    assert samples.task.heads[0].classes == ANIMALS
    np.testing.assert_allclose(samples.soft["animal"], [[2 / 3, 1 / 3, 0], [0, 1, 0], [-1, -1, -1], [0, 0, 1]])
    assert samples.labels["animal"].tolist() == [0, 1, -1, 2]


def test_columns_named_head_and_class_are_a_head_each(make_tree):
    header = ("mask=worn", "mask=none", "age=young", "age=old")
    samples = make(make_tree, header, [(2, 1, 0, 3), (0, 3, 1, 2)], label_kind="votes", ordinal=("age",)).samples
    assert [(head.name, head.kind, head.classes) for head in samples.task.heads] == [
        ("mask", "single", ("worn", "none")),
        ("age", "ordinal", ("young", "old")),
    ]
    np.testing.assert_allclose(samples.soft["mask"], [[2 / 3, 1 / 3], [0, 1]])


def test_shares_of_a_set_of_labels_are_soft_marks(make_tree):
    found = make(make_tree, ("sun", "sea"), [(0.3, 1), (0.5, ""), (0, 0.2)], label_kind="multi")
    assert found.samples.soft["labels"].tolist() == [[0.3, 1], [0.5, -1], [0, 0.2]]
    assert found.samples.labels["labels"].tolist() == [[0, 1], [1, -1], [0, 0]]
    plain = make(make_tree, ("sun", "sea"), [(0, 1), (1, 1), (0, 0)], label_kind="multi")
    assert not plain.samples.soft


def test_one_column_is_no_vote(make_tree):
    with pytest.raises(LabelError, match="a column for each class"):
        make(make_tree, ("cat",), [(1,), (2,)], label_kind="votes")
