from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import entropy

from podium.errors import DataError, UsageError
from podium.suspects.next_to_label import choose_next, uncertainty
from podium.tables import Head, Predictions, Task, as_text_array
from podium.twins import make_directions

TASK = Task((Head("kind", "single", ("a", "b", "c")), Head("tags", "multi", ("red", "round"))))


def predict(n: int = 30) -> Predictions:
    random = np.random.default_rng(0)
    probs = {"kind": random.dirichlet(np.ones(3), n), "tags": random.random((n, 2))}
    ids = as_text_array([f"{row:02d}.png" for row in range(n)])
    return Predictions(TASK, ids, np.full(n, -1), probs)


def test_uncertainty_is_scipys_entropy() -> None:
    made = predict()
    kind = entropy(made.probs["kind"], axis=1) / np.log(3)
    yes = made.probs["tags"]
    tags = (entropy(np.stack([yes, 1 - yes]), axis=0) / np.log(2)).mean(axis=1)
    assert uncertainty(made) == pytest.approx((kind + tags) / 2)


def test_each_is_the_most_worth_after_those_before() -> None:
    made = predict()
    directions = make_directions(np.random.default_rng(1).normal(size=(30, 5)))
    found, unsure = choose_next(made, 6, directions=directions), uncertainty(made)
    rows = [made.ids.tolist().index(one.image) for one in found]
    assert rows[0] == unsure.argmax()
    for place in range(1, 6):
        before = rows[:place]
        near = [min((1 - directions[row] @ directions[other]) / 2 for other in before) for row in range(30)]
        worth = [-1.0 if row in before else unsure[row] * near[row] for row in range(30)]
        assert rows[place] == int(np.argmax(worth))
        assert found[place].uncertainty * found[place].distance == pytest.approx(max(worth), abs=1e-6)


def test_copies_are_not_asked_twice_and_the_order_of_rows_does_not_matter() -> None:
    made = predict()
    twins = np.concatenate([np.arange(30), np.arange(30)])
    probs = {name: values[twins] for name, values in made.probs.items()}
    double = Predictions(TASK, as_text_array([f"{row:02d}" for row in range(60)]), np.full(60, -1), probs)
    found = choose_next(double, 10)
    assert len({int(one.image) % 30 for one in found}) == 10
    turned = np.random.default_rng(2).permutation(60)
    assert choose_next(double.take(turned), 10) == found
    assert len(choose_next(made, 99)) == 30


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(UsageError, match="at least 1"):
        choose_next(predict(), 0)
    with pytest.raises(DataError, match="3 directions"):
        choose_next(predict(), 2, directions=np.ones((3, 2)))
