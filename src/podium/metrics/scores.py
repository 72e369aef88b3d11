"""The record the whole house prints: every target's metrics with intervals, its classes and its confusions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.metric_words import metric_words
from podium.metrics.domain_scores import DomainScore, worst_domain
from podium.metrics.image_score import ImageScore
from podium.metrics.interval import Interval, nan_if_none, none_if_nan
from podium.metrics.look_alikes import PARTED, LookAlikes
from podium.metrics.prediction_interval import ExpectedScore
from podium.metrics.registry import METRICS
from podium.overview import Overview, Shown
from podium.tables import HeadKind

__all__ = ["ClassScore", "FoldScore", "Scores", "TargetScore"]


@dataclass(frozen=True)
class ClassScore:
    """The scores of one class.

    Args:
        name: The class.
        n: Samples of it (for a multi-label head: samples labelled 1).
        precision: Share of its predictions that are right; 0 without predictions.
        recall: Share of its samples that are found; 0 without samples.
        f1: Harmonic mean of both.
        f1_low: Lower bound of the F1; nan without interval, and for a class that does not occur.
        f1_high: Upper bound of the F1, as `f1_low`.
        n_groups: Groups it occurs in. Below about 10 its interval, and that of the macro F1, are too narrow.
    """

    name: str
    n: int
    precision: float
    recall: float
    f1: float
    f1_low: float
    f1_high: float
    n_groups: int = 0

    def to_dict(self) -> dict[str, Any]:
        """The class score as JSON-ready data."""
        return self.__dict__ | {"f1_low": none_if_nan(self.f1_low), "f1_high": none_if_nan(self.f1_high)}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> ClassScore:
        """The class score that `to_dict` wrote."""
        bounds = {name: nan_if_none(record[name]) for name in ("f1_low", "f1_high")}
        return cls(**{**record, **bounds})


@dataclass(frozen=True)
class FoldScore:
    """How well one fold's model predicts its valid images.

    Args:
        fold: The fold.
        n: Images with a label of the main target.
        interval: Main score of the main target.
        chance: What the best answer that is the same for every image of the fold scores; nan where there is none.
    """

    fold: int
    n: int
    interval: Interval
    chance: float = math.nan

    def to_dict(self) -> dict[str, Any]:
        """The fold's score as JSON-ready data."""
        chance = none_if_nan(self.chance)
        return {"fold": self.fold, "n": self.n, "interval": self.interval.to_dict(), "chance": chance}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> FoldScore:
        """The fold's score that `to_dict` wrote."""
        chance = nan_if_none(record.get("chance"))
        return cls(record["fold"], record["n"], Interval.from_dict(record["interval"]), chance)


@dataclass(frozen=True, eq=False)
class TargetScore:
    """How well one target is predicted.

    Args:
        target: Name of the head, or of the composite class.
        kind: Kind of the head.
        n: Samples with a known label (for a multi-label head: with any known label).
        n_groups: Groups among them.
        metrics: Per metric name, in the order to print them.
        per_class: One a class, in the order of the classes.
        confusion: Counts, rows true and columns decided, int64 (C, C); for a multi-label head (C, 2, 2).
        chance: Per metric name, the score of the best answer that is the same for every image; nan where there is
            none. See `chance_score`.
        perfect: Per metric name, the score of the labels themselves, which nothing can beat. A macro average that
            counts an absent class as 0 cannot reach 1.
    """

    target: str
    kind: HeadKind
    n: int
    n_groups: int
    metrics: dict[str, Interval]
    per_class: tuple[ClassScore, ...]
    confusion: NDArray[np.int64]
    chance: dict[str, float] = field(default_factory=dict)
    perfect: dict[str, float] = field(default_factory=dict)

    def chance_of(self, metric: str) -> float:
        """What the best answer that is the same for every image scores by a metric; nan where that is not known."""
        return self.chance.get(metric, math.nan)

    @property
    def absent_classes(self) -> tuple[str, ...]:
        """Classes that no judged image has."""
        return tuple(item.name for item in self.per_class if item.n == 0)

    def to_dict(self) -> dict[str, Any]:
        """The target's score as JSON-ready data."""
        return {
            "target": self.target,
            "kind": self.kind,
            "n": self.n,
            "n_groups": self.n_groups,
            "metrics": {name: interval.to_dict() for name, interval in self.metrics.items()},
            "per_class": [item.to_dict() for item in self.per_class],
            "confusion": self.confusion.tolist(),
            "chance": {name: none_if_nan(value) for name, value in self.chance.items()},
            "perfect": {name: none_if_nan(value) for name, value in self.perfect.items()},
            "absent_classes": list(self.absent_classes),
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> TargetScore:
        """The target's score that `to_dict` wrote."""
        return cls(
            record["target"],
            record["kind"],
            record["n"],
            record["n_groups"],
            {name: Interval.from_dict(item) for name, item in record["metrics"].items()},
            tuple(ClassScore.from_dict(item) for item in record["per_class"]),
            np.array(record["confusion"], dtype=np.int64),
            *(
                {name: nan_if_none(value) for name, value in record.get(key, {}).items()}
                for key in ("chance", "perfect")
            ),
        )


@dataclass(frozen=True, eq=False, repr=False)
class Scores(Shown):
    """Scores of every target of a task, the main one first.

    Args:
        main_target: The target whose score stands at the top.
        main_metric: The metric that runs are compared by.
        targets: Per target name.
        folds: Main score of each fold, see `score_folds`; empty where nobody asked for them.
        look_alikes: What was found of images that resemble each other as those of one object do, and the score without
            them on both sides; None where nobody looked.
        expected: Where the main score of a submission will lie on a test set as large as the training set; None where
            nobody asked.
        domains: Main score of each domain, see `score_domains`; empty where samples have none.
        of_images: What single images score, where one answer is for a bag of them and all else counts bags.
    """

    main_target: str
    main_metric: str
    targets: dict[str, TargetScore]
    folds: tuple[FoldScore, ...] = ()
    look_alikes: LookAlikes | None = None
    expected: ExpectedScore | None = None
    domains: tuple[DomainScore, ...] = ()
    of_images: ImageScore | None = None

    @property
    def main(self) -> Interval:
        """The one score that runs are compared by."""
        return self.targets[self.main_target].metrics[self.main_metric]

    @property
    def pessimistic(self) -> Interval | None:
        """The main score where no look-alikes are divided; None unless the main score must not stand without it."""
        return self.pessimistic_of(self.main_target)

    def pessimistic_of(self, target: str) -> Interval | None:
        """A target's score where no look-alikes are divided; None where its score can stand without it."""
        found = self.look_alikes
        if found is None or not found.are_divided or target not in found.pessimistic:
            return None
        metric = self.metric_of(target)
        is_better = metric not in METRICS or METRICS[metric].greater_is_better
        lost = self.targets[target].metrics[metric].value - found.pessimistic[target].value
        return found.pessimistic[target] if (lost if is_better else -lost) > PARTED else None

    @property
    def chance(self) -> float:
        """What the best answer that is the same for every image scores on the same rows; nan where there is none."""
        return self.targets[self.main_target].chance_of(self.main_metric)

    @property
    def worst_domain(self) -> DomainScore | None:
        """The domain with the worst main score, as a share of what can be reached there; None without domains."""
        return worst_domain(self.domains, self.main_metric)

    def metric_of(self, target: str) -> str:
        """Name of the metric that a target is shown by: the main one, or its own first one where it lacks that."""
        metrics = self.targets[target].metrics
        return self.main_metric if self.main_metric in metrics else next(iter(metrics))

    def overview(self) -> Overview:
        """The main score, and every metric of every target."""
        rows = [
            (
                name,
                metric_words(metric),
                interval,
                "" if np.isnan(target.chance_of(metric)) else f"{target.chance_of(metric):.4f}",
            )
            for name, target in self.targets.items()
            for metric, interval in target.metrics.items()
        ]
        facts = [f"{self.main_target}: {metric_words(self.main_metric)} {self.main}"]
        if not np.isnan(self.chance):
            facts.append(f"chance {self.chance:.4f}")
        if self.pessimistic is not None:
            facts.append(f"pessimistic {self.pessimistic}")
        if self.expected is not None and self.pessimistic is None:
            facts.append(f"expected on a test set {self.expected}")
        if self.worst_domain is not None:
            facts.append(f"worst domain {self.worst_domain.name} {self.worst_domain.interval}")
        if self.of_images is not None:
            facts.append(f"single images {self.of_images.interval}")
        return Overview("Scores", facts, ("target", "metric", "score, 95 % interval", "chance"), rows)

    def to_dict(self) -> dict[str, Any]:
        """The scores as JSON-ready data; floats are exact, nan is None."""
        return {
            "main_target": self.main_target,
            "main_metric": self.main_metric,
            "targets": {name: item.to_dict() for name, item in self.targets.items()},
            "folds": [item.to_dict() for item in self.folds],
            "look_alikes": None if self.look_alikes is None else self.look_alikes.to_dict(),
            "expected": None if self.expected is None else self.expected.to_dict(),
            **self._domains_to_dict(),
            **({} if self.of_images is None else {"of_images": self.of_images.to_dict()}),
        }

    def _domains_to_dict(self) -> dict[str, Any]:
        worst = self.worst_domain
        if worst is None:
            return {}
        return {"domains": [item.to_dict() for item in self.domains], "worst_domain": worst.name}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Scores:
        """The scores that `to_dict` wrote."""
        targets = {name: TargetScore.from_dict(item) for name, item in record["targets"].items()}
        folds = tuple(FoldScore.from_dict(item) for item in record.get("folds", ()))
        found = record.get("look_alikes")
        look_alikes = None if found is None else LookAlikes.from_dict(found)
        awaited = record.get("expected")
        expected = None if awaited is None else ExpectedScore.from_dict(awaited)
        domains = tuple(DomainScore.from_dict(item) for item in record.get("domains", ()))
        found = record.get("of_images")
        of_images = None if found is None else ImageScore.from_dict(found)
        return cls(
            record["main_target"], record["main_metric"], targets, folds, look_alikes, expected, domains, of_images
        )
