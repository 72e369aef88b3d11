"""Expected shares of classes as people give them, or estimated from predictions, as rules of a run."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.decisions.abstain import share_of
from podium.decisions.prevalence import Prevalence, estimate_prevalence, shares_of
from podium.decisions.rules import DecisionRules
from podium.errors import UnknownNameError, UsageError
from podium.metrics import Interval
from podium.tables import Composite, Head, Predictions, Samples, Task, decide

__all__ = ["Shifted", "prevalence_rules"]

_FIELD = "prevalence"


@dataclass(frozen=True)
class Shifted:
    """What expected shares do to one target.

    Args:
        classes: Its classes.
        prevalence: Learnt and expected shares.
        is_estimated: Whether the expected ones come from predictions of unlabelled images.
        accuracy: Share of right answers on images with the expected shares, as the run answers now and adjusted: the
            out-of-fold answers, weighed by how frequent their classes will be.
        gain: The second minus the first, with its interval.
    """

    classes: tuple[str, ...]
    prevalence: Prevalence
    is_estimated: bool
    accuracy: tuple[float, float]
    gain: Interval

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        return {
            "learnt": dict(zip(self.classes, self.prevalence.learnt, strict=True)),
            "expected": dict(zip(self.classes, self.prevalence.expected, strict=True)),
            "is_estimated": self.is_estimated,
            "accuracy": {"without": self.accuracy[0], "with": self.accuracy[1], **self.gain.to_dict()},
        }

    def lines(self, name: str) -> list[str]:
        """The same for a terminal."""
        pairs = zip(self.classes, self.prevalence.learnt, self.prevalence.expected, strict=True)
        moved = sorted(pairs, key=lambda item: -abs(item[2] - item[1]))[:5]
        shares = ", ".join(f"{label} {old:.1%} -> {new:.1%}" for label, old, new in moved)
        how = "estimated from predictions" if self.is_estimated else "as given"
        bounds = f" [{self.gain.low:+.4f}, {self.gain.high:+.4f}]" if self.gain.has_bounds else ""
        return [
            f"{name}: shares {how}: {shares}",
            f"  accuracy at these shares {self.accuracy[0]:.4f} without, {self.accuracy[1]:.4f} with them:"
            f" {self.gain.value:+.4f}{bounds}",
        ]


def prevalence_rules(
    predictions: Predictions,
    samples: Samples,
    rules: DecisionRules,
    given: Mapping[str, float] | None,
    unlabelled: Predictions | None = None,
) -> tuple[DecisionRules, dict[str, Shifted]]:
    """The rules with expected shares of classes, which change answers to new images and never a score out of fold.

    Args:
        predictions: Out-of-fold predictions, a row for each answer.
        samples: Their labels and groups.
        rules: What else was decided; shares come last.
        given: Share by "class" or "target=class"; those of one class per image that are not named keep their
            proportions in what is left. None estimates the shares of every head.
        unlabelled: Where to estimate them: predictions of new images, as `rules` join them.

    Raises:
        UsageError: If a share is not in (0, 1), those of a target do not sum to 1, or a class has no label.
        UnknownNameError: If there is no such class.
    """
    task, rows = predictions.task, samples.rows_of(predictions.ids)
    labels = {head.name: samples.target_labels(head.name)[rows] for head in task.targets}
    learnt = {head.name: shares_of(labels[head.name], head) for head in task.targets}
    if given is None:
        assert unlabelled is not None, "there is something to estimate from"
        expected = {
            head.name: estimate_prevalence(unlabelled.probs[head.name], learnt[head.name], head) for head in task.heads
        }
    else:
        expected = _read_shares(given, task, learnt)
    if task.composite is not None and task.composite.name not in expected:
        expected |= _joint_shares(task.composite, expected, learnt)
    found = {
        name: Prevalence(tuple(learnt[name].tolist()), tuple(np.asarray(values).tolist()))
        for name, values in expected.items()
    }
    joined = rules.join_out_of_fold(predictions).probs
    shifted = {
        head.name: _judge(
            found[head.name],
            joined[head.name],
            labels[head.name],
            samples.group_keys[rows],
            head,
            is_estimated=given is None,
        )
        for head in task.targets
        if head.name in found
    }
    return replace(rules, prevalence=found), shifted


def _read_shares(given: Mapping[str, float], task: Task, learnt: Mapping[str, NDArray[np.float64]]) -> dict[str, Any]:
    named: dict[str, dict[int, float]] = {}
    for name, share in given.items():
        head, number = _find_class(name, task)
        if not 0 < share < 1:
            raise UsageError(f"the share of {name!r} is {share:g}; it must be between 0 and 1.", field=_FIELD)
        named.setdefault(head.name, {})[number] = float(share)
    heads = {head.name: head for head in task.targets}
    return {name: _fill_up(heads[name], shares, learnt[name]) for name, shares in named.items()}


def _fill_up(head: Head, shares: Mapping[int, float], learnt: NDArray[np.float64]) -> NDArray[np.float64]:
    """The shares of all classes: those that nobody named keep their proportions in what is left."""
    filled = np.array(learnt)
    for number, share in shares.items():
        if learnt[number] == 0:
            what = f"no image is labelled {head.classes[number]!r}, so nothing tells how such images look."
            raise UsageError(what, field=_FIELD, fix="Leave that class out.")
        filled[number] = share
    if head.is_multi:
        return filled
    rest = [number for number in range(head.n_classes) if number not in shares]
    left = 1 - sum(shares.values())
    if left < -1e-6 or (not rest and abs(left) > 1e-3) or (rest and left < 1e-6):
        raise UsageError(
            f"the shares of {head.name!r} sum to {sum(shares.values()):g}; all of its classes must sum to 1.",
            field=_FIELD,
            fix="Name fewer classes; the others share what is left.",
        )
    total = float(learnt[rest].sum())
    if rest and total > 0:
        filled[rest] = learnt[rest] / total * left
    return np.asarray(filled / filled.sum())


def _find_class(name: str, task: Task) -> tuple[Head, int]:
    known = [(head, label) for head in task.targets for label in head.classes]
    found = [(head, label) for head, label in known if name in (label, f"{head.name}={label}")]
    if not found:
        raise UnknownNameError("class", name, [label for _, label in known], field=_FIELD)
    if len(found) > 1:
        what = f"{name!r} is a class of several targets."
        raise UsageError(what, field=_FIELD, fix="Write it as 'target=class'.")
    head, label = found[0]
    return head, head.classes.index(label)


def _joint_shares(
    composite: Composite, expected: Mapping[str, Any], learnt: Mapping[str, NDArray[np.float64]]
) -> dict[str, Any]:
    """Shares of a composite class whose attributes have other shares: each combination by the ratios of its parts."""
    if not set(expected) & set(composite.heads):
        return {}
    joint = np.array(learnt[composite.name])
    parts = composite.decode(np.arange(composite.n_classes))
    for name in set(expected) & set(composite.heads):
        old = np.maximum(learnt[name], 1e-12)
        joint = joint * (np.asarray(expected[name]) / old)[parts[name]]
    return {composite.name: joint / joint.sum()}


def _judge(
    prevalence: Prevalence,
    probs: NDArray[np.floating[Any]],
    labels: NDArray[np.integer[Any]],
    groups: NDArray[np.object_],
    head: Head,
    *,
    is_estimated: bool,
) -> Shifted:
    """Accuracy at the expected shares, of the answers as they are and adjusted, paired."""
    weights = prevalence.weights(labels, head)
    before, after = (decide(one, head) == labels for one in (probs, prevalence.apply(probs, head)))
    old, new, asked = ((values * weights).reshape(len(labels), -1).sum(axis=1) for values in (before, after, 1.0))
    total = max(float(asked.sum()), 1e-12)
    values = (float(old.sum()) / total, float(new.sum()) / total)
    gain = share_of(new - old, asked, groups, limits=(-1.0, 1.0))
    assert math.isfinite(gain.value), "some label is known"
    return Shifted(head.classes, prevalence, is_estimated, values, gain)
