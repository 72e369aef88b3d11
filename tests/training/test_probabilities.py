"""Probabilities from logits, against scipy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, softmax

from podium.tables import Head, Task
from podium.training.probabilities import probs_from_logits

KIND, AGE = Head("kind", "single", ("a", "b", "c")), Head("age", "ordinal", ("<30", ">=30"))
TAGS = Head("tags", "multi", ("x", "y"))
TASK = Task((KIND, AGE, TAGS))
EXTREMES = st.floats(-(2.0**100), 2.0**100, width=32)


@pytest.mark.slow
@given(st.lists(st.tuples(EXTREMES, EXTREMES, EXTREMES), min_size=1, max_size=5))
def test_probabilities_of_any_logits_are_probabilities(rows: list[tuple[float, float, float]]) -> None:
    logits = np.array(rows, dtype=np.float32)
    probs = probs_from_logits({"kind": logits, "age": logits[:, :2], "tags": logits[:, 1:]}, Task(TASK.heads))
    for name, values in probs.items():
        assert values.dtype == np.float64
        assert ((values >= 0) & (values <= 1)).all()
        if name != "tags":
            np.testing.assert_allclose(values.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_allclose(probs["kind"], softmax(logits.astype(np.float64), axis=1), rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(probs["tags"], expit(logits[:, 1:].astype(np.float64)), rtol=1e-12, atol=1e-300)
    top = probs["kind"][np.arange(len(rows)), logits.argmax(axis=1)]
    np.testing.assert_array_equal(top, probs["kind"].max(axis=1))


@pytest.mark.parametrize("low", [-1e30, -800.0, -40.0])
def test_the_small_end_of_the_sigmoid_is_not_rounded_away(low: float) -> None:
    found = probs_from_logits({"tags": np.array([[low, -low]])}, Task((TAGS,)))["tags"][0]
    assert found[0] == pytest.approx(float(expit(low)), rel=1e-12)
    assert found[1] == 1.0
