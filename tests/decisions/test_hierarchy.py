from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from podium.decisions import DecisionRules, Parents, mistake_height, read_parents, within_best_parent
from podium.errors import CorruptFileError, LabelError, TableError, UsageError
from podium.tables import Head, Predictions, Task, as_text_array

LETTERS = ("alpha", "beta", "a", "b", "c")
TASK = Task((Head("letter", "single", LETTERS), Head("tags", "multi", ("x", "y"))))
PARENTS = Parents(("greek", "greek", "latin", "latin", "latin"))


def make_predictions(n: int = 50) -> Predictions:
    rng = np.random.default_rng(0)
    probs = {"letter": rng.dirichlet(np.ones(5), n), "tags": rng.random((n, 2))}
    return Predictions(TASK, as_text_array([str(row) for row in range(n)]), np.zeros(n, dtype=np.int64), probs)


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "parents.csv"
    path.write_text(text)
    return path


def test_equals_a_loop() -> None:
    before = make_predictions()
    after = within_best_parent(before, {"letter": PARENTS})
    for own, new in zip(before.probs["letter"], after.probs["letter"], strict=True):
        sums = {"greek": own[0] + own[1], "latin": own[2] + own[3] + own[4]}
        best = max(sums, key=lambda name: sums[name])
        expected = [p / sums[best] if PARENTS.of[k] == best else 0.0 for k, p in enumerate(own)]
        np.testing.assert_allclose(new, expected)
    assert after.probs["tags"] is before.probs["tags"]


def test_both_levels_agree_and_one_class_a_parent_changes_nothing() -> None:
    made = make_predictions()
    answers = DecisionRules(parents={"letter": PARENTS}).decide(made)["letter"]
    best = PARENTS.sum_probs(made.probs["letter"]).argmax(axis=1)
    assert (PARENTS.label(answers) == best).all()
    alone = DecisionRules(parents={"letter": Parents(LETTERS)}).decide(made)["letter"]
    assert (alone == made.probs["letter"].argmax(axis=1)).all()
    assert (answers != alone).any()


def test_heights_of_mistakes() -> None:
    answers, labels = np.array([0, 1, 2, 4, 0]), np.array([0, 0, 0, 2, -1])
    assert mistake_height(answers, labels, PARENTS) == pytest.approx((1 + 2 + 1) / 3)
    assert np.isnan(mistake_height(labels[:1], labels[:1], PARENTS))
    assert PARENTS.label(np.array([-1, 3])).tolist() == [-1, 1]


def test_rules_are_written_and_read() -> None:
    rules = DecisionRules(parents={"letter": PARENTS})
    assert not rules.is_default
    assert DecisionRules.from_dict(rules.to_dict(), TASK) == rules
    with pytest.raises(CorruptFileError, match="another task"):
        DecisionRules.from_dict(rules.to_dict(), Task((Head("letter", "single", ("a", "b")),)))


def test_a_table_of_parents(tmp_path: Path) -> None:
    lines = "".join(f"{name},{parent}\n" for name, parent in zip(LETTERS, PARENTS.of, strict=True))
    assert read_parents(write(tmp_path, "class,parent\n" + lines), TASK) == {"letter": PARENTS}
    with pytest.raises(UsageError, match="these classes of 'letter' have no parent: b, c"):
        read_parents(write(tmp_path, "class,parent\n" + "".join(lines.splitlines(True)[:3])), TASK)
    with pytest.raises(LabelError, match="class 'a' needs one parent, has 'latin' and 'greek'"):
        read_parents(write(tmp_path, f"class,parent\n{lines}a,greek\n"), TASK)
    with pytest.raises(LabelError, match="class 'a' needs one parent, has an empty cell"):
        read_parents(write(tmp_path, f"class,parent\n{lines}a,\n"), TASK)
    with pytest.raises(LabelError, match="the 5 classes of 'letter' have 1 parent: "):
        read_parents(write(tmp_path, "class,parent\n" + "".join(f"{name},all\n" for name in LETTERS)), TASK)
    with pytest.raises(TableError, match="there is no column 'parent'"):
        read_parents(write(tmp_path, "class,family\na,b\n"), TASK)
