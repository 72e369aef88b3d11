"""What a run decided to do with its probabilities: thresholds, decoding, consensus of a group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from podium.decisions.calibration import Calibration
from podium.decisions.consensus import pool_groups
from podium.decisions.hierarchy import Parents, within_best_parent
from podium.decisions.pooling import Pool, pool_bags
from podium.decisions.prevalence import Prevalence
from podium.errors import CorruptFileError, UnknownNameError, UsageError
from podium.tables import DECISION_THRESHOLD, CompositeDecoding, Predictions, Task, decide_targets

__all__ = ["DecisionRules"]


@dataclass(frozen=True)
class DecisionRules:
    """How decisions are made from probabilities.

    Args:
        thresholds: Lowest probability of a 1, per multi-label head one a class; 0.5 where none are given.
        composite: How a composite class and its attributes are decided together.
        consensus: Heads that all images of a group answer together, see `pool_groups`.
        weights: What the probability of each class is multiplied by before the largest is taken, per head one a class.
        cuts: Per ordinal head, cut points on the expected class.
        calibration: How the probabilities of a head are scaled, after bags and groups are pooled.
        prevalence: Shares of the classes that are expected, per head; probabilities of new images follow them, after
            the calibration. Out-of-fold rows have the shares that were learnt: ask `without_prevalence` about them.
        unknown: Lowest probability of an answer, per head with one class per image; below it nothing is said.
        sets: Lowest probability of a class in the set of classes that is given beside the answer, per such head.
        by_fold: What was learnt on all folds but one (thresholds, weights, cuts, calibration), by its number.
        bags: How the images of a bag are pooled into one answer, see `pool_probs`; None as the recipe says.
        parents: Parents of the classes of heads that answer inside the best parent, see `within_best_parent`.
        recipe_pool: What the recipe says of bags; no part of the rules.

    Raises:
        UsageError: If a threshold is outside [0, 1], a weight is not positive, or cut points do not ascend.
        UnknownNameError: If there is no such decoding.
    """

    thresholds: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    composite: CompositeDecoding = "independent"
    consensus: tuple[str, ...] = ()
    parents: Mapping[str, Parents] = field(default_factory=dict)
    bags: Pool | None = None
    recipe_pool: Pool = "mean"
    weights: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    cuts: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    calibration: Mapping[str, Calibration] = field(default_factory=dict)
    unknown: Mapping[str, float] = field(default_factory=dict)
    sets: Mapping[str, float] = field(default_factory=dict)
    by_fold: Mapping[int, DecisionRules] = field(default_factory=dict)
    prevalence: Mapping[str, Prevalence] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, values in self.thresholds.items():
            if not all(0 <= value <= 1 for value in values):  # NaN fails too
                raise UsageError(f"thresholds of {name!r} are {list(values)}; they must be in [0, 1].")
        for name, values in self.weights.items():
            if not all(0 < value < np.inf for value in values):
                raise UsageError(f"class weights of {name!r} are {list(values)}; they must be positive.")
        for name, values in self.cuts.items():
            if not all(low <= high for low, high in zip((-np.inf, *values), (*values, np.inf), strict=True)):
                raise UsageError(f"cut points of {name!r} are {list(values)}; they must ascend.")
        if self.composite not in get_args(CompositeDecoding):
            raise UnknownNameError("decoding", self.composite, get_args(CompositeDecoding))
        for pool in (self.bags, self.recipe_pool):
            if pool is not None and pool not in get_args(Pool):
                raise UnknownNameError("pool", pool, get_args(Pool), field="pool")

    @classmethod
    def of_task(
        cls,
        task: Task,
        thresholds: float | Mapping[str, float] | None = None,
        composite: CompositeDecoding = "independent",
        consensus: Sequence[str] = (),
    ) -> DecisionRules:
        """Rules for a task, from thresholds by name.

        Args:
            task: What is predicted.
            thresholds: One for all labels, or one per "class" or "target=class"; 0.5 for those not named.
            composite: How the composite class is decoded.
            consensus: Heads that a group answers together.

        Raises:
            UsageError: If the task has no multi-label head to set thresholds of, no composite class to decode, or a
                class belongs to several heads.
            UnknownNameError: If there is no such class or head.
        """
        for name in consensus:
            if name not in (known := [head.name for head in task.heads]):
                raise UnknownNameError("head", name, known, field="consensus")
        agreed = tuple(dict.fromkeys(consensus))
        heads = [head for head in task.heads if head.is_multi]
        if thresholds is not None and not heads:
            raise UsageError("thresholds are for multi-label targets, and this task has none.")
        if composite != "independent" and task.composite is None:
            raise UsageError("there is no composite class to decode in this task.")
        if thresholds is None:
            return cls({}, composite, agreed)
        if not isinstance(thresholds, Mapping):
            return cls({head.name: (float(thresholds),) * head.n_classes for head in heads}, composite, agreed)
        found = {head.name: [DECISION_THRESHOLD] * head.n_classes for head in heads}
        for name, value in thresholds.items():
            place = _find_class(name, [(head.name, label) for head in heads for label in head.classes])
            found[place[0]][task.head(place[0]).classes.index(place[1])] = float(value)
        return cls({name: tuple(values) for name, values in found.items()}, composite, agreed)

    @property
    def is_default(self) -> bool:
        """Whether nothing was decided: 0.5 everywhere, every target and image by its own probabilities."""
        plain = all(value == DECISION_THRESHOLD for values in self.thresholds.values() for value in values)
        as_before = self.pool_of_bags == self.recipe_pool
        learnt = self.weights or self.cuts or self.calibration or self.unknown or self.sets or self.prevalence
        return (
            plain and self.composite == "independent" and not (self.consensus or self.parents or learnt) and as_before
        )

    def without_prevalence(self) -> DecisionRules:
        """These rules for images with the shares of classes that were learnt, as out-of-fold rows are."""
        return replace(self, prevalence={}) if self.prevalence else self

    @property
    def pool_of_bags(self) -> Pool:
        """How the images of a bag are pooled."""
        return self.bags or self.recipe_pool

    def join(self, predictions: Predictions) -> Predictions:
        """The predictions with a row for each bag, the consensus of groups, and calibrated probabilities.

        Raises:
            UsageError: If there is a consensus, and the predictions name no groups.
        """
        joined = pool_groups(pool_bags(predictions, self.pool_of_bags), self.consensus)
        heads = {head.name: head for head in joined.task.targets}
        scaled = {name: found.apply(joined.probs[name], heads[name]) for name, found in self.calibration.items()}
        for name, shares in self.prevalence.items():
            scaled[name] = shares.apply(scaled.get(name, joined.probs[name]), heads[name])
        return replace(joined, probs={**joined.probs, **scaled}) if scaled else joined

    def join_out_of_fold(self, predictions: Predictions) -> Predictions:
        """The same of out-of-fold predictions of answers, each fold calibrated by what the others have learnt."""
        joined = self.join(predictions)
        if not self.calibration:
            return joined
        probs = {name: np.array(values) for name, values in joined.probs.items()}
        for number, learnt in self.by_fold.items():
            rows = predictions.fold == number
            if rows.any():
                for name, values in self.of_fold(learnt).join(predictions.take(rows)).probs.items():
                    probs[name][rows] = values
        return replace(joined, probs=probs)

    def pool(self, predictions: Predictions) -> Predictions:
        """The predictions that are decided on: those that `join` gives, inside the best parents.

        Raises:
            UsageError: If there is a consensus, and the predictions name no groups.
        """
        return within_best_parent(self.join(predictions), self.parents)

    def decide(self, predictions: Predictions) -> dict[str, NDArray[np.int64]]:
        """Decisions of every target, see `podium.tables.decide_targets`."""
        return decide_targets(
            self.pool(predictions).probs,
            predictions.task,
            thresholds=self.thresholds,
            weights=self.weights,
            cuts=self.cuts,
            composite=self.composite,
        )

    def decide_out_of_fold(self, predictions: Predictions) -> dict[str, NDArray[np.int64]]:
        """Decisions of every target of out-of-fold predictions, by rules that no judged row has helped to choose.

        What is learnt comes from the other folds; rows of a fold that it was not learnt for get the final rules.
        """
        decided = self.decide(predictions)
        for number, learnt in self.by_fold.items():
            rows = predictions.fold == number
            if rows.any():
                for name, found in self.of_fold(learnt).decide(predictions.take(rows)).items():
                    decided[name][rows] = found
        return decided

    def of_fold(self, learnt: DecisionRules) -> DecisionRules:
        """These rules with what other folds have learnt."""
        return replace(
            self,
            thresholds={**self.thresholds, **learnt.thresholds},
            weights={**self.weights, **learnt.weights},
            cuts={**self.cuts, **learnt.cuts},
            calibration={**self.calibration, **learnt.calibration},
            unknown={**self.unknown, **learnt.unknown},
            sets={**self.sets, **learnt.sets},
            by_fold={},
        )

    def named_thresholds(self, task: Task) -> dict[str, float]:
        """The thresholds by "target=class", as a submission takes them."""
        return {
            f"{name}={label}": value
            for name, values in self.thresholds.items()
            for label, value in zip(task.head(name).classes, values, strict=True)
        }

    def to_dict(self) -> dict[str, Any]:
        """The rules as JSON-ready data."""
        record: dict[str, Any] = {
            "thresholds": {name: list(values) for name, values in self.thresholds.items()},
            "composite": self.composite,
        }
        for key in ("weights", "cuts"):
            if getattr(self, key):
                record[key] = {name: list(values) for name, values in getattr(self, key).items()}
        if self.calibration:
            record["calibration"] = {name: asdict(found) for name, found in self.calibration.items()}
        if self.prevalence:
            record["prevalence"] = {name: asdict(found) for name, found in self.prevalence.items()}
        for key in ("unknown", "sets"):
            if getattr(self, key):
                record[key] = dict(getattr(self, key))
        if self.by_fold:
            record["by_fold"] = {str(number): learnt.to_dict() for number, learnt in self.by_fold.items()}
        if self.parents:
            record["parents"] = {name: list(parents.of) for name, parents in self.parents.items()}
        if self.bags is not None:
            record["bags"] = self.bags
        return record | ({"consensus": list(self.consensus)} if self.consensus else {})

    @classmethod
    def from_dict(cls, record: Any, task: Task) -> DecisionRules:
        """The rules that `to_dict` wrote, of this task.

        Raises:
            CorruptFileError: If they are not such rules, or of another task.
        """
        try:
            thresholds, weights, cuts = (_read_values(record, task, key) for key in ("thresholds", "weights", "cuts"))
            by_fold = {int(number): cls.from_dict(learnt, task) for number, learnt in record.get("by_fold", {}).items()}
            consensus = tuple(record.get("consensus", ()))
            if not set(consensus) <= {head.name for head in task.heads}:
                raise ValueError("the consensus is of another task")
            parents = {str(name): Parents(tuple(map(str, of))) for name, of in record.get("parents", {}).items()}
            if any(task.head(name).n_classes != len(found.of) for name, found in parents.items()):
                raise ValueError("the hierarchy is of another task")
            return cls(
                thresholds,
                record["composite"],
                consensus,
                parents,
                record.get("bags"),
                weights=weights,
                cuts=cuts,
                calibration=_read_calibration(record, task),
                unknown=_read_lowest(record, task, "unknown"),
                sets=_read_lowest(record, task, "sets"),
                by_fold=by_fold,
                prevalence=_read_prevalence(record, task),
            )
        except (KeyError, TypeError, ValueError, AttributeError, UsageError, UnknownNameError) as problem:
            raise CorruptFileError(f"these decision rules do not fit this task ({problem}).") from None


def _read_values(record: Any, task: Task, key: str) -> dict[str, tuple[float, ...]]:
    """What a rule says of each head's classes: thresholds, weights or cuts."""
    found = {str(name): tuple(map(float, values)) for name, values in record.get(key, {}).items()}
    kinds = {"thresholds": ("multi",), "weights": ("single", "ordinal"), "cuts": ("ordinal",)}[key]
    sizes = {head.name: head.n_classes - (key == "cuts") for head in task.targets if head.kind in kinds}
    if any(sizes.get(name) != len(values) for name, values in found.items()):
        raise ValueError(f"the {key} belong to another task")
    return found


def _read_lowest(record: Any, task: Task, key: str) -> dict[str, float]:
    found = {str(name): float(value) for name, value in record.get(key, {}).items()}
    if not set(found) <= {head.name for head in task.targets if not head.is_multi}:
        raise ValueError(f"{key} is of another task")
    return found


def _read_calibration(record: Any, task: Task) -> dict[str, Calibration]:
    sizes = {head.name: head.n_classes for head in task.targets}
    found = {
        str(name): Calibration(*(tuple(map(float, values[key])) for key in ("scale", "shift")))
        for name, values in record.get("calibration", {}).items()
    }
    if any({len(item.scale), len(item.shift)} != {sizes.get(name)} for name, item in found.items()):
        raise ValueError("the calibration is of another task")
    return found


def _read_prevalence(record: Any, task: Task) -> dict[str, Prevalence]:
    sizes = {head.name: head.n_classes for head in task.targets}
    found = {
        str(name): Prevalence(*(tuple(map(float, values[key])) for key in ("learnt", "expected")))
        for name, values in record.get("prevalence", {}).items()
    }
    if any({len(item.learnt), len(item.expected)} != {sizes.get(name)} for name, item in found.items()):
        raise ValueError("the prevalence is of another task")
    return found


def _find_class(name: str, known: Sequence[tuple[str, str]]) -> tuple[str, str]:
    found = [(head, label) for head, label in known if name in (label, f"{head}={label}")]
    if not found:
        raise UnknownNameError("class", name, [label for _, label in known])
    if len(found) > 1:
        raise UsageError(f"{name!r} is a class of several targets.", fix="Write it as 'target=class'.")
    return found[0]
