"""Decisions inside a graph beside those of numpy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from podium.decisions import Calibration, DecisionRules, Parents, complete_probs
from podium.errors import UsageError
from podium.export.deciding import check_rules, complete, decide_in_graph
from podium.tables import Head, Predictions, Task, as_text_array
from tiny.contest import TASKS

TASK = TASKS["attributes"]
PLACES = Task((Head("place", "single", ("sea", "lake", "hill", "peak")),))
RULES = {
    "usual": (TASK, DecisionRules()),
    "thresholds": (TASK, DecisionRules({"tags": (0.3, 0.7)})),
    "weights and cuts": (TASK, DecisionRules(weights={"mask": (0.4, 1.7)}, cuts={"age": (0.8, 1.2)})),
    "class first": (TASK, DecisionRules(composite="class_first")),
    "attributes first": (TASK, DecisionRules(composite="attributes_first", weights={"mask": (3.0, 1.0)})),
    "calibration": (
        TASK,
        DecisionRules(
            calibration={
                "mask": Calibration((0.5, 2.0), (0.3, -0.1)),
                "tags": Calibration((1.5, 0.7), (0.2, -0.4)),
                "class": Calibration((0.7,) * 6, (0.0,) * 6),
            }
        ),
    ),
    "parents": (PLACES, DecisionRules(parents={"place": Parents(("water", "water", "land", "land"))})),
}


def draw(task: Task, n: int = 300) -> Predictions:
    rng = np.random.default_rng(0)
    probs = {}
    for head in task.heads:
        values = rng.dirichlet(np.ones(head.n_classes), n) if not head.is_multi else rng.random((n, head.n_classes))
        probs[head.name] = values
    full = complete_probs(probs, task)
    return Predictions(task, as_text_array([str(row) for row in range(n)]), np.zeros(n, np.int64), full)


@pytest.mark.parametrize("name", RULES)
def test_decisions_are_those_of_the_run(name: str) -> None:
    task, rules = RULES[name]
    given = draw(task)
    trained = {head.name: torch.tensor(given.probs[head.name]) for head in task.heads}
    probs = complete(trained, task)
    shown, decided = decide_in_graph(probs, task, rules)
    for target, values in rules.join(given).probs.items():
        np.testing.assert_allclose(shown[target].numpy(), values, atol=1e-9)
    for target, values in rules.decide(given).items():
        np.testing.assert_array_equal(decided[target].numpy(), values)


def test_a_joint_head_gives_its_attributes() -> None:
    given = draw(TASK)
    trained = {name: torch.tensor(given.probs[name]) for name in ("class", "tags")}
    for name, values in complete_probs({n: v.numpy() for n, v in trained.items()}, TASK).items():
        np.testing.assert_allclose(complete(trained, TASK)[name].numpy(), values, atol=1e-12)


def test_unknown_is_minus_one() -> None:
    given = draw(PLACES)
    probs = {"place": torch.tensor(given.probs["place"])}
    _, decided = decide_in_graph(probs, PLACES, DecisionRules(unknown={"place": 0.5}))
    top = given.probs["place"].max(axis=1)
    np.testing.assert_array_equal(decided["place"].numpy() == -1, top < 0.5)


def test_a_consensus_is_refused() -> None:
    with pytest.raises(UsageError, match="for all images of a group together"):
        check_rules(replace(DecisionRules(), consensus=("mask",)))
