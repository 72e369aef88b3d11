"""Resampled values equal a slow loop that really repeats the rows of each drawn group."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sklearn.metrics as oracle
from numpy.typing import NDArray

from podium.metrics import Metric, fitting_metrics, metric, number_groups
from podium.metrics import bootstrap as room
from podium.metrics.bootstrap import Judged, affordable_resamples, resample
from podium.tables import Head

KINDS = ("single", "ordinal", "multi")


def _data(kind: str, *, n: int = 60, n_classes: int = 4, seed: int = 0) -> tuple[Head, Any, Any, Any]:
    rng = np.random.default_rng(seed)
    head = Head("h", kind, tuple(map(str, range(n_classes))))  # type: ignore[arg-type]
    labels = rng.integers(-1, 2, (n, n_classes)) if kind == "multi" else rng.integers(-1, n_classes, n)
    probs = np.round(rng.dirichlet(np.ones(n_classes), n), 2) + 0.01
    probs /= probs.sum(axis=1, keepdims=True)
    return head, probs, labels, rng.integers(0, 12, n)


def _drawn_rows(groups: NDArray[np.int64], n_groups: int, n_resamples: int, seed: int) -> list[NDArray[np.int64]]:
    """Rows of every resample, each group's rows as often as it was drawn."""
    weights = np.concatenate(list(room._draw_weights(n_groups, n_groups, n_resamples, seed)))
    assert (weights.sum(axis=1) == n_groups).all()
    return [np.concatenate([np.tile(np.flatnonzero(groups == g), int(w[g])) for g in range(n_groups)]) for w in weights]


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("is_sparse", [False, True])
def test_every_metric_equals_its_value_on_repeated_rows(
    kind: str, is_sparse: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if is_sparse:
        monkeypatch.setattr(room, "MAX_DENSE_CELLS", 0)
        monkeypatch.setattr(room, "CHUNK_CELLS", 100)
    head, probs, labels, groups = _data(kind)
    metrics = tuple(metric(name) for name in fitting_metrics(head))
    found = resample([Judged(head, probs, labels, metrics)], groups, 12, n_resamples=30, seed=7)[0]
    for place, rows in enumerate(_drawn_rows(groups, 12, 30, 7)):
        for item in metrics:
            expected = item.function(probs[rows], labels[rows], head)
            np.testing.assert_allclose(
                found.values[item.name][place], expected, rtol=1e-9, atol=1e-12, err_msg=item.name
            )


@pytest.mark.slow
def test_resampled_macro_f1_equals_scikit_learn_on_repeated_rows() -> None:
    head, probs, labels, groups = _data("single")
    labels = np.maximum(labels, 0)
    found = resample([Judged(head, probs, labels, (metric("f1_macro"),))], groups, 12, n_resamples=40, seed=1)[0]
    for place, rows in enumerate(_drawn_rows(groups, 12, 40, 1)):
        expected = oracle.f1_score(
            labels[rows], probs[rows].argmax(axis=1), average="macro", labels=range(4), zero_division=0
        )
        np.testing.assert_allclose(found.values["f1_macro"][place], expected, atol=1e-12)


def test_a_metric_of_your_own_is_resampled_by_repeating_rows() -> None:
    def share_of_first(probs: Any, labels: Any, head: Head) -> float:
        return float((labels == 0).mean())

    own = Metric("share", ("single",), "decisions", True, share_of_first)
    head, probs, labels, groups = _data("single")
    found = resample([Judged(head, probs, labels, (own,))], groups, 12, n_resamples=20, seed=3)[0]
    expected = [(labels[rows] == 0).mean() for rows in _drawn_rows(groups, 12, 20, 3)]
    np.testing.assert_allclose(found.values["share"], expected)


@pytest.mark.parametrize("name", ["roc_auc_macro", "share"])
def test_a_metric_that_walks_through_the_rows_does_so_as_often_as_asked(name: str) -> None:
    own = Metric("share", ("single",), "decisions", True, lambda probs, labels, head: float((labels == 0).mean()))
    head, probs, labels, groups = _data("single", n=10)  # 40 cells, far fewer than resamples
    judged = Judged(head, probs, labels, (own if name == "share" else metric(name),))
    assert len(resample([judged], groups, 12, n_resamples=150, seed=3)[0].values[name]) == 150


def test_two_targets_share_their_resamples() -> None:
    head, probs, labels, groups = _data("single")
    chosen = tuple(metric(name) for name in ("accuracy", "roc_auc_macro", "log_loss"))
    both = resample([Judged(head, probs, labels, chosen)] * 1 + [Judged(head, probs.copy(), labels, chosen)],
                    groups, 12, n_resamples=25, seed=5)  # fmt: skip
    for item in chosen:
        np.testing.assert_array_equal(both[0].values[item.name], both[1].values[item.name])


def test_whole_groups_vary_more_than_single_samples() -> None:
    """With groups of ten alike samples the spread is that of a tenth of the samples: sqrt(p (1 - p) / G)."""
    head = Head("h", "single", ("a", "b"))
    right = np.repeat(np.random.default_rng(0).random(200) < 0.7, 10)
    labels = np.zeros(2000, dtype=np.int64)
    probs = np.where(right[:, None], [0.9, 0.1], [0.1, 0.9])
    spread: Callable[[Any, int], float] = lambda groups, n: float(  # noqa: E731
        resample([Judged(head, probs, labels, (metric("accuracy"),))], groups, n, n_resamples=2000, seed=0)[0]
        .values["accuracy"]
        .std()
    )
    share = right.mean()
    assert spread(np.repeat(np.arange(200), 10), 200) == pytest.approx(np.sqrt(share * (1 - share) / 200), rel=0.1)
    assert spread(np.arange(2000), 2000) == pytest.approx(np.sqrt(share * (1 - share) / 2000), rel=0.1)


def test_large_data_get_fewer_resamples_but_not_too_few() -> None:
    assert affordable_resamples(2000, 10_000, 50_000_000) == 2000
    assert affordable_resamples(2000, 100_000, 50_000_000) == 500
    assert affordable_resamples(2000, 10**9, 50_000_000) == room.FEWEST_RESAMPLES
    assert affordable_resamples(50, 10**9, 50_000_000) == 50


def test_groups_are_numbered_as_they_appear() -> None:
    numbers, n_groups = number_groups(["b", "a", "b", "c"])
    assert numbers.tolist() == [0, 1, 0, 2]
    assert n_groups == 3
