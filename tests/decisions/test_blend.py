"""Means of probabilities, logits and ranks, and votes, against scipy and counting."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import expit, logit, softmax
from scipy.stats import rankdata

from podium.decisions import Blend
from podium.decisions.blend import rank_grid
from podium.errors import UnknownNameError, UsageError
from podium.tables import Head, Task

SINGLE, MULTI = Head("age", "single", ("a", "b", "c")), Head("tags", "multi", ("x", "y"))
TASK = Task((SINGLE, MULTI))
WEIGHTS = {"age": (0.6, 0.3, 0.1), "tags": (0.2, 0.2, 0.6)}


@pytest.fixture
def parts() -> list[dict[str, Any]]:
    rng = np.random.default_rng(0)
    return [{"age": rng.dirichlet(np.ones(3), 40), "tags": rng.random((40, 2))} for _ in range(3)]


def test_a_mean_of_probabilities(parts: list[dict[str, Any]]) -> None:
    found = Blend("mean", WEIGHTS).combine(parts, TASK)
    for name, weights in WEIGHTS.items():
        assert found[name] == pytest.approx(np.average([part[name] for part in parts], axis=0, weights=weights))


def test_a_mean_of_logits(parts: list[dict[str, Any]]) -> None:
    found = Blend("logits", WEIGHTS).combine(parts, TASK)
    logs = np.average([np.log(part["age"]) for part in parts], axis=0, weights=WEIGHTS["age"])
    assert found["age"] == pytest.approx(softmax(logs, axis=1))
    logits = np.average([logit(part["tags"]) for part in parts], axis=0, weights=WEIGHTS["tags"])
    assert found["tags"] == pytest.approx(expit(logits))


def test_a_model_that_is_sure_does_not_make_a_mean_of_logits_infinite() -> None:
    sure, other = {"age": np.array([[1.0, 0.0, 0.0]])}, {"age": np.array([[0.0, 0.5, 0.5]])}
    found = Blend("logits", {"age": (0.5, 0.5)}).combine([sure, other], Task((SINGLE,)))["age"]
    assert np.isfinite(found).all()


def test_a_mean_of_ranks_is_one_of_places_among_the_out_of_fold_rows(parts: list[dict[str, Any]]) -> None:
    grids = {head.name: [rank_grid(part[head.name]) for part in parts] for head in TASK.heads}
    found = Blend("ranks", WEIGHTS, grids).combine(parts, TASK)["tags"]
    expected = np.average([rankdata(part["tags"], axis=0) / 41 for part in parts], axis=0, weights=WEIGHTS["tags"])
    assert found == pytest.approx(expected, abs=0.02)
    order = Blend("ranks", {"age": (1.0,), "tags": (1.0,)}, {name: own[:1] for name, own in grids.items()})
    alone = order.combine(parts[:1], TASK)["tags"]
    for c in range(2):
        assert (np.diff(alone[np.argsort(parts[0]["tags"][:, c]), c]) >= 0).all()


def test_a_vote_is_won_by_the_most_weight_and_a_tie_by_the_probabilities() -> None:
    blend = Blend("vote", {"age": (0.25, 0.25, 0.25, 0.25)})
    votes = [[0.4, 0.3, 0.3], [0.4, 0.3, 0.3], [0.0, 0.9, 0.1], [0.1, 0.45, 0.45]]
    found = blend.combine([{"age": np.array([row])} for row in votes], Task((SINGLE,)))["age"]
    assert found.argmax() == 1  # two votes each; b is the more probable
    assert found.sum() == pytest.approx(1)
    three = Blend("vote", {"age": (0.4, 0.4, 0.2)}).combine(
        [{"age": np.array([row])} for row in votes[:3]], Task((SINGLE,))
    )
    assert three["age"].argmax() == 0


@pytest.mark.parametrize("kind", ["mean", "logits", "vote"])
def test_it_is_the_same_after_a_journey_through_json(kind: Any, parts: list[dict[str, Any]]) -> None:
    blend = Blend(kind, WEIGHTS)
    again = Blend.from_dict(blend.to_dict())
    for name, values in blend.combine(parts, TASK).items():
        assert np.array_equal(values, again.combine(parts, TASK)[name])


def test_wrong_weights_and_kinds_are_refused() -> None:
    with pytest.raises(UsageError, match="none may be below 0"):
        Blend("mean", {"age": (1.5, -0.5)})
    with pytest.raises(UnknownNameError):
        Blend("median", {"age": (1.0,)})  # type: ignore[arg-type]
