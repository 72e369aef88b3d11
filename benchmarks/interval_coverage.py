"""How often a 95 % interval holds the true score: ways to make bounds from the same resamples, compared.

Made data in the shape of a face contest: groups are people with 1 to 13 images each, the class belongs to the person,
one class is rare (about 5 % of people), and each person is easier or harder to tell. The true score is that of
400,000 people. Judged per method: share of replicates whose interval holds the truth, and mean width.

    python benchmarks/interval_coverage.py --replicates 1000
    python benchmarks/interval_coverage.py --replicates 1000 --few 8 12 20 40

With `--few`: stated 90 % at a few groups for three kinds of answers, beside the bounds without the correction for them.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from podium.metrics import metric, score
from podium.metrics.bootstrap import Judged, effective_groups, number_groups, resample
from podium.metrics.counts import ClassCounts, count_events
from podium.metrics.interval import bound_without_width, make_interval
from podium.tables import Head, decide

Array = NDArray[np.float64]
HEAD = Head("age", "single", ("young", "middle", "old"))
SHARES = np.array([0.5, 0.45, 0.05])
LEVEL = 0.95
METRICS = ("accuracy", "f1_macro", "log_loss")
NORMAL = NormalDist()


def draw(
    n_groups: int, rng: np.random.Generator, *, skill: float = 1.5
) -> tuple[Array, NDArray[np.int64], Array, Array]:
    """Probabilities of a run and of a slightly better one, labels and group numbers of `n_groups` people."""
    sizes = rng.integers(1, 14, n_groups)
    groups = np.repeat(np.arange(n_groups), sizes)
    labels = rng.choice(3, n_groups, p=SHARES)[groups]
    person = rng.normal(0, 1.0, (n_groups, 3))[groups]
    image = rng.normal(0, 1.0, (len(groups), 3))
    prior = np.array([0.0, 0.0, -0.7])
    logits = prior + person + image + skill * np.eye(3)[labels]
    better = logits + rng.normal(0, 0.5, logits.shape) + 0.25 * np.eye(3)[labels]
    return _softmax(logits), labels, groups, _softmax(better)


def _softmax(logits: Array) -> Array:
    exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(exponents / exponents.sum(axis=1, keepdims=True))


def percentile(value: float, values: Array, leave_one_out: Array, n_groups: int) -> tuple[float, float]:
    return _quantiles(values, (1 - LEVEL) / 2, (1 + LEVEL) / 2)


def basic(value: float, values: Array, leave_one_out: Array, n_groups: int) -> tuple[float, float]:
    low, high = percentile(value, values, leave_one_out, n_groups)
    return 2 * value - high, 2 * value - low


def normal_with_t(value: float, values: Array, leave_one_out: Array, n_groups: int) -> tuple[float, float]:
    half = student.ppf((1 + LEVEL) / 2, n_groups - 1) * values.std() * math.sqrt(n_groups / (n_groups - 1))
    return value - half, value + half


def expanded_percentile(value: float, values: Array, leave_one_out: Array, n_groups: int) -> tuple[float, float]:
    tail = _expanded_tail(n_groups)
    return _quantiles(values, tail, 1 - tail)


def bias_corrected(value: float, values: Array, leave_one_out: Array, n_groups: int) -> tuple[float, float]:
    return _accelerated(value, values, 0.0, (1 - LEVEL) / 2)


def bca(value: float, values: Array, leave_one_out: Array, n_groups: int) -> tuple[float, float]:
    return _accelerated(value, values, _acceleration(leave_one_out), (1 - LEVEL) / 2)


def expanded_bias_corrected(value: float, values: Array, leave_one_out: Array, n_groups: int) -> tuple[float, float]:
    return _accelerated(value, values, 0.0, _expanded_tail(n_groups))


def expanded_bca(value: float, values: Array, leave_one_out: Array, n_groups: int) -> tuple[float, float]:
    return _accelerated(value, values, _acceleration(leave_one_out), _expanded_tail(n_groups))


def shipped(value: float, values: Array, leave_one_out: Array, n_groups: int) -> tuple[float, float]:
    interval = make_interval(value, values, n_groups=n_groups, level=LEVEL)
    return interval.low, interval.high


def shipped_for_differences(value: float, values: Array, leave_one_out: Array, n_groups: int) -> tuple[float, float]:
    interval = make_interval(value, values, n_groups=n_groups, level=LEVEL, shifts=False)
    return interval.low, interval.high


METHODS: tuple[Callable[[float, Array, Array, int], tuple[float, float]], ...] = (
    percentile,
    basic,
    normal_with_t,
    expanded_percentile,
    bias_corrected,
    bca,
    expanded_bias_corrected,
    expanded_bca,
    shipped,
    shipped_for_differences,
)


def _expanded_tail(n_groups: int) -> float:
    """Hesterberg 2015: tails that undo the bootstrap's small-sample narrowness."""
    return NORMAL.cdf(-math.sqrt(n_groups / (n_groups - 1)) * student.ppf((1 + LEVEL) / 2, n_groups - 1))


def _quantiles(values: Array, low: float, high: float) -> tuple[float, float]:
    found = np.nanquantile(values, [low, high])
    return float(found[0]), float(found[1])


def _acceleration(leave_one_out: Array) -> float:
    gaps = np.nanmean(leave_one_out) - leave_one_out
    spread = float(np.nansum(gaps**2))
    return float(np.nansum(gaps**3)) / (6 * spread**1.5) if spread else 0.0


def _accelerated(value: float, values: Array, acceleration: float, tail: float) -> tuple[float, float]:
    below = np.mean(values < value) + 0.5 * np.mean(values == value)
    shift = NORMAL.inv_cdf(min(max(float(below), 0.5 / len(values)), 1 - 0.5 / len(values)))
    places = []
    for quantile in (NORMAL.inv_cdf(tail), NORMAL.inv_cdf(1 - tail)):
        moved = shift + quantile
        places.append(NORMAL.cdf(shift + moved / (1 - acceleration * moved)))
    return _quantiles(values, *places)


def leave_one_group_out(name: str, probs: Array, labels: NDArray[np.int64], groups: NDArray[np.int64], n: int) -> Array:
    """The metric without each group in turn, shape (G,)."""
    item = metric(name)
    if item.from_counts is not None:
        events = count_events(decide(probs, HEAD), labels, HEAD)
        sums = np.zeros((n, 3 * HEAD.n_classes + 1))
        np.add.at(sums, (groups[events.rows], events.columns), events.amounts)
        return item.from_counts(ClassCounts.from_columns(sums.sum(axis=0) - sums))
    assert item.totals is not None
    assert item.from_totals is not None
    totals = np.zeros((n, 2))
    np.add.at(totals, groups, item.totals(probs, labels, HEAD))
    return item.from_totals(totals.sum(axis=0) - totals)


def measure(n_groups: int, n_replicates: int, n_resamples: int) -> None:
    rng = np.random.default_rng(n_groups)
    probs, labels, _, better = draw(400_000, np.random.default_rng(12345))
    truth = {name: score(name, probs, labels, HEAD) for name in METRICS}
    truth["f1_macro, paired"] = score("f1_macro", better, labels, HEAD) - truth["f1_macro"]
    results: dict[tuple[str, str], list[tuple[bool, bool, float]]] = {}
    metrics = tuple(metric(name) for name in METRICS)
    for seed in range(n_replicates):
        probs, labels, groups, better = draw(n_groups, rng)
        assert number_groups(groups.tolist())[1] == n_groups
        a, b = resample(
            [Judged(HEAD, p, labels, metrics) for p in (probs, better)],
            groups,
            n_groups,
            n_resamples=n_resamples,
            seed=seed,
        )
        for name, true in truth.items():
            own = name.split(",")[0]
            value, values = score(own, probs, labels, HEAD), a.values[own]
            out = leave_one_group_out(own, probs, labels, groups, n_groups)
            if "paired" in name:
                value, values = score(own, better, labels, HEAD) - value, b.values[own] - values
                out = leave_one_group_out(own, better, labels, groups, n_groups) - out
            for method in METHODS:
                low, high = method(value, values, out, n_groups)
                results.setdefault((name, method.__name__), []).append((true < low, true > high, high - low))
    print(f"\n{n_groups} groups, {n_replicates} replicates, {n_resamples} resamples; truth {truth}")
    for name in truth:
        for method in METHODS:
            low, high, width = np.mean(results[name, method.__name__], axis=0)
            print(
                f"{name:18s} {method.__name__:24s} held {1 - low - high:.3f}  truth below {low:.3f} above {high:.3f}"
                f"  width {width:.4f}"
            )


def measure_many_classes(n_classes: int, n_each: int, *, is_drawn: bool, n_replicates: int, n_resamples: int) -> None:
    """Macro F1 of many classes with few images each, 70 % of the decisions right, every image a group of its own.

    Args:
        n_classes: Classes.
        n_each: Images of each class: exactly, or on average where they are drawn.
        is_drawn: Whether the class of an image is drawn, so that a data set may lack some.
        n_replicates: Data sets.
        n_resamples: Resamples of each.
    """
    rng, item = np.random.default_rng(n_classes * n_each), metric("f1_macro")
    head, n = Head("kind", "single", tuple(f"c{i}" for i in range(n_classes))), n_classes * n_each
    # Wrong decisions fall on all classes alike: share of right ones, precision, recall and F1 are one number.
    truth = 0.7 + 0.3 / n_classes
    found: dict[str, list[tuple[bool, bool, float]]] = {}
    for seed in range(n_replicates):
        labels = rng.integers(0, n_classes, n) if is_drawn else np.repeat(np.arange(n_classes), n_each)
        decided = np.where(rng.random(n) < 0.7, labels, rng.integers(0, n_classes, n))
        judged = Judged(head, np.eye(n_classes)[decided], labels, (item,))
        (drawn,) = resample([judged], np.arange(n), n, n_resamples=n_resamples, seed=seed)
        value = score("f1_macro", judged.probs, labels, head)
        for method in (percentile, expanded_bias_corrected, shipped):
            low, high = method(value, drawn.values["f1_macro"], np.zeros(2), n)
            found.setdefault(method.__name__, []).append((low <= truth <= high, low <= value <= high, high - low))
    how = "drawn" if is_drawn else "exactly"
    print(f"\n{n_classes} classes of {n_each} images {how}, {n_replicates} replicates, {n_resamples} resamples")
    for name, rows in found.items():
        held, own, width = np.mean(rows, axis=0)
        print(f"{name:24s} held the truth {held:.3f}  held its own value {own:.3f}  width {width:.4f}")


def measure_near_perfect(n: int, share_wrong: float, *, n_replicates: int, n_resamples: int) -> None:
    """Three classes of one size, nearly every decision right: many data sets have no mistake at all.

    Args:
        n: Images, every one a group of its own.
        share_wrong: Share of wrong decisions.
        n_replicates: Data sets.
        n_resamples: Resamples of each.
    """
    rng, head = np.random.default_rng(n), Head("kind", "single", ("a", "b", "c"))
    names = ("accuracy", "f1_macro", "matthews_corrcoef")
    items = tuple(metric(name) for name in names)

    def make(size: int) -> Judged:
        labels = np.arange(size) % 3
        decided = np.where(rng.random(size) < share_wrong, (labels + rng.integers(1, 3, size)) % 3, labels)
        return Judged(head, np.eye(3)[decided], labels, items)

    many = make(300_000)
    truth = {name: score(name, many.probs, many.labels, head) for name in names}
    found: dict[str, list[tuple[bool, bool, float]]] = {}
    n_perfect = 0
    for seed in range(n_replicates):
        judged = make(n)
        (drawn,) = resample([judged], np.arange(n), n, n_resamples=n_resamples, seed=seed)
        n_perfect += int((judged.probs.argmax(axis=1) == judged.labels).all())
        for item in items:
            value, values = score(item.name, judged.probs, judged.labels, head), drawn.values[item.name]
            plain = make_interval(value, values, n_groups=n, level=LEVEL, limits=item.limits_for(head))
            shipped = bound_without_width(plain, perfect=1.0, worst=item.worst_for(head))
            for how, kept in (("shipped", shipped), ("without a bound for perfect scores", plain)):
                held = kept.low <= truth[item.name] <= kept.high
                found.setdefault(f"{item.name}, {how}", []).append(
                    (held, truth[item.name] < kept.low, kept.high - kept.low)
                )
    print(
        f"\n{n} images, {share_wrong:.1%} wrong, {n_perfect / n_replicates:.0%} of {n_replicates} sets perfect;"
        f" truth {truth}"
    )
    for name, rows in found.items():
        held_share, below, width = np.mean(rows, axis=0)
        print(f"{name:52s} held {held_share:.3f}  truth below {below:.3f}  width {width:.4f}")


class Drawn(NamedTuple):
    """What a run would hand in, its labels, and group numbers."""

    probs: Array
    labels: NDArray[np.int64]
    groups: NDArray[np.int64]


def draw_by_person(n_groups: int, rng: np.random.Generator) -> Drawn:
    """The contest above."""
    return Drawn(*draw(n_groups, rng)[:3])


def draw_balanced(n_groups: int, rng: np.random.Generator) -> Drawn:
    """The class belongs to the person, all classes are as frequent."""
    groups = np.repeat(np.arange(n_groups), rng.integers(1, 14, n_groups))
    labels = rng.integers(0, 3, n_groups)[groups]
    noise = rng.normal(0, 1.0, (n_groups, 3))[groups] + rng.normal(0, 1.0, (len(groups), 3))
    return Drawn(_softmax(noise + 1.5 * np.eye(3)[labels]), labels, groups)


def draw_by_image(n_groups: int, rng: np.random.Generator) -> Drawn:
    """Each person shows all classes, one of them rarely."""
    groups = np.repeat(np.arange(n_groups), rng.integers(1, 14, n_groups))
    labels = rng.choice(3, len(groups), p=[0.5, 0.4, 0.1])
    noise = rng.normal(0, 1.0, (n_groups, 3))[groups] + rng.normal(0, 1.0, (len(groups), 3))
    return Drawn(_softmax(noise + 1.5 * np.eye(3)[labels]), labels, groups)


def draw_several(n_groups: int, rng: np.random.Generator) -> Drawn:
    """Three labels of each image."""
    groups = np.repeat(np.arange(n_groups), rng.integers(1, 14, n_groups))
    labels = (rng.random((len(groups), 3)) < [0.5, 0.3, 0.15]).astype(np.int64)
    noise = rng.normal(0, 1.0, (n_groups, 3))[groups] + rng.normal(0, 1.0, (len(groups), 3))
    return Drawn(1 / (1 + np.exp(-noise - 1.5 * (2 * labels - 1))), labels, groups)


def draw_attributes(n_groups: int, rng: np.random.Generator) -> Drawn:
    """Two attributes with two values each as one composite class; one is the person's, the other the image's."""
    groups = np.repeat(np.arange(n_groups), rng.integers(1, 14, n_groups))
    person, image = rng.integers(0, 2, n_groups)[groups], rng.integers(0, 2, len(groups))
    noise = rng.normal(0, 1.0, (n_groups, 2))[groups] + rng.normal(0, 1.0, (len(groups), 2))
    yes = 1 / (1 + np.exp(-noise - 1.5 * (2 * np.stack([person, image], axis=1) - 1)))
    each = np.stack([1 - yes, yes], axis=2)  # (N, attribute, value)
    return Drawn((each[:, 0, :, None] * each[:, 1, None, :]).reshape(-1, 4), 2 * person + image, groups)


FEW = {
    "single, of the person, one rare": (HEAD, draw_by_person, ("accuracy", "f1_macro", "log_loss")),
    "single, of the person": (HEAD, draw_balanced, ("accuracy", "f1_macro")),
    "single, of the image": (HEAD, draw_by_image, ("accuracy", "f1_macro")),
    "several": (
        Head("signs", "multi", ("a", "b", "c")),
        draw_several,
        ("f1_macro", "average_precision_macro"),
    ),
    "attributes": (Head("both", "single", ("00", "01", "10", "11")), draw_attributes, ("accuracy", "f1_macro")),
}


def measure_few(n_groups: int, *, n_replicates: int, n_resamples: int, level: float = 0.9) -> None:
    """How often intervals of a few people hold the score of 50,000 people."""
    for name, (head, make, names) in FEW.items():
        items, rng = tuple(metric(one) for one in names), np.random.default_rng(n_groups)
        many = make(50_000, np.random.default_rng(12345))
        truth = {one: score(one, many.probs, many.labels, head) for one in names}
        held: dict[str, list[tuple[bool, float, bool, float]]] = {one: [] for one in names}
        for seed in range(n_replicates):
            some = make(n_groups, rng)
            (drawn,) = resample(
                [Judged(head, some.probs, some.labels, items)],
                some.groups,
                n_groups,
                n_resamples=n_resamples,
                seed=seed,
            )
            for one in names:
                value, values = score(one, some.probs, some.labels, head), drawn.values[one]
                found = [
                    make_interval(value, values, n_groups=n_groups, level=level, n_effective=effective)
                    for effective in (None, effective_groups(some.groups))
                ]
                held[one].append(
                    tuple(x for kept in found for x in (kept.low <= truth[one] <= kept.high, kept.high - kept.low))  # type: ignore[arg-type]
                )
        for one, rows in held.items():
            before, wide, now, wider = np.mean(rows, axis=0)
            print(
                f"| {name} | {one} | {n_groups} | {before:.1%} | {now:.1%} | {wider / wide - 1:+.0%} |",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicates", type=int, default=1000)
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--groups", type=int, nargs="*", default=[50, 200])
    parser.add_argument("--few", type=int, nargs="*", default=[], help="numbers of groups; only this table")
    chosen = parser.parse_args()
    if chosen.few:
        for n_groups in chosen.few:
            measure_few(n_groups, n_replicates=chosen.replicates, n_resamples=chosen.resamples)
        return
    for n_groups in chosen.groups:
        measure(n_groups, chosen.replicates, chosen.resamples)
    for n, share_wrong in ((30, 0.02), (30, 0.06), (100, 0.01), (300, 0.005)):
        measure_near_perfect(n, share_wrong, n_replicates=chosen.replicates // 3, n_resamples=chosen.resamples)
    for n_classes, n_each in ((100, 3), (100, 5), (200, 3), (30, 10)):
        for is_drawn in (False, True):
            measure_many_classes(
                n_classes, n_each, is_drawn=is_drawn, n_replicates=chosen.replicates // 3, n_resamples=chosen.resamples
            )


if __name__ == "__main__":
    main()
