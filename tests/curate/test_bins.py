from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.curate import ScanOptions, assign_bins, is_near_border, name_bins, rebin, scan, soft_bins
from podium.errors import LabelError, UnknownNameError
from podium.tables import Composite, Head, Samples, Task, as_text_array

_BORDERS = st.lists(st.integers(-50, 150), min_size=1, max_size=5, unique=True).map(sorted)


@pytest.mark.slow
@given(numbers=st.lists(st.floats(-200, 200) | st.just(float("nan")), max_size=30), borders=_BORDERS)
def test_bins_equal_pandas_cut(numbers, borders):
    reference = pd.cut(pd.Series(numbers, dtype=float), [-np.inf, *borders, np.inf], right=False, labels=False)
    assert assign_bins(numbers, borders).tolist() == reference.fillna(-1).astype(int).tolist()


@pytest.mark.slow
@given(ages=st.lists(st.integers(0, 150), min_size=1, max_size=30), borders=_BORDERS)
def test_a_whole_number_lies_in_the_bin_whose_name_says_so(ages, borders):
    borders = [border for border in borders if border >= 0] or [30]
    names = name_bins(borders, whole=True)
    for age, index in zip(ages, assign_bins(ages, borders), strict=True):
        name = names[index]
        if name.startswith("<"):
            assert age < int(name[1:])
        elif name.startswith(">="):
            assert age >= int(name[2:])
        else:
            low, _, high = name.partition("-")
            assert int(low) <= age <= int(high or low)


@pytest.mark.parametrize(
    ("borders", "whole", "names"),
    [
        ((30, 60), True, ("<30", "30-59", ">=60")),
        ((30, 60), False, ("<30", "[30, 60)", ">=60")),
        ((30, 31), True, ("<30", "30", ">=31")),
        ((0.5,), True, ("<0.5", ">=0.5")),
        ((-5, 5), True, ("<-5", "[-5, 5)", ">=5")),
    ],
)
def test_names(borders, whole, names):
    assert name_bins(borders, whole=whole) == names


@pytest.mark.parametrize("borders", [(), (60, 30), (30, 30), (float("nan"),), (float("inf"),)])
def test_borders_that_are_none(borders):
    with pytest.raises(LabelError, match="increasing"):
        name_bins(borders, whole=True)


def _faces() -> Samples:
    ages = np.array([25.0, 58.0, 59.0, 60.0, np.nan])
    heads = (Head("gender", "single", ("male", "female")), Head("age", "ordinal", ("<30", "30-59", ">=60")))
    composite = Composite.from_formula("gender*3 + age", {head.name: head.classes for head in heads})
    return Samples(
        root=Path(),
        ids=as_text_array(list("abcde")),
        paths=as_text_array(list("abcde")),
        task=Task(heads, composite),
        labels={"gender": np.array([0, 0, 1, 1, 0]), "age": assign_bins(ages, (30, 60))},
        numbers={"age": ages},
    )


def test_moving_the_border_from_60_to_58_moves_two_people():
    before = _faces()
    after = rebin(before, "age", (30, 58))
    assert before.labels["age"].tolist() == [0, 1, 1, 2, -1]
    assert after.labels["age"].tolist() == [0, 2, 2, 2, -1]
    assert after.task.head("age").classes == ("<30", "30-57", ">=58")
    assert after.target_labels("class").tolist() == [0, 2, 5, 5, -1]
    assert rebin(after, "age", (30, 60)).digest == before.digest


def test_rebin_refuses_what_does_not_fit():
    with pytest.raises(UnknownNameError, match="gender"):
        rebin(_faces(), "gender", (1,))
    with pytest.raises(LabelError, match="names were given"):
        rebin(_faces(), "age", (30, 58), names=("young", "old"))
    with pytest.raises(LabelError, match="class formula"):
        rebin(_faces(), "age", (30, 45, 60))


def test_scan_keeps_the_numbers_and_refuses_words(make_tree):
    rows = "id,age\n1,29\n2,30\n3,\n4,61\n"
    root = make_tree(*(f"{i}.jpg" for i in range(1, 6)), t=rows, u=rows + "5,old\n")
    samples = scan(root, ScanOptions(labels=root / "t.csv", bins={"age": (30, 60)})).samples
    assert samples.labels["age"].tolist() == [0, 1, -1, 2]
    assert samples.task.head("age").kind == "ordinal"
    np.testing.assert_array_equal(samples.numbers["age"], [29, 30, np.nan, 61])
    with pytest.raises(LabelError, match="not a number") as caught:
        scan(root, ScanOptions(labels=root / "u.csv", bins={"age": (30, 60)}))
    assert caught.value.details == ("row 6: old",)


def test_bins_of_an_unknown_column_name_the_nearest(make_tree):
    root = make_tree("1.jpg", "2.jpg", t="id,age,label\n1,29,a\n2,30,b\n")
    with pytest.raises(UnknownNameError, match="Did you mean 'age'"):
        scan(root, ScanOptions(bins={"agee": (30,)}))


@pytest.mark.slow
@given(numbers=st.lists(st.floats(0, 100), min_size=1, max_size=20), width=st.floats(0, 14.9))
def test_soft_bins_are_shares_and_equal_hard_bins_away_from_borders(numbers, width):
    borders = (30, 60)
    shares = soft_bins(numbers, borders, width)
    assert shares.shape == (len(numbers), 3)
    assert (shares >= 0).all()
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)
    far = ~is_near_border(numbers, borders, width + 1e-9)
    np.testing.assert_array_equal(shares.argmax(axis=1)[far], assign_bins(numbers, borders)[far])
    np.testing.assert_allclose(shares.max(axis=1)[far], 1.0, atol=1e-6)


def test_overlapping_ramps_are_refused():
    with pytest.raises(LabelError, match="overlap"):
        soft_bins([1.0], (30, 40), 6)
