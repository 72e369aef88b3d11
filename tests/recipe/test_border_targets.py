from pathlib import Path

import numpy as np
import pytest

from podium.errors import RecipeError
from podium.recipe import Recipe, apply_overrides
from podium.recipe.border_targets import treat_borders
from podium.recipe.check_borders import check_borders
from podium.tables import Composite, Head, Samples, Task, as_text_array

AGES = np.array([18, 29, 30, 44, 58, 59, 60, 61, 80, np.nan, np.nan])
LABELS = np.array([0, 0, 1, 1, 1, 1, 2, 2, 2, -1, 2])  # the last was corrected, the one before is not known
ONLY_AGE = "borders={age: {kind: dropped, width: 1}}"


@pytest.fixture
def samples() -> Samples:
    heads = (Head("age", "ordinal", ("<30", "30-59", ">=60")), Head("sex", "single", ("f", "m")))
    composite = Composite.from_heads({head.name: head.classes for head in heads})
    ids = as_text_array([f"{row}.png" for row in range(len(AGES))])
    labels = {"age": LABELS, "sex": np.arange(len(AGES)) % 2}
    task = Task(heads, composite)
    return Samples(Path(), ids, ids, task, labels, numbers={"age": AGES}, borders={"age": (30.0, 60.0)})


def make(*lines: str) -> Recipe:
    return apply_overrides(Recipe(), lines)


def treat(samples: Samples, line: str) -> Samples:
    recipe = make(line)
    check_borders(recipe, samples)
    return treat_borders(samples, recipe.borders)


def test_moved_borders_give_the_classes_of_other_borders_where_the_number_is_known(samples):
    moved = treat(samples, "borders={age: {kind: moved, at: [29, 59]}}")
    assert moved.labels["age"].tolist() == [0, 1, 1, 1, 1, 2, 2, 2, 2, -1, 2]
    assert moved.labels["sex"] is samples.labels["sex"]
    assert samples.labels["age"].tolist() == LABELS.tolist()  # what is judged


def test_dropped_borders_leave_the_head_and_its_composite_class_without_a_label(samples):
    dropped = treat(samples, ONLY_AGE)
    gone = np.isin(AGES, [29, 30, 59, 60])
    assert dropped.labels["age"].tolist() == np.where(gone, -1, LABELS).tolist()
    assert ((dropped.target_labels(samples.task.composite.name) < 0) == (gone | (LABELS < 0))).all()


@pytest.mark.parametrize("shape", ["linear", "logistic"])
def test_soft_borders_share_between_neighbours_and_judge_the_same_class(samples, shape):
    soft = treat(samples, f"borders={{age: {{kind: soft, width: 2, shape: {shape}}}}}")
    shares = soft.soft["age"]
    distance = np.array([58, 59, 60, 61]) - 59.5
    above = 0.5 + distance / 4
    if shape == "logistic":  # the logistic curve, stretched so that it is 0 and 1 at the width
        curve = [1 / (1 + np.exp(-4 * x)) for x in (*(distance / 2), -1, 1)]
        above = (np.array(curve[:4]) - curve[4]) / (curve[5] - curve[4])
    np.testing.assert_allclose(shares[4:8, 2], above)
    np.testing.assert_allclose(shares[4:8, 1], 1 - above)
    known = LABELS >= 0
    assert shares[known].argmax(axis=1).tolist() == LABELS[known].tolist()
    assert shares[[0, 3, 8, 10]].tolist() == np.eye(3)[[0, 1, 2, 2]].tolist()
    assert (shares[9] == -1).all()
    assert soft.labels["age"] is samples.labels["age"]


def test_given_shares_stay_where_nothing_is_treated(samples):
    given = np.repeat([[0.2, 0.3, 0.5]], len(AGES), axis=0)
    shared = Samples(**{**vars(samples), "soft": {"age": given}})
    dropped = treat(shared, ONLY_AGE).soft["age"]
    gone = np.isin(AGES, [29, 30, 59, 60])
    assert (dropped[gone] == -1).all()
    assert (dropped[~gone] == given[~gone]).all()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("borders={size: {kind: dropped, width: 1}}", "borders: unknown head 'size'"),
        ("borders={sex: {kind: dropped, width: 1}}", "'sex' was not made from numbers"),
        ("borders={age: {kind: moved, at: [58]}}", "1 border, but head 'age' has 2: 30, 60"),
        ("borders={age: {kind: moved, at: [60, 30]}}", "borders must increase"),
        ("borders={age: {kind: moved, at: [30, 60]}}", "no effect"),
        ("borders={age: {kind: moved, at: [10, 60]}}", "no image to learn '<30'"),
        ("borders={age: {kind: soft, width: 16}}", "at most 15"),
        ("borders={age: {kind: soft, width: 0.5}}", "no effect"),
        ("borders={age: {kind: dropped, width: 0}}", "width"),
    ],
)
def test_what_cannot_be_or_changes_nothing_is_refused(samples, line, words):
    with pytest.raises(Exception, match=words) as caught:
        treat(samples, line)
    assert caught.value.exit_code == 2


def test_heads_that_learn_no_shares_refuse_soft_borders():
    lines = ("model.freeze=backbone", "augmentations=[]", "head.kind=nearest")
    with pytest.raises(RecipeError, match="learns no shares"):
        make(*lines, "borders={age: {kind: soft, width: 2}}")
    assert make(*lines, ONLY_AGE).is_solved
