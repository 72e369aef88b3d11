"""What a run decides, as arithmetic of torch that a graph can hold: calibration, hierarchy, thresholds, decoding."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from podium.advice import call
from podium.decisions import DecisionRules, Parents
from podium.errors import UsageError
from podium.tables import DECISION_THRESHOLD, Composite, Head, Task

__all__ = ["check_rules", "complete", "decide_in_graph"]

_LEAST = 1e-12
Named = dict[str, Tensor]


def check_rules(rules: DecisionRules) -> None:
    """Raise UsageError where an answer needs other images."""
    if rules.consensus:
        raise UsageError(
            f"the run answers {', '.join(rules.consensus)} for all images of a group together, and an exported model"
            " answers each image by itself.",
            fix=f"Leave the consensus out: {call('podium.load_run(...).decide')}, or predict with the run.",
        )


def complete(probs: Named, task: Task) -> Named:
    """Probabilities of every target from those that were trained, as `podium.decisions.complete_probs`."""
    composite, full = task.composite, dict(probs)
    if composite is not None and composite.name in full:
        for column, head in enumerate(composite.heads):
            member = np.eye(len(composite.head_classes[column]))[composite.table[:, column]]
            full.setdefault(head, full[composite.name] @ _constant(member, full[composite.name]))
    elif composite is not None:
        joint = None
        for column, head in enumerate(composite.heads):
            factor = full[head][:, torch.as_tensor(composite.table[:, column])]
            joint = factor if joint is None else joint * factor
        assert joint is not None, "a composite class has heads"
        full[composite.name] = joint
    return {head.name: full[head.name] for head in task.targets}


def decide_in_graph(probs: Named, task: Task, rules: DecisionRules) -> tuple[Named, Named]:
    """Probabilities as the run shows them, and decisions: what `DecisionRules.join` and `.decide` give.

    Args:
        probs: Of every target, shape (N, C).
        task: The targets.
        rules: How the run decides, without a consensus.

    Returns:
        Probabilities (N, C); and answers, class numbers (N,), -1 for unknown, or 0 and 1 (N, C).
    """
    shown = {
        head.name: _calibrate(probs[head.name], head, rules) if head.name in rules.calibration else probs[head.name]
        for head in task.targets
    }
    inside = shown | {name: _inside(shown[name], parents) for name, parents in rules.parents.items()}
    decided = {head.name: _decide(inside[head.name], head, rules) for head in task.targets}
    if task.composite is not None and rules.composite != "independent":
        decided |= _decode(decided, task.composite, rules)
    for name, lowest in rules.unknown.items():
        chosen = torch.gather(shown[name], 1, decided[name].unsqueeze(1)).squeeze(1)
        decided[name] = torch.where(chosen >= lowest, decided[name], torch.full_like(decided[name], -1))
    return shown, decided


def _calibrate(probs: Tensor, head: Head, rules: DecisionRules) -> Tensor:
    found = rules.calibration[head.name]
    if head.is_multi:  # 1 - 1e-12 is 1 in float32, and its logit infinite
        values = probs.clamp(1e-7, 1 - 1e-7)
        scores = torch.log(values) - torch.log1p(-values)
    else:
        scores = torch.log(probs.clamp(min=_LEAST))
    scores = scores * _constant(found.scale, probs) + _constant(found.shift, probs)
    return scores.sigmoid() if head.is_multi else scores.softmax(dim=1)


def _inside(probs: Tensor, parents: Parents) -> Tensor:
    """The probabilities of the classes of the best parent, summing to 1."""
    member = np.eye(len(parents.names))[parents.numbers]  # (C, parents)
    best = (probs @ _constant(member, probs)).argmax(dim=1)
    kept = torch.where(torch.as_tensor(parents.numbers) == best.unsqueeze(1), probs, torch.zeros_like(probs))
    return kept / kept.sum(dim=1, keepdim=True)


def _decide(probs: Tensor, head: Head, rules: DecisionRules) -> Tensor:
    if head.is_multi:
        limits = rules.thresholds.get(head.name, (DECISION_THRESHOLD,) * head.n_classes)
        return (probs >= _constant(limits, probs)).to(torch.int64)
    if head.name in rules.cuts:
        expected = probs @ _constant(np.arange(head.n_classes), probs)
        return (expected.unsqueeze(1) >= _constant(rules.cuts[head.name], probs)).sum(dim=1)
    if head.name in rules.weights:
        probs = probs * _constant(rules.weights[head.name], probs)
    return probs.argmax(dim=1)


def _decode(decided: Named, composite: Composite, rules: DecisionRules) -> Named:
    if rules.composite == "class_first":
        rows = torch.as_tensor(composite.table)[decided[composite.name]]
        return {head: rows[:, column] for column, head in enumerate(composite.heads)}
    pairs = zip(composite.heads, composite.strides, strict=True)
    return {composite.name: torch.stack([decided[head] * stride for head, stride in pairs]).sum(dim=0)}


def _constant(values: object, like: Tensor) -> Tensor:
    return torch.as_tensor(np.asarray(values), dtype=like.dtype, device=like.device)
