"""Composite classes against the contest's own formula and plain Python loops."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podium.errors import LabelError
from podium.tables import Composite

FACES = {"mask": ("worn", "wrong", "none"), "gender": ("male", "female"), "age": ("<30", "30-59", ">=60")}


@st.composite
def composites(draw: st.DrawFn) -> Composite:
    """A composite of two to four heads whose factors run in any order: always a bijection."""
    sizes = draw(st.lists(st.integers(2, 4), min_size=2, max_size=4))
    order = draw(st.permutations(range(len(sizes))))
    strides, stride = [0] * len(sizes), 1
    for place in order:
        strides[place], stride = stride, stride * sizes[place]
    classes = tuple(tuple(f"c{i}" for i in range(size)) for size in sizes)
    return Composite("class", tuple(f"head{i}" for i in range(len(sizes))), classes, tuple(strides))


def test_contest_f_numbers_its_18_classes_as_the_organiser_does() -> None:
    composite = Composite.from_formula("mask*6 + gender*3 + age", FACES)
    combinations = list(product(range(3), range(2), range(3)))
    columns = np.array(combinations).T
    numbers = composite.encode(dict(zip(FACES, columns, strict=True)))

    assert numbers.tolist() == [mask * 6 + gender * 3 + age for mask, gender, age in combinations]
    assert composite.n_classes == 18
    for number, (mask, gender, age) in zip(numbers, combinations, strict=True):
        assert composite.classes[number] == f"{FACES['mask'][mask]}, {FACES['gender'][gender]}, {FACES['age'][age]}"
    assert composite == Composite.from_heads(FACES)


@pytest.mark.slow
@given(composites())
@settings(max_examples=50, deadline=None)
def test_decode_is_the_inverse_of_encode(composite: Composite) -> None:
    numbers = np.arange(-1, composite.n_classes)
    assert composite.encode(composite.decode(numbers)).tolist() == numbers.tolist()
    met = {tuple(column[row] for column in composite.decode(numbers).values()) for row in range(1, len(numbers))}
    assert len(met) == composite.n_classes
    assert Composite.from_dict(composite.to_dict()) == composite


@given(composites(), st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_joint_and_marginal_probabilities_equal_plain_loops(composite: Composite, seed: int) -> None:
    rng = np.random.default_rng(seed)
    probs = {
        head: rng.dirichlet(np.ones(len(classes)), size=3)
        for head, classes in zip(composite.heads, composite.head_classes, strict=True)
    }
    joint = composite.joint_probs(probs)
    decoded = composite.decode(np.arange(composite.n_classes))
    for row, number in product(range(3), range(composite.n_classes)):
        expected = np.prod([probs[head][row, decoded[head][number]] for head in composite.heads])
        assert joint[row, number] == pytest.approx(expected, rel=1e-12)
    # Summing a product of distributions gives the factors back.
    for head, values in composite.marginal_probs(joint).items():
        np.testing.assert_allclose(values, probs[head], rtol=1e-12)


def test_marginals_of_a_dependent_joint_are_sums_over_its_classes() -> None:
    composite = Composite.from_heads({"a": ("x", "y"), "b": ("u", "v", "w")})
    joint = np.random.default_rng(0).dirichlet(np.ones(6), size=4)
    marginals = composite.marginal_probs(joint)
    np.testing.assert_allclose(marginals["a"], np.column_stack([joint[:, :3].sum(1), joint[:, 3:].sum(1)]))
    np.testing.assert_allclose(marginals["b"], joint[:, :3] + joint[:, 3:])


def test_a_missing_attribute_makes_the_class_missing() -> None:
    composite = Composite.from_formula("mask*6 + gender*3 + age", FACES)
    labels = {"mask": np.array([0, -1, 2]), "gender": np.array([1, 1, -1]), "age": np.array([2, 0, 0])}
    assert composite.encode(labels).tolist() == [5, -1, -1]


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("mask*5 + gender*3 + age", "each once"),
        ("mask*6 + gender*3", "each once"),
        ("mask*6 + sex*3 + age", "names 'sex'"),
        ("mask*6 + gender**3 + age", "cannot read"),
        ("mask*6 + + age", "cannot read"),
        ("mask", "two or more heads"),
    ],
)
def test_a_wrong_formula_is_refused_with_what_is_wrong(formula: str, message: str) -> None:
    with pytest.raises(LabelError, match=message.replace("*", r"\*")):
        Composite.from_formula(formula, FACES)


def test_the_fix_that_an_error_offers_works() -> None:
    with pytest.raises(LabelError) as caught:
        Composite.from_formula("mask*6 + gender*2 + age", FACES)
    formula = str(caught.value.fix).split("'")[1]
    assert Composite.from_formula(formula, FACES).n_classes == 18


@pytest.mark.parametrize("formula", ["6*mask+3 * gender + age", " mask * 6 + gender *3+age*1 "])
def test_spaces_and_order_of_a_term_do_not_matter(formula: str) -> None:
    assert Composite.from_formula(formula, FACES) == Composite.from_heads(FACES)


@pytest.mark.parametrize("number", [-2, 18])
def test_decode_refuses_numbers_that_do_not_exist(number: int) -> None:
    with pytest.raises(LabelError, match=r"\[0, 18\)"):
        Composite.from_heads(FACES).decode(np.array([0, number]))


def test_a_head_may_occur_once_in_a_formula() -> None:
    with pytest.raises(LabelError, match="names a head twice"):
        Composite.from_formula("age*3 + age", FACES)
