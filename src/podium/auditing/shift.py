"""Whether a test set is of another kind than the data: can a small classifier tell which is which?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from podium.auditing.auc import area_with_interval, deal_groups
from podium.auditing.cues import predict_from_bins
from podium.auditing.finding import Finding
from podium.auditing.looked_at import LookedAt
from podium.auditing.split_findings import TEST_MARK
from podium.auditing.traits import bin_traits, traits_of
from podium.metrics import Interval
from podium.metrics.interval import none_if_nan

__all__ = ["Shift", "find_shift", "measure_shift", "take_evenly"]

MOST_IMAGES = 4000
"""Images of each side that are compared."""
FEWEST_GROUPS = 10
WORTH_SAYING, STRONG = 0.6, 0.75
_N_COMPONENTS = 48
_N_TELLING = 6
_NOT_OF_IMAGES = ("number in the name", "place in the table")


@dataclass(frozen=True, eq=False)
class Shift:
    """How well the sides can be told apart.

    Args:
        by: What was looked at: "features", "size, light and files", or one trait.
        area: Area under the ROC curve, on groups that the classifier had not seen; 0.5 where both are of one kind.
        most_like_test: Ids of images of the data that look most like the test set.
        least_like_train: Ids of test images that look least like the data, marked as of the test set.
    """

    by: str
    area: Interval
    most_like_test: tuple[str, ...] = ()
    least_like_train: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """The shift as JSON-ready data."""
        return {
            "by": self.by,
            "area": none_if_nan(self.area.value),
            "low": none_if_nan(self.area.low),
            "high": none_if_nan(self.area.high),
            "most_like_test": list(self.most_like_test),
            "least_like_train": list(self.least_like_train),
        }


@dataclass(frozen=True, eq=False)
class _Sides:
    """Both sides as one table: which side a row is of, its fold and its group."""

    ids: NDArray[np.object_]
    labels: NDArray[np.int64]
    fold: NDArray[np.int64]
    group: NDArray[np.int64]
    n_groups: int


def take_evenly(n: int) -> NDArray[np.int64]:
    """Rows of at most 4,000 of n images, evenly spread."""
    return np.linspace(0, n - 1, min(n, MOST_IMAGES)).round().astype(np.int64)


def measure_shift(
    looked: LookedAt,
    test: LookedAt,
    groups: tuple[NDArray[np.object_], NDArray[np.object_]],
    features: tuple[NDArray[np.float32], NDArray[np.float32]] | None,
) -> list[Shift]:
    """The shift by features, by all traits together, and by each trait; the strongest trait first.

    Args:
        looked: Usable images of the data.
        test: Usable images of the test set.
        groups: Group of each image of the two, near-duplicates together.
        features: Features of a frozen network of the images that `take_evenly` takes of the two; None without any.
    """
    rows = take_evenly(len(looked)), take_evenly(len(test))
    keys = [own[taken].astype(object) for own, taken in zip(groups, rows, strict=True)]
    sides = _join(looked.samples.ids[rows[0]], test.samples.ids[rows[1]], *keys)
    if min(len(set(own.tolist())) for own in keys) < FEWEST_GROUPS:
        return []
    traits = [traits_of(one) for one in (looked, test)]
    names = [name for name in traits[0] if name in traits[1] and name not in _NOT_OF_IMAGES]
    bins = {}
    for name in names:
        both = np.concatenate([own[name][at] for own, at in zip(traits, rows, strict=True)])
        bins[name] = bin_traits(both)
    found = [] if features is None else [_judge("features", _components(np.concatenate(features)), sides)]
    table = np.concatenate([np.eye(int(own.max()) + 1)[own] for own in bins.values()], axis=1)
    found.append(_judge("size, light and files", table, sides))
    single = [_of_trait(name, own, sides) for name, own in bins.items() if own.max() > 0]
    return [*found, *sorted(single, key=lambda shift: -shift.area.value)]


def _join(
    ids: NDArray[np.object_], test_ids: NDArray[np.object_], keys: NDArray[np.object_], test_keys: NDArray[np.object_]
) -> _Sides:
    marked = np.array([TEST_MARK + name for name in test_ids], dtype=object)
    labels = np.repeat([0, 1], [len(ids), len(test_ids)])
    keyed = zip(labels, np.concatenate([keys, test_keys]), strict=True)
    own = np.array([f"{side}:{key}" for side, key in keyed], dtype=object)
    return _Sides(np.concatenate([ids, marked]), labels, *deal_groups(own))


def _components(features: NDArray[np.float32]) -> NDArray[np.float64]:
    """The main components of standardised features, shape (N, at most 48), each with a variance of 1."""
    from sklearn.decomposition import PCA

    scaled = (features - features.mean(axis=0)) / np.maximum(features.std(axis=0), 1e-6)
    n = min(_N_COMPONENTS, features.shape[1], max(2, len(features) // 10))
    made = PCA(n, whiten=True, svd_solver="randomized", random_state=0).fit_transform(scaled)
    return np.asarray(made, dtype=np.float64)


def _judge(by: str, columns: NDArray[np.float64], sides: _Sides) -> Shift:
    """Logistic regression, each fold judged by a model of the others."""
    from sklearn.linear_model import LogisticRegression

    scores = np.zeros(len(columns))
    for fold in np.unique(sides.fold):
        train, valid = sides.fold != fold, sides.fold == fold
        model = LogisticRegression(C=0.1, class_weight="balanced", max_iter=1000)
        model.fit(columns[train], sides.labels[train])
        scores[valid] = model.decision_function(columns[valid])
    order = np.argsort(-scores, kind="stable")
    is_test = sides.labels[order] == 1
    return Shift(
        by,
        area_with_interval(scores[:, None], sides.labels[:, None], sides.group, sides.n_groups),
        tuple(sides.ids[order[~is_test]][:_N_TELLING].tolist()),
        tuple(sides.ids[order[is_test]][:_N_TELLING].tolist()),
    )


def _of_trait(name: str, bins: NDArray[np.int64], sides: _Sides) -> Shift:
    scores = predict_from_bins(bins, sides.labels[:, None], sides.fold)
    return Shift(name, area_with_interval(scores, sides.labels[:, None], sides.group, sides.n_groups))


def find_shift(shifts: list[Shift]) -> Iterator[Finding]:
    """One finding where the sides are surely told apart, by features or by traits."""
    joint = [shift for shift in shifts if shift.least_like_train]
    sure = [shift for shift in joint if shift.area.low > WORTH_SAYING]
    if not sure:
        return
    words = [
        f"AUC {shift.area.value:.2f} [{shift.area.low:.2f}, {shift.area.high:.2f}] by {shift.by}" for shift in sure
    ]
    single = [shift for shift in shifts if not shift.least_like_train and shift.area.low > WORTH_SAYING]
    alone = f" ({single[0].by} alone {single[0].area.value:.2f})" if single else ""
    yield Finding(
        "caution" if max(shift.area.low for shift in sure) >= STRONG else "note",
        "shift",
        f"Test images can be told from the data: {' and '.join(words)}{alone}; 0.5 is no difference.",
        ids=(*sure[0].most_like_test, *sure[0].least_like_train),
        todo="A cross-validation's score may not hold there. Shown are the images of the data that are most like the"
        " test set, then the test images that are least like the data.",
    )
