"""Decisions against a loop over rows, and composite decodings that cannot contradict themselves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.tables import Composite, Head, Task, as_certain_probs, decide, decide_targets

KIND, AGE = Head("kind", "single", ("a", "b", "c")), Head("age", "ordinal", ("<30", ">=30"))
TAGS = Head("tags", "multi", ("x", "y"))
TASK = Task((KIND, AGE, TAGS), Composite.from_heads({"kind": KIND.classes, "age": AGE.classes}))
PROBABILITY = st.floats(0, 1)


def random_probs(seed: int, n: int = 50) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {
        head.name: rng.random((n, head.n_classes)) if head.is_multi else rng.dirichlet(np.ones(head.n_classes), n)
        for head in TASK.targets
    }


@pytest.mark.slow
@given(st.lists(st.tuples(PROBABILITY, PROBABILITY), min_size=1), PROBABILITY, PROBABILITY)
def test_a_label_is_on_from_its_threshold(rows: list[tuple[float, float]], first: float, second: float) -> None:
    found = decide(np.array(rows), TAGS, (first, second))
    assert found.tolist() == [[int(a >= first), int(b >= second)] for a, b in rows]


def test_a_half_is_on_by_default() -> None:
    assert decide(np.array([[0.5, np.nextafter(0.5, 0)]]), TAGS).tolist() == [[1, 0]]


def test_the_first_of_equally_probable_classes_is_taken() -> None:
    assert decide(np.array([[0.2, 0.4, 0.4]]), KIND).tolist() == [1]


@pytest.mark.parametrize("seed", range(3))
def test_independent_targets_are_each_decided_alone(seed: int) -> None:
    probs = random_probs(seed)
    found = decide_targets(probs, TASK, thresholds={"tags": (0.3, 0.9)})
    for head in TASK.targets:
        wanted = decide(probs[head.name], head, (0.3, 0.9) if head.is_multi else 0.5)
        assert np.array_equal(found[head.name], wanted)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("order", ["class_first", "attributes_first"])
def test_a_consistent_decoding_contradicts_nothing_and_keeps_what_comes_first(seed: int, order: str) -> None:
    probs, composite = random_probs(seed), TASK.composite
    assert composite is not None
    alone, found = decide_targets(probs, TASK), decide_targets(probs, TASK, composite=order)  # type: ignore[arg-type]
    assert np.array_equal(composite.encode(found), found[composite.name])
    kept = [composite.name] if order == "class_first" else list(composite.heads)
    assert all(np.array_equal(found[name], alone[name]) for name in [*kept, "tags"])
    assert not np.array_equal(composite.encode(alone), alone[composite.name])  # noise contradicts itself somewhere


@pytest.mark.parametrize("head", TASK.targets, ids=lambda head: head.name)
def test_certain_probabilities_are_decided_as_they_were(head: Head) -> None:
    decisions = decide(random_probs(0)[head.name], head)
    probs = as_certain_probs(decisions, head)
    assert set(np.unique(probs)) <= {0.0, 1.0}
    assert np.array_equal(decide(probs, head), decisions)
